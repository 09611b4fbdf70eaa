// Names, words and numbers that are one in another spelling, those that only nearly are, and what is told of each.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { joinSpellings } from "../../src/data/catalogue/identities.ts";
import type { Listing } from "../../src/data/catalogue/listing.ts";
import { rawLabel } from "../../src/labels/raw-labels.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { make, root } from "./small-sources.ts";

const { positive, negative } = rawLabel;
const listing = (
  labelNames: string[],
  patients: (string | undefined)[],
  rawLabels: number[] = [],
): Listing => ({
  labelNames,
  records: patients.map((patient, i) => ({
    id: `${i}.png`,
    image: { kind: "file", file: `/${i}.png` },
    ...(patient === undefined ? {} : { patient }),
  })),
  rawLabels: Uint8Array.from(rawLabels),
});
const joined = (of: Listing): { listing: Listing; told: string[] } => {
  const told: string[] = [];
  return { listing: joinSpellings(of, "A", ({ sentence }) => void told.push(sentence)), told };
};

describe("labels of a source", () => {
  test("that are one word become one label, positive where any spelling is, and are told", () => {
    const two = listing(
      ["1", "mass", "1.0"],
      [undefined, undefined],
      [...[negative, positive, positive], ...[negative, negative, negative]],
    );
    const { listing: one, told } = joined(two);
    expect(one.labelNames).toEqual(["1", "mass"]);
    expect([...one.rawLabels]).toEqual([positive, positive, negative, negative]);
    expect(told).toEqual([
      '"A" spells 1 label in several ways, each of which is one label now: "1" (also "1.0").',
    ]);
  });
});

describe("patients", () => {
  test('"1" and "1.0" are one, "001" is another and told as nearly one, a missing name is none', () => {
    const { listing: made, told } = joined(listing([], ["1", "1.0", "001", "nan", undefined, "2"]));
    expect(made.records.map(({ patient }) => patient)).toEqual(["1", "1", "001", undefined, undefined, "2"]);
    expect(told).toEqual([
      '"A" spells 1 patient in several ways, each of whom is one patient: "1" (also "1.0").',
      '"A" names 1 patient nearly as another: "001" (nearly "1"); they are taken for two each. If they are one, a split may ' +
        "train and test on one person: write their names alike.",
    ]);
  });
  test("that differ otherwise are left in peace", () => {
    const { listing: made, told } = joined(listing([], ["patient1", "1", "p1-10", "p11-0", "12"]));
    expect(made.records.map(({ patient }) => patient)).toEqual(["patient1", "1", "p1-10", "p11-0", "12"]);
    expect(told).toEqual([]);
  });
});

test("images whose names differ in capitals alone are told", () => {
  const files = listing([], [undefined, undefined]);
  const [a, b] = files.records;
  const { told } = joined({
    ...files,
    records: [
      { ...a, id: "x/A.png" },
      { ...b, id: "x/a.png" },
    ],
  });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(
    /^"A" has 1 image name in several spellings .* "x\/A\.png" \(also "x\/a\.png"\)\.$/u,
  );
});

describe("a manifest", () => {
  const text = (classes: string, fields = ""): string =>
    `classes: ${classes}\nimage: { height: 2, width: 2 }\nsources:\n  - { name: A, format: folder, folder: x, split: { by: none }${fields} }\n`;
  const read = (...of: Parameters<typeof text>): ReturnType<typeof parseManifest> =>
    parseManifest(text(...of), "m.yaml");

  test("names a class in any spelling, and keeps that of its list", () => {
    const nfd = "Épanchement".normalize("NFD");
    const { classes, sources } = read(
      `["${nfd}", "1"]`,
      `, knows: ["Épanchement", "1.0"], mapping: { x: "1.0" }, uncertain: { "Épanchement": positive }, limitPerClass: { "1.0": 3 }`,
    );
    expect(classes).toEqual([nfd, "1"]);
    expect(sources[0]).toMatchObject({
      ...{
        knows: [nfd, "1"],
        mapping: { x: "1" },
        uncertain: { [nfd]: "positive" },
        limitPerClass: { 1: 3 },
      },
    });
  });

  test.each([
    ['["1", "1.0"]', "", /m\.yaml:1: classes\[1\] names "1\.0" a second time/u],
    [
      "[Mass, mass]",
      "",
      /m\.yaml:1: classes\[1\] names "mass", which is nearly "Mass": give one another name/u,
    ],
    ['[Mass, "М ass"]', "", /classes\[1\] names "\\u041c ass", which is nearly "Mass"/u],
    [
      "[Mass]",
      ", knows: [mass]",
      /knows\[0\] names "mass", which is not one of the classes .*; "mass" is nearly "Mass"/u,
    ],
    ['["1"]', ', uncertain: { "1": positive, "1.0": negative }', /uncertain\.1\.0 names "1" a second time/u],
    ["[a]", ', mapping: { x: a, "x ": a }', /mapping\.x  names "x " a second time/u],
    ["[a]", ", mapping: { x: a }, others: [x]", /others\[0\] names "x", which mapping says means a class/u],
  ])("with the classes %s and %j is refused", (classes, fields, message) => {
    expect(() => read(classes, fields)).toThrow(message);
  });
  test("may tell letters apart by their capitals, as handwritten ones", () => {
    expect(read("[a, A]").classes).toEqual(["a", "A"]);
  });
});

