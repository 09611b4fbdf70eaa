// Commands about texts on the built command line: from a file of texts to judged rankings, and what they refuse.

import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { beforeAll, expect, test } from "vitest";
import { main, own, runBuilt, workingFolder, type Ended } from "./built.ts";

const folder = workingFolder();
const tessera = (...parameters: string[]): Promise<Ended> => runBuilt(folder, parameters);
const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const json = (value: unknown): string => JSON.stringify(value);

const texts = [
  { id: "wing", title: "Wings in a slipstream", contents: "A wing behind a propeller meets the slipstream." },
  { id: "boat", title: "Boats", contents: "A boat needs no wing, but a propeller \u001b[31m drives it." },
  { id: "heat", title: "Heat", contents: "Composite slabs conduct heat. Slabs of two layers conduct less." },
  { id: "none", title: "", contents: "..." },
];

beforeAll(async () => {
  write("texts.jsonl", texts.map(json).join("\n"));
  write(
    "queries.json",
    json([
      { query_id: "1", query: "a wing in the slipstream", source: ["boat"] },
      { query_id: "2", query: "heat conduction" },
      { query_id: "3", query: "unheard" },
    ]),
  );
  write(
    "qrels.json",
    json([
      { query_id: "1", doc_id: "wing", relevance: 2 },
      { query_id: "2", doc_id: "heat", relevance: 1 },
    ]),
  );
  const { code, output } = await tessera("index", "texts.jsonl", "--out", "index", "--width", "2", "--quiet");
  expect(code).toBe(0);
  expect(output).toMatch(
    /^4 texts, \d+ different words, vectors of 2 numbers \(lsa\): index, 0\.0 MiB, in \d+\.\d s\n/,
  );
  expect(output).toContain("1 text without a word: kept, but never found");
});

test("search shows titles, passages with the words that matched, and each part's score", async () => {
  const { code, output } = await tessera("search", "index", "wing", "slipstreams", "--top", "2");
  expect(code).toBe(0);
  expect(output).toMatch(
    /^1 {2}\*Wings\* in a \*slipstream\*\n {3}A \*wing\* behind a propeller meets the \*slipstream\*\.\n/,
  );
  expect(output).toMatch(
    / {3}wing · score \d\.\d\d · words \d\.\d \(rank 1\) · meaning 0\.\d{3} \(rank 1\)\n/,
  );
  expect(output).toMatch(/4 texts searched by words and meaning in \d+ ms\n$/);
  expect(output).not.toContain("\u001b");
  const nothing = await tessera("search", "index", "unheard", "--mode", "lexical");
  expect(nothing.output).toBe('Nothing found for "unheard": no text has a word of it.\n');
  const unknown = await tessera("search", "index", "unheard");
  expect(unknown.output).toBe('Nothing found for "unheard": the index knows none of its words.\n');
});

test("search answers each line of its input, as JSON", async () => {
  const output = await new Promise<string>((resolve) => {
    const child = spawn(process.execPath, [main, "search", "index", "--mode", "lexical", "--json"], {
      cwd: folder,
    });
    let all = "";
    child.stdout.on("data", (data) => (all += String(data)));
    child.on("close", () => resolve(all));
    child.stdin.end("boats\n\npropeller\n");
  });
  const [first, second, ...others] = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(others).toEqual([]);
  expect(first).toMatchObject({
    query: "boats",
    mode: "lexical",
    found: [
      {
        rank: 1,
        id: "boat",
        title: "Boats",
        lexical: { rank: 1 },
        passage: expect.stringContaining("\\u001b[31m") as string,
      },
    ],
  });
  expect((second.found as { id: string }[]).map(({ id }) => id).sort()).toEqual(["boat", "wing"]);
});

test("rank writes a table without the documents of the source, and judge-ranking measures and compares", async () => {
  const both = await tessera("rank", "index", "queries.json", "--out", "out/both.csv", "--quiet");
  expect([both.code, own(both.errors)]).toEqual([0, ""]);
  expect(both.output).toMatch(/^3 queries, \d+ rows: out\/both\.csv, in .*\n1 query found nothing\n$/);
  expect(read("out/both.csv")).toMatch(/^id,doc_id,query_id,score\n1_wing,wing,1,\d\.\d+\n/);
  expect(read("out/both.csv")).not.toContain("1_boat");
  await tessera(
    "rank",
    "index",
    "queries.json",
    "--mode",
    "lexical",
    "--top",
    "1",
    "--out",
    "words.csv",
    "--json",
  );
  const { code, output } = await tessera(
    "judge-ranking",
    "qrels.json",
    "out/both.csv",
    "words.csv",
    "--index",
    "index",
  );
  expect(code).toBe(0);
  expect(output).toMatch(/^ +both\.csv +words\.csv/);
  // r is 3/4 for grade 2 of 2, and 1/2 for grade 1 of 1.
  expect(output).toMatch(/\npFound +0\.625 \(0\.500 to 0\.750\) +0\.625/);
  expect(output).toMatch(/\nless both\.csv +words\.csv *\npFound +\+0\.000/);
  expect(output).toContain("Means over 2 queries with 95 % intervals");
  const report = JSON.parse(
    (await tessera("judge-ranking", "qrels.json", "words.csv", "--pfound", "notebook", "--json")).output,
  ) as { pFound: string; rankings: { unjudged: number; measures: { mrr: { mean: number } } }[] };
  expect(report.pFound).toBe("notebook");
  expect(report.rankings[0].measures.mrr.mean).toBe(1);
});

