// BM25, LSA and their fusion on three retrieval collections, against figures of an independent implementation.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { permutation } from "../../src/data/assembly/order.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { rankedPrecision, type RankedQuery } from "../../src/metrics/ranking.ts";
import { pairedTTest } from "../../src/statistics/t-tests.ts";
import { bm25Scores } from "../../src/text/lexical/bm25.ts";
import { fitLsa, lsaEncoder } from "../../src/text/lsa/lsa.ts";
import { judgeRankings } from "../../src/text/search/judged-rankings.ts";
import { bestTexts } from "../../src/text/search/fusion.ts";
import {
  encodeTexts,
  indexTexts,
  searchTexts,
  type SearchMode,
  type TextIndex,
} from "../../src/text/search/text-index.ts";
import { parseJudgements, parseQueries, type Query } from "../../src/text/texts/judgements.ts";
import { readTexts } from "../../src/text/texts/read-texts.ts";
import { dataRoot, withData } from "../data/real-data.ts";

/** MAP of an independent implementation, whose BM25 counts each word of a query once, and what both together must add to BM25. */
const bars = [
  { name: "cranfield", bm25: 0.347, lsa: 0.388, gain: 0.02 },
  { name: "cisi", bm25: 0.164, lsa: 0.224, gain: 0.01 },
  { name: "cacm", bm25: 0.263, lsa: 0.147, gain: -0.005 },
] as const;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

withData(["ir-abstracts"], "search on Cranfield, CISI and CACM", () => {
  test.each(bars)(
    "$name: MAP of BM25 is $bm25 and of LSA $lsa, or above",
    async ({ name, bm25, lsa, gain }) => {
      const file = (part: string): string => join(dataRoot, "ir-abstracts", `${name}.${part}`);
      const { texts } = await readTexts(file("documents.jsonl.gz"));
      const queries = parseQueries(file("queries.json"), readFileSync(file("queries.json"), "utf8"));
      const judgements = parseJudgements(file("qrels.json"), readFileSync(file("qrels.json"), "utf8"));
      const words = await indexTexts(texts);
      const model = fitLsa(words.words);
      if (model === undefined) throw new Error("nothing was fitted");
      const encoder = lsaEncoder(model);
      const index: TextIndex = { ...words, vectors: await encodeTexts(texts, encoder) };
      const vectors = await encoder.encode(queries.map(({ text }) => text));
      const precisions = (
        documents: (query: Query, q: number) => { id: string; score: number }[],
      ): number[] => {
        const rankings = queries.map((query, q) => ({ query: query.id, documents: documents(query, q) }));
        const { ranked } = judgeRankings(file("qrels.json"), judgements, rankings, new Set(index.ids));
        return ranked.map((query: RankedQuery) => rankedPrecision(query) ?? NaN);
      };
      const found = (mode: SearchMode): number[] =>
        precisions(({ text, without }, q) => {
          const vector = vectors.subarray(q * model.width, (q + 1) * model.width);
          return searchTexts(index, text, vector, { mode, top: texts.length, without });
        });
      const once = precisions(({ text, without }) => {
        const scores = bm25Scores(words.words, text, { repeated: "once" });
        const best = bestTexts(scores, texts.length, (i) => scores[i] > 0 && !without.includes(texts[i].id));
        return Array.from(best.places, (place, i) => ({ id: texts[place].id, score: best.scores[i] }));
      });
      expect(Math.abs(mean(once) - bm25)).toBeLessThan(0.01);
      const lexical = found("lexical");
      expect(mean(lexical)).toBeGreaterThan(mean(once));
      const dense = found("dense");
      expect(mean(dense)).toBeGreaterThan(lsa - 0.01);
      const { difference, p } = pairedTTest(found("both"), lexical);
      expect(difference).toBeGreaterThan(gain);
      if (gain > 0) expect(p).toBeLessThan(0.05);
    },
  );
});

withData(["debian-descriptions"], "search for titles of Debian packages", () => {
  test("words find most at once, and both together lose little to them though LSA is poor here", async () => {
    const { texts } = await readTexts(join(dataRoot, "debian-descriptions", "documents.jsonl.gz"), {
      bad: ({ message }) => expect(message).toContain('the id "openjdk-17-jre" is that of line'),
    });
    expect(texts).toHaveLength(19_999);
    const index = await indexTexts(texts.map((text) => ({ ...text, title: "" })));
    const model = fitLsa(index.words);
    if (model === undefined) throw new Error("nothing was fitted");
    const encoder = lsaEncoder(model);
    const both = {
      ...index,
      vectors: await encodeTexts(
        texts.map((text) => ({ ...text, title: "" })),
        encoder,
      ),
    };
    // The first of those that `encode train` holds out.
    const asked = [...permutation(texts.length, randomStream(0, "pairs held out"))].slice(0, 100);
    const vectors = await encoder.encode(asked.map((place) => texts[place].title));
    const reciprocals = (mode: SearchMode): number[] =>
      asked.map((place, q) => {
        const vector = vectors.subarray(q * model.width, (q + 1) * model.width);
        const hits = searchTexts(both, texts[place].title, vector, { mode, top: 1000 });
        const at = hits.findIndex((hit) => hit.place === place);
        return at < 0 ? 0 : 1 / (at + 1);
      });
    const lexical = reciprocals("lexical");
    expect(mean(lexical)).toBeGreaterThan(0.7);
    expect(mean(reciprocals("dense"))).toBeLessThan(0.5);
    expect(mean(reciprocals("both"))).toBeGreaterThan(mean(lexical) - 0.03);
  }, 300_000);
});