describe("a source of words", () => {
  mkdirSync(join(root, "words"), { recursive: true });
  const source = (rows: readonly string[], fields: string, classes = "[0, 1]"): ReturnType<typeof make> => {
    writeFileSync(join(root, "words/t.csv"), ["file,grade", ...rows].join("\n"));
    return make(
      `classes: ${classes}\nimage: { height: 2, width: 2 }\nsources:\n  - { name: A, format: table, table: words/t.csv, image: file, ` +
        `label: grade, split: { by: image, test: 0.5 }, ${fields} }\n`,
    );
  };
  const states = async (...of: Parameters<typeof source>): Promise<number[][]> => {
    const { classes, lists } = await source(...of);
    const all = new Map<string, number[]>();
    for (const { samples, states: bytes } of lists) {
      for (const [i, { id }] of samples.entries())
        all.set(id, [...bytes.subarray(i * classes.length, (i + 1) * classes.length)]);
    }
    return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  };

  test("means the class 1 by 1.0", async () => {
    const rows = ["a,0.0", "b,1.0", "c,1", "d,0.0"];
    for (const fields of ["", "knows: [0, 1]"]) {
      expect(await states(rows, fields)).toEqual([
        [1, 0],
        [0, 1],
        [0, 1],
        [1, 0],
      ]);
    }
    const [remark] = (await source(rows, "")).remarks;
    expect([remark.kind, remark.source]).toEqual(["guess", "A"]);
  });

  test.each([
    [
      ["a,01", "b,1", "c,0", "d,0"],
      "[0, 1]",
      'has the label "01", which is nearly the class "1": write mapping: {"01": "1"}',
    ],
    [
      ["a,mass", "b,Mass", "c,x", "d,x"],
      "[Mass]",
      'the label "mass", which is nearly the class "Mass": write mapping: {mass: Mass} if it means the same, or others: [mass] if it does not',
    ],
    [
      ["a,Мass", "b,Mass", "c,x", "d,x"],
      "[Mass]",
      'the label "\\u041cass", which is nearly the class "Mass"',
    ],
    [
      ["a,Mass;fluid", "b,Mass", "c,x", "d,x"],
      "[Mass]",
      'has the label "Mass;fluid", of which "Mass" is a name that the manifest gives a meaning: if these are several labels, name ' +
        'the text between them under separator; write mapping: {"Mass;fluid": ...} if it means one class, or others: ["Mass;fluid"]',
    ],
    [
      ["a,Nodule/mass", "b,Mass", "c,x", "d,x"],
      "[Mass]",
      'has the label "Nodule/mass", of which "mass" is a name',
    ],
  ])("with a word that is nearly a class is refused: %j", async (rows, classes, message) => {
    await expect(source(rows, "", classes)).rejects.toThrow(message);
  });

  test("takes both ways out of a near match", async () => {
    const rows = ["a,mass", "b,Mass", "c,x", "d,mass"];
    expect(await states(rows, "mapping: { mass: Mass }", "[Mass]")).toEqual([[1], [1], [0], [1]]);
    expect(await states(rows, "others: [mass]", "[Mass]")).toEqual([[0], [1], [0], [0]]);
    await expect(
      source(["a,normal", "b,Normal", "c,x", "d,x"], "mapping: { Normal: Healthy }", "[Healthy]"),
    ).rejects.toThrow(
      'the label "normal", which is nearly the label "Normal": write mapping: {normal: Healthy} if',
    );
  });

  test("tells its words without a class, the most frequent first, and those that others names are none", async () => {
    const rows = ["a,cat", "b,dgo", "c,cow", "d,cow", "e,dog", "f,hen"];
    const { remarks } = await source(rows, "others: [hen]", "[cat, dog]");
    expect(remarks).toEqual([
      {
        kind: "words-without-class",
        source: "A",
        sentence:
          '"A" has 2 words that no class takes: "cow" 2, "dgo" 1 (did you mean "dog"?); images with no other word are negative for cat, dog. Name them ' +
          "under mapping if they mean a class, or under others if they do not.",
        cases: [
          { name: "cow", count: 2 },
          { name: "dgo", count: 1, example: 'did you mean "dog"?' },
        ],
      },
    ]);
    const near = await source(["a,pneumona", "b,pneumonia", "c,x", "d,x"], "", "[pneumonia]");
    expect(near.remarks[0].sentence).toMatch(/"pneumona" 1 \(did you mean "pneumonia"\?\)/u);
  });

  test("says it louder where a class that it is said to know has no word", async () => {
    const { remarks } = await source(
      ["a,cat", "b,hund", "c,hund", "d,cat"],
      "knows: [cat, dog]",
      "[cat, dog]",
    );
    expect(remarks.map(({ kind }) => kind)).toEqual(["class-without-words", "words-without-class"]);
    expect(remarks[0].sentence).toBe(
      '"A" is said to know dog, and none of its images has a word for it, while 2 have words that no class takes: all its images ' +
        "with labels are negative there.",
    );
  });
});

describe("a folder", () => {
  test("in another Unicode form is its class", async () => {
    const [nfc, nfd] = ["NFC", "NFD"].map((form) => "폐렴".normalize(form));
    for (const name of [`${nfd}/a.png`, `${nfd}/b.png`, "정상/c.png", "정상/d.png"]) {
      mkdirSync(join(root, "folders", name, ".."), { recursive: true });
      writeFileSync(join(root, "folders", name), "");
    }
    const text = `classes: ["${nfc}", 정상]\nimage: { height: 2, width: 2 }\nsources:\n  - { name: A, format: folder, folder: folders, knows: ["${nfc}", 정상], split: { by: image, test: 0.5 } }\n`;
    const { lists, classes } = await make(text);
    expect(classes).toEqual([nfc, "정상"]);
    const positives = lists.map(({ states }) =>
      states.reduce((sum, state) => sum + (state === 1 ? 1 : 0), 0),
    );
    expect(positives.reduce((a, b) => a + b, 0)).toBe(4);
  });
});
