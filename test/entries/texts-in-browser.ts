// A program as a page might have it, for tests to bundle: trains an encoder of texts, keeps it as bytes, and finds texts by it and by LSA.

import { openEngine } from "@tessera-gpu/tessera";
import { Initialiser } from "@tessera-gpu/tessera/nn";
import {
  BagEncoder,
  encoderBytes,
  encoderOfBytes,
  encoderTask,
  indexByLsa,
  indexTexts,
  lsaEncoder,
  parseTexts,
  parseTokeniser,
  searchTexts,
  SentenceEncoder,
  trainVocabulary,
} from "@tessera-gpu/tessera/text";
import { train } from "@tessera-gpu/tessera/training";

const lines = [
  ["Wings", "the wing of a plane lifts it in the air"],
  ["Boats", "a boat with a sail crosses the water"],
  ["Birds", "a bird has a wing, too, and flies in the air"],
  ["Fish", "a fish has fins and lives in the water"],
].map(([title, contents], i) => JSON.stringify({ id: `t${i}`, title, contents }));

export interface Found {
  readonly losses: readonly number[];
  readonly vector: readonly number[];
  readonly byEncoder: readonly string[];
  readonly byLsa: readonly string[];
}

/** What was learned, and what is found for a query. */
export async function found(): Promise<Found> {
  const engine = await openEngine({ device: "reference" });
  const { texts } = parseTexts("texts.jsonl", new TextEncoder().encode(lines.join("\n")));
  const vocabulary = trainVocabulary(
    texts.map(({ contents }) => contents),
    { size: 60 },
  );
  const tokeniser = parseTokeniser("tokenizer.json", vocabulary);
  const bag = new BagEncoder(engine, new Initialiser(engine, 1), {
    vocabulary: tokeniser.vocabulary,
    width: 8,
  });
  const pairs = texts.map(({ title, contents }) => ({ query: title, document: contents }));
  const losses: number[] = [];
  await train(
    encoderTask(bag, tokeniser, pairs, { batch: 2 }),
    { epochs: 2, learningRate: 0.05 },
    { listener: { step: (report) => losses.push(report.losses.total) } },
  );
  const trained = new SentenceEncoder(bag, tokeniser);
  const encoder = await encoderOfBytes(engine, await encoderBytes(trained));
  const query = "a plane in the air";
  const vector = await encoder.encode([query]);
  const byEncoder = searchTexts(await indexTexts(texts, encoder), query, vector);
  const lsa = await indexByLsa(texts, { width: 2 });
  if (lsa.encoder?.kind !== "lsa") throw new Error("nothing was fitted");
  const byLsa = searchTexts(lsa.index, query, await lsaEncoder(lsa.encoder.model).encode([query]));
  const ids = (hits: typeof byLsa): string[] => hits.map(({ id }) => id);
  for (const each of [trained, encoder]) each.dispose();
  engine.close();
  return { losses, vector: Array.from(vector), byEncoder: ids(byEncoder), byLsa: ids(byLsa) };
}
