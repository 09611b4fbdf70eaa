// What is warned of before anything is trained on: from labels and names alone, the gravest first, a dozen lines at most.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseManifest } from "../../../src/data/manifest/manifest.ts";
import { inspect, warningLines, warningsOf } from "../../../src/data/inspection/index.ts";
import { make, root } from "../small-sources.ts";
import { opened } from "./catalogues.ts";

const warnings = async (text: string): Promise<string[]> =>
  warningsOf(parseManifest(text, "m.yaml"), await make(text));
const head = "classes: [cat, dog]\nimage: { height: 2, width: 2 }\n";
const entry = (name: string, table: string, rest: string): string =>
  `{ name: ${name}, format: table, table: ${table}, image: file, ${rest} }`;

test("a source that is negative for all, classes without positives, nothing to score on, words without class", async () => {
  writeFileSync(join(root, "no.csv"), "file,kind\na,cow\nb,hen\nc,cow\n");
  writeFileSync(join(root, "empty.csv"), "file,cat,dog\nx,,\ny,,\n");
  const text =
    `${head}sources:\n  - ${entry("A", "no.csv", "label: kind, knows: [cat, dog], images: .")}\n` +
    `test: ${entry("T", "empty.csv", "columns: [cat, dog], images: .")}\n`;
  const said = await warnings(text);
  expect(said).toEqual([
    "No image to train on is positive for cat, dog: it cannot be learned.",
    "No test image has a label: nothing can be scored there.",
    'Every label that "A" gives is negative: none of its 3 images is positive for cat, dog, which it is taken to know.',
    'Every label of "T" (test) is absent.',
    '"A" is said to know cat, dog, and none of its images has a word for them, while 3 have words that no class takes: all its ' +
      "images with labels are negative there.",
    '"A" has 2 words that no class takes: "cow" 2, "hen" 1; images with no other word are negative for cat, dog. Name them under ' +
      "mapping if they mean a class, or under others if they do not.",
  ]);
});

test("nothing where all is in order, and nothing of what may well be meant", async () => {
  writeFileSync(join(root, "yes.csv"), "file,kind\na,cat\nb,dog\nc,cat\nd,dog\n");
  const text =
    `${head}sources:\n  - ${entry("A", "yes.csv", "label: kind, rows: { to: 2 }")}\n` +
    `test: ${entry("T", "yes.csv", "label: kind, rows: { from: 3 }")}\n`;
  expect(await warnings(text)).toEqual([]);
});

test("patients of one dataset that are nearly one in two sources", () => {
  const one = (source: string, patient: string, dataset = "x"): ReturnType<typeof opened> =>
    opened(source, "train", [{ id: source, labels: "+-", patient }], dataset);
  const near = (...lists: readonly ReturnType<typeof opened>[]): string[] =>
    inspect(["a", "b"], lists, [])
      .findings.filter(({ kind }) => kind === "near-patients")
      .map(({ sentence }) => sentence);
  expect(near(one("A", "7"), one("B", "007"))).toEqual([
    '1 patient of one dataset is named nearly as another in another source: "7" is nearly "007"; they are taken for two each, and ' +
      "if they are one, may be trained and tested on.",
  ]);
  expect(near(one("A", "7"), one("B", "007", "y"))).toEqual([]);
  expect(near(one("A", "7"), one("B", "70"))).toEqual([]);
});

test("patients whom one source trains on and another tests on", async () => {
  writeFileSync(join(root, "leak.csv"), "file,kind,who\na,cat,7\nb,dog,8\nc,cat,7\nd,dog,9\n");
  const of = (name: string, rows: string, more = ""): string =>
    entry(name, "leak.csv", `label: kind, patient: who, rows: { ${rows} }${more}`);
  const text = (more: string): string =>
    `${head}sources:\n  - ${of("A", "to: 2")}\ntest: ${of("T", "from: 3", more)}\n`;
  expect(await warnings(text(""))).toEqual(['1 patient is in two parts: "A" (train) and "T" (test).']);
  // Said to be of another dataset, whose 7 is somebody else.
  expect(await warnings(text(", patients: elsewhere"))).toEqual([]);
});

test("images of two entries of one dataset name one person alike", async () => {
  writeFileSync(join(root, "who.csv"), "file,kind,who\na,cat,1\nb,dog,1.0\nc,cat,2\nd,dog,3\n");
  const of = (name: string, from: number): string =>
    entry(
      name,
      "who.csv",
      `label: kind, patient: who, rows: { from: ${from}, to: ${from} }, split: { by: list, test: ${name}.txt }`,
    );
  writeFileSync(join(root, "A.txt"), "a");
  writeFileSync(join(root, "B.txt"), "b");
  const train = entry("C", "who.csv", "label: kind, patient: who, rows: { from: 3 }, split: { by: none }");
  const { lists } = await make(`${head}sources:\n  - ${of("A", 1)}\n  - ${of("B", 2)}\n  - ${train}\n`);
  expect(lists.map(({ source, patientsOf, samples }) => [source, patientsOf, samples[0].patient])).toEqual([
    ...[
      ["A", undefined, "1"],
      ["B", "A", "1"],
      ["C", undefined, "2"],
    ],
  ]);
});

test("lines are a dozen at most, with the rest counted", () => {
  const many = Array.from({ length: 14 }, (_, i) => `W${i}.`);
  expect(warningLines(many.slice(0, 12))).toHaveLength(12);
  expect(warningLines(many).at(-1)).toBe("warning: and 2 more warnings, which tessera inspect lists");
  expect(warningLines(many)).toHaveLength(13);
  expect(warningLines(["No."])).toEqual(["warning: No."]);
});
