// Texts from JSON lines: what is read, and how each fault is told.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gzipSync } from "node:zlib";
import type { DataError } from "../../src/errors/data-errors.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { parseTexts, textKeys, TextParser, type TextOptions } from "../../src/text/texts/json-lines.ts";
import { readTexts } from "../../src/text/texts/read-texts.ts";
import { wholeText } from "../../src/text/texts/text.ts";

const parse = (content: string | Uint8Array, options?: TextOptions): ReturnType<typeof parseTexts> =>
  parseTexts(
    "texts.jsonl",
    typeof content === "string" ? new TextEncoder().encode(content) : content,
    options,
  );

const good = '{"id":"a","title":"Wings","contents":"of a plane"}';

test("reads a text a line, passes over empty lines, and counts texts that say nothing", () => {
  const { texts, empty } = parse(
    `${good}\r\n\n  \n{"id":7,"contents":"no title","more":[1]}\n{"contents":" . ","id":"c","title":null}\n`,
  );
  expect(texts).toEqual([
    { id: "a", title: "Wings", contents: "of a plane" },
    { id: "7", title: "", contents: "no title" },
    { id: "c", title: "", contents: " . " },
  ]);
  expect(empty).toBe(1);
  expect(texts.map(wholeText)).toEqual(["Wings\nof a plane", "no title", " . "]);
});

test("other keys may be named", () => {
  const keys = textKeys("--keys", "_id, title:text");
  expect(parse('{"_id":"a","title":"","text":"t"}', { keys }).texts).toEqual([
    { id: "a", title: "", contents: "t" },
  ]);
  expect(() => textKeys("--keys", "id,text")).toThrow(UsageError);
  expect(() => textKeys("--keys", "id,text,text")).toThrow('--keys "id,text,text": takes three keys');
});

test.each([
  ["", /^texts\.jsonl: has no text; it takes one JSON object a line$/],
  [`${good}\n{"id": "b", "conte`, /^texts\.jsonl: line 2: is not JSON \(.*\)$/],
  [`[${good}]`, /line 1: is no JSON object.*; an array must be written as one object a line/],
  [`[\n${good}]`, /line 1: is not JSON .*; an array must be written as one object a line/],
  [`${good}\n${good}`, /line 2: the id "a" is that of line 1, too/],
  [
    '{"title":"t","contents":"c"}',
    /line 1: has no "id"; it has title, contents\. Other keys are named with --keys id,title,contents, or for pairs --pairs query:text/,
  ],
  ['{"id":"a","content":"c"}', /line 1: has no "contents"; did you mean "content"\?; it has id, content/],
  ['{"id":"","contents":"c"}', /line 1: "id" is empty/],
  ['{"id":"a","contents":3}', /line 1: "contents" is 3; it must be a string/],
  ['{"id":"a","contents":["c"]}', /line 1: "contents" is no text; it must be a string/],
  ['{"id":"a","title":4,"contents":"c"}', /line 1: "title" is 4/],
  ["3", /line 1: is no JSON object/],
])("refuses %j in one line", (content, message) => {
  expect(() => parse(content)).toThrow(message);
});

test("refuses what is not UTF-8, and lines and files over the limits", () => {
  expect(() => parse(Uint8Array.of(0x7b, 0xff, 0x7d))).toThrow("line 1: is not UTF-8 text");
  const limits = { line: 60, texts: 1 };
  expect(() => parse(`${good}\n${"x".repeat(61)}`, { limits })).toThrow(
    "line 2: has more than 60 bytes, which is the most that is read",
  );
  expect(() => parse(`${good}\n${good.replace('"a"', '"b"')}`, { limits })).toThrow("has more than 1 texts");
});

test("bad lines may be left out, each told", () => {
  const faults: DataError[] = [];
  const { texts } = parse(`nothing\n${good}\n${good}\n`, { bad: (fault) => void faults.push(fault) });
  expect(texts.map(({ id }) => id)).toEqual(["a"]);
  expect(faults.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/^line 1: is not JSON/),
    'line 3: the id "a" is that of line 2, too',
  ]);
});

test("a file in pieces is the file, wherever they part, and no more than a line of it is held", () => {
  const bytes = new TextEncoder().encode(`${good}\r\n\n${good.replace('"a"', '"ä"')}`);
  const whole = parse(bytes);
  for (const size of [1, 2, 7, 50, bytes.length]) {
    const parser = new TextParser("texts.jsonl", {});
    for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
    expect(parser.end()).toEqual(whole);
  }
  const parser = new TextParser("texts.jsonl", { limits: { line: 100, texts: 9 } });
  parser.push(bytes.subarray(0, 10));
  expect(() => parser.push(new Uint8Array(91).fill(0x78))).toThrow("line 1: has more than 100 bytes");
});

test("a packed file of one endless line is refused before it is unpacked", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-lines-"));
  const file = join(folder, "texts.jsonl.gz");
  // 100 MiB, which as a whole would be held twice.
  writeFileSync(file, Buffer.concat(Array.from({ length: 100 }, () => gzipSync(Buffer.alloc(2 ** 20, "x")))));
  const { arrayBuffers } = process.memoryUsage();
  const refused = await readTexts(file).catch((error: unknown) => (error as Error).message);
  expect(refused).toContain("line 1: has more than 16777216 bytes");
  expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(2 ** 26);
  writeFileSync(file, gzipSync(`${good}\n`).subarray(0, -9));
  await expect(readTexts(file)).rejects.toThrow("its gzip stream breaks off early");
  writeFileSync(file, gzipSync(`${good}\n`));
  expect((await readTexts(file)).texts).toHaveLength(1);
  rmSync(folder, { recursive: true });
});