test("rankings of one name keep their folders, and what is left out of one alone is told of it", async () => {
  write("words.csv", "query_id,doc_id,score\n1,wing,1\n2,heat,1\n");
  write("out/words.csv", "query_id,doc_id,score\n1,wing,1\n3,heat,1\n");
  const { output } = await tessera("judge-ranking", "qrels.json", "words.csv", "out/words.csv");
  expect(output).toMatch(/^ +words\.csv +out\/words\.csv/);
  expect(output).toMatch(
    /\nout\/words\.csv: 1 query without a judgement left out\nout\/words\.csv: 1 judged query/,
  );
});

test("an index of a model is searched by that model alone, standardised as its texts were", async () => {
  const model = join(folder, "bert");
  cpSync(join(import.meta.dirname, "../text/folders/bert"), model, { recursive: true });
  const where = ["--device", "reference"];
  const made = ["index", "texts.jsonl", "--out", "of-bert", "--model", "bert", "--quiet", ...where];
  expect((await tessera(...made, "--standardise", "corpus")).code).toBe(0);
  // A text of the corpus is nearest to itself, if both went the same way.
  const itself = `${texts[2].title} ${texts[2].contents}`;
  const search = ["search", "of-bert", itself, "--mode", "dense", "--json", ...where];
  const { output } = await tessera(...search);
  expect(JSON.parse(output)).toMatchObject({
    found: [{ id: "heat", score: expect.closeTo(1, 3) as number }, {}, {}],
  });
  writeFileSync(join(model, "config.json"), `${readFileSync(join(model, "config.json"), "utf8")} `);
  const other = await tessera(...search);
  expect(other.code).toBe(2);
  expect(own(other.errors)).toMatch(
    /^error: .*bert: holds another encoder; name the folder of the one that the index was made with \(--model\)/,
  );
});

test.each([
  [["index", "missing.jsonl", "--out", "x"], "missing.jsonl: does not exist"],
  [
    ["index", "queries.json", "--out", "x"],
    "queries.json: line 1: is no JSON object with an id, a title and contents",
  ],
  [["index", "texts.jsonl", "--out", "x", "--keys", "id"], '--keys "id": takes three keys'],
  [
    ["index", "texts.jsonl", "--out", "x", "--keys", "id,name,contents", "--skip-bad"],
    'texts.jsonl: has no text; the first that was left out: texts.jsonl: line 1: has no "name"',
  ],
  [
    ["index", "texts.jsonl", "--out", "x", "--model", "m", "--encoder", "lsa"],
    "--model makes the vectors, and so does --encoder",
  ],
  [
    ["index", "texts.jsonl", "--out", "x", "--standardise", "corpus"],
    "--standardise is for the vectors of a model",
  ],
  [["search", "missing", "wing"], "missing: is no folder of an index; make one with tessera index"],
  [["search", "index", "wing", "--model", "m"], "--model m: index was made without a model"],
  [["rank", "index", "qrels.json", "--out", "y.csv"], 'qrels.json: record 0: has no "query"'],
  [["judge-ranking", "queries.json", "words.csv"], 'queries.json: record 0: has no "doc_id"'],
  [["judge-ranking", "qrels.json", "words.csv", "words.csv"], "words.csv is named twice"],
])("tessera %j is refused in one line", async (parameters, message) => {
  const { code, errors } = await tessera(...parameters);
  expect(own(errors).split("\n")).toHaveLength(1);
  expect(own(errors)).toContain(`error: ${message}`);
  expect(code).toBe(2);
});

test("no command writes its result over a file that it reads, under whatever name", async () => {
  const inputs = ["queries.json", "texts.jsonl", "index/index.safetensors", "index/texts.jsonl"];
  const bytes = (): string[] => inputs.map((name) => readFileSync(join(folder, name), "hex"));
  const before = bytes();
  symlinkSync("queries.json", join(folder, "linked.json"));
  for (const out of ["queries.json", "./queries.json", "linked.json", ...inputs.slice(2)]) {
    const { code, errors } = await tessera("rank", "index", "queries.json", "--out", out);
    expect([code, own(errors).split("\n").length]).toEqual([2, 1]);
    expect(own(errors)).toContain(`error: --out ${out}: is`);
    expect(own(errors)).toContain("would be replaced; name another file");
  }
  const indexed = await tessera("index", "texts.jsonl", "--out", ".", "--encoder", "none");
  expect(indexed.code).toBe(2);
  expect(own(indexed.errors)).toContain("error: --out texts.jsonl: is read by this command");
  expect(bytes()).toEqual(before);
  const again = await tessera("index", "index/texts.jsonl", "--out", "index", "--width", "2");
  expect(again.code).toBe(0);
});

test("a line that is refused tells how to go on without it", async () => {
  write("twice.jsonl", [texts[0], texts[1], texts[0]].map(json).join("\n"));
  const advice =
    'error: twice.jsonl: line 3: the id "wing" is that of line 1, too; --skip-bad leaves such lines out';
  for (const command of [["index"], ["encode", "train"]]) {
    const { code, errors } = await tessera(...command, "twice.jsonl", "--out", "x");
    expect([code, own(errors)]).toEqual([2, advice]);
  }
});
