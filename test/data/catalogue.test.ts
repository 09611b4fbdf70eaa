// From a manifest to samples with label states, on small files that are written here: policies, filters, splits, what two
// entries may share, and that whatever the data proves wrong in a manifest is said with its line.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { catalogue, type Catalogue } from "../../src/data/catalogue.ts";
import { sourceEntry, testEntry } from "../../src/data/entry-schema.ts";
import { DataError, ManifestError } from "../../src/data/failures.ts";
import { formatNames, formats } from "../../src/data/formats/index.ts";
import { parseManifest } from "../../src/data/manifest.ts";
import { idxBytes, temporaryFolder, writeIdx } from "./formats/idx-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const root = folder.path;

// Twelve images of six patients. "edema" and "oedema" are two words for one thing.
const rows = [
  ["a.png", "p1", "PA", "1", "0", "0", "train"],
  ["b.png", "p1", "AP", "-1", "", "0", "train"],
  ["c.png", "p2", "PA", "0", "-1", "1", "train"],
  ["d.png", "p2", "PA", "0", "", "0", "train"],
  ["e.png", "p3", "AP", "0", "0", "", "train"],
  ["f.png", "p3", "PA", "", "1", "1", "train"],
  ["g.png", "p4", "PA", "0", "0", "1", "valid"],
  ["h.png", "p4", "AP", "1", "1", "0", "valid"],
  ["i.png", "p5", "PA", "0", "0", "0", "test"],
  ["j.png", "p5", "PA", "0", "", "1", "test"],
  ["k.png", "p6", "AP", "-1", "-1", "-1", "test"],
  ["l.png", "p6", "PA", "0", "0", "1", "test"],
];
const header = "file,who,view,edema,oedema,mass,fold";
writeFileSync(join(root, "table.csv"), [header, ...rows.map((row) => row.join(","))].join("\n"));
mkdirSync(join(root, "tiny"));
writeIdx(
  root,
  "tiny/images",
  idxBytes(
    [40, 2, 2],
    Uint8Array.from({ length: 160 }, (_, i) => i),
  ),
);
writeIdx(
  root,
  "tiny/labels",
  idxBytes(
    [40],
    Uint8Array.from({ length: 40 }, (_, i) => i % 4),
  ),
);
writeIdx(
  root,
  "tiny/other",
  idxBytes(
    [40],
    Uint8Array.from({ length: 40 }, (_, i) => (i * 3) % 4),
  ),
);

const table = "format: table, table: table.csv, image: file, patient: who, columns: [edema, oedema, mass]";
const split = "split: { by: patient, test: 0.3 }";
const clinic = (fields: string): string => `
classes: [Edema, mass]
image: { height: 16, width: 16 }
sources:
  - { name: clinic, ${table}, mapping: { edema: Edema, oedema: Edema }, ${fields} }
`;
const digits = (first: string, second: string): string => `
classes: [0, 1, 2, 3]
image: { height: 2, width: 2 }
model: { blocks: [1] }
augment: { weak: none, strong: none }
sources:
  - { name: A, format: idx, images: tiny/images, labels: tiny/labels, ${first} }
test: { format: idx, images: tiny/images, ${second} }
`;
const make = (
  text: string,
  options: { seed?: number; limit?: number; skipBad?: boolean } = {},
): Promise<Catalogue> => catalogue(parseManifest(text, "m.yaml"), { dataRoot: root, seed: 1, ...options });
const idsOf = ({ lists }: Catalogue): Record<string, string[]> =>
  Object.fromEntries(lists.map(({ part, samples }) => [part, samples.map(({ id }) => id)]));
/** States of each image, over all lists. */
const statesOf = ({ lists }: Catalogue): Record<string, number[]> =>
  Object.fromEntries(
    lists.flatMap(({ samples, states }) =>
      samples.map(({ id }, i) => [id, [...states.subarray(2 * i, 2 * i + 2)]]),
    ),
  );

describe("a catalogue", () => {
  test("maps several labels to one class, and leaves uncertain and blank ones absent", async () => {
    expect(statesOf(await make(clinic(split)))).toEqual({
      "a.png": [1, 0],
      "b.png": [255, 0], // uncertain and blank: uncertain
      "c.png": [255, 1],
      "d.png": [255, 0], // negative and blank: blank
      "e.png": [0, 255],
      "f.png": [1, 1],
      "g.png": [0, 1],
      "h.png": [1, 0],
      "i.png": [0, 0],
      "j.png": [255, 1],
      "k.png": [255, 255],
      "l.png": [0, 1],
    });
  });

  test("follows the policies of a class, and counts what was uncertain whatever they made of it", async () => {
    const made = await make(clinic(`${split}, uncertain: { Edema: 0.6 }, blank: { mass: negative }`));
    expect(statesOf(made)).toMatchObject({
      "b.png": [160, 0],
      "d.png": [255, 0],
      "e.png": [0, 0],
      "k.png": [160, 255],
    });
    const uncertain = [0, 1].map((k) => made.lists.reduce((sum, list) => sum + list.uncertain[k], 0));
    expect(uncertain).toEqual([3, 1]);
    const careful = await make(clinic(split));
    expect([0, 1].map((k) => careful.lists.reduce((sum, list) => sum + list.uncertain[k], 0))).toEqual([
      3, 1,
    ]);
  });

  test("keeps patients whole, and tests on the same images for every seed and limit", async () => {
    const made = await make(clinic(split));
    const patients = made.lists.map(({ samples }) => new Set(samples.map(({ patient }) => patient)));
    expect(patients.reduce((sum, set) => sum + set.size, 0)).toBe(6);
    const limited = await make(clinic(split), { seed: 5, limit: 2 });
    expect(limited.lists[0].samples).toHaveLength(2);
    expect(idsOf(limited)["test"]).toEqual(idsOf(made)["test"]);
  });

  test("puts filters after the split, so that a patient stays where it is", async () => {
    const [all, frontal] = [await make(clinic(split)), await make(clinic(`${split}, where: { view: PA }`))];
    for (const [part, ids] of Object.entries(idsOf(frontal))) {
      expect(ids).toEqual(idsOf(all)[part].filter((id) => rows.find(([file]) => file === id)?.[2] === "PA"));
    }
  });

  test("takes the official parts without being asked, or lets everything train", async () => {
    const expected = {
      train: ["a.png", "b.png", "c.png", "d.png", "e.png", "f.png"],
      validation: ["g.png", "h.png"],
      test: ["i.png", "j.png", "k.png", "l.png"],
    };
    expect(idsOf(await make(clinic("official: fold")))).toEqual(expected);
    const held = `test: { ${table}, official: fold, mapping: { edema: Edema }`;
    const none = clinic("rows: { from: 1, to: 4 }, official: fold, split: { by: none }");
    expect(idsOf(await make(`${none}${held} }`))).toEqual({
      train: ["a.png", "b.png", "c.png", "d.png"],
      test: expected.test,
    });
    expect(idsOf(await make(`${none}${held}, parts: [validation, test] }`))["test"]).toEqual([
      ...expected.validation,
      ...expected.test,
    ]);
  });

  test("splits by a table or by text files, and leaves out what no list names", async () => {
    const byTable = "split: { by: list, table: table.csv, image: file, part: fold }";
    expect(idsOf(await make(clinic(byTable)))["validation"]).toEqual(["g.png", "h.png"]);
    writeFileSync(join(root, "train.txt"), "a.png\nc.png\n\n");
    writeFileSync(join(root, "test.txt"), "k.png\r\nnot-here.png\r\n");
    expect(idsOf(await make(clinic("split: { by: list, train: train.txt, test: test.txt }")))).toEqual({
      train: ["a.png", "c.png"],
      test: ["k.png"],
    });
    writeFileSync(join(root, "both.txt"), "c.png\n");
    await expect(make(clinic("split: { by: list, train: train.txt, test: both.txt }"))).rejects.toThrow(
      /both\.txt: record 0: puts "c\.png" into test, but it is in train too/u,
    );
    const odd = "split: { by: list, table: table.csv, image: file, part: view, words: { AP: train } }";
    await expect(make(clinic(odd))).rejects.toThrow(/record 0: line 2: view is "PA", which means no part/u);
    expect(idsOf(await make(clinic(odd.replace("AP: train", "AP: train, PA: test"))))["train"]).toHaveLength(
      4,
    );
  });

  test("keeps so many positives of a class, and the rest of its images", async () => {
    const few = await make(digits("part: 1/2, limitPerClass: { 2: 1 }", "labels: tiny/labels, part: 2/2"));
    const [{ samples, states }] = few.lists;
    const positives = [0, 1, 2, 3].map((k) => samples.filter((_, i) => states[4 * i + k] === 1).length);
    expect(positives[2]).toBe(1);
    expect(samples.length).toBe(positives.reduce((sum, n) => sum + n, 0));
    expect(positives[0] + positives[1] + positives[3]).toBeGreaterThan(10);
  });
});

describe("two entries", () => {
  test("may not train on what the other tests on in an array file, even where they read its labels from two files", async () => {
    const shared =
      /^m\.yaml:8: test shares the image "\d+" with "A": it is in test here and in train there; .*one denominator/u;
    await expect(make(digits("limit: 3", "labels: tiny/labels"))).rejects.toThrow(shared);
    await expect(make(digits("limit: 3", "labels: tiny/other"))).rejects.toThrow(shared);
    await expect(make(digits("part: 1/2", "labels: tiny/labels, part: 2/3"))).rejects.toThrow(
      /m\.yaml:8: test\.part shares the image "\d+" with "A"/u,
    );
    const made = await make(digits("holds: [0, 1]", "labels: tiny/labels, holds: [2, 3]"));
    expect(made.lists.map(({ samples }) => samples.length)).toEqual([20, 20]);
  });

  test("may speak of the same images of an array file, as two annotators do", async () => {
    const second =
      "  - { name: B, format: idx, images: tiny/images, labels: tiny/other, part: 1/2, knows: [1] }\ntest:";
    const made = await make(digits("part: 1/2", "labels: tiny/labels, part: 2/2").replace("test:", second));
    const ids = made.lists.map(({ samples }) => samples.map(({ id }) => id));
    expect(ids[1]).toEqual(ids[0]);
    expect(made.lists[1].states).not.toEqual(made.lists[0].states);
  });

  test("that name their patients alike and are split alike agree, however much each holds", async () => {
    const split = "split: { by: patient, test: 0.4 }";
    const people = (count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${count}-${i}.png,p${i},${i % 2},0`);
    for (const count of [30, 100]) {
      writeFileSync(join(root, `${count}.csv`), ["file,who,edema,mass", ...people(count)].join("\n"));
    }
    const entry = (count: number): string =>
      `  - { name: of${count}, format: table, table: ${count}.csv, image: file, patient: who, columns: [edema, mass], ${split} }\n`;
    const { lists } = await make(
      `classes: [edema, mass]\nimage: { height: 2, width: 2 }\nmodel: { blocks: [1] }\n` +
        `augment: { weak: none, strong: none }\nsources:\n${entry(30)}${entry(100)}`,
    );
    const trained = new Set<string | undefined>();
    const tested = new Set<string | undefined>();
    for (const { part, samples } of lists) {
      for (const { patient } of samples) (part === "train" ? trained : tested).add(patient);
    }
    expect([...trained].filter((patient) => tested.has(patient))).toEqual([]);
    expect(trained.size + tested.size).toBe(100);
  });

  test("may speak of the same image files, but not train on what the other tests on", async () => {
    const second = `  - { name: other, ${table}, knows: [mass], ${split} }\n`;
    expect((await make(clinic(split) + second)).lists.map(({ source }) => source)).toEqual([
      "clinic",
      "clinic",
      "other",
      "other",
    ]);
    await expect(make(clinic(split) + second.replace(split, "rows: { to: 99 }"))).rejects.toThrow(
      /sources\[1\] shares the image "\w\.png" with "clinic": it is in train here and in test there/u,
    );
  });
});

describe("a class of a source whose labels are the words that occur", () => {
  const words = (fields: string, classes = "mel, nv, bcc"): string => `
classes: [${classes}]
image: { height: 2, width: 2 }
model: { blocks: [1] }
augment: { weak: none, strong: none }
sources:
  - { name: all, format: idx, images: tiny/images, labels: tiny/labels, labelNames: [mel, nv, bcc, x], part: 1/2 }
  - { name: skin, format: table, table: words.csv, image: file, label: dx, ${fields} }
test: { format: idx, images: tiny/images, labels: tiny/labels, labelNames: [mel, nv, bcc, x], part: 2/2 }
`;
  const skin = async (fields: string, classes?: string): Promise<number[]> => [
    ...((await make(words(fields, classes))).lists.find(({ source }) => source === "skin")?.states ?? []),
  ];
  writeFileSync(join(root, "words.csv"), "file,dx\na,mel\nb,nv\nc,todo\nd,\n");
  const unlabelled = "unlabelled: [todo]";

  test("is negative where it does not occur, if the source is said to know it", async () => {
    const expected = [1, 0, 0, 0, 1, 0, 255, 255, 255, 255, 255, 255];
    expect(await skin(`${unlabelled}, knows: [mel, nv, bcc]`)).toEqual(expected);
    expect(await skin(`${unlabelled}, mapping: { basal: bcc }`)).toEqual(expected);
    expect(await skin(`${unlabelled}, words: [bcc, mel, nv]`)).toEqual(expected);
    expect(await skin(unlabelled)).toEqual([1, 0, 255, 0, 1, 255, 255, 255, 255, 255, 255, 255]);
  });

  test("follows the policy for blanks in an empty cell, and never where nobody has looked", async () => {
    expect(await skin(`${unlabelled}, knows: [mel, nv, bcc], blank: negative`)).toEqual([
      ...[1, 0, 0, 0, 1, 0, 255, 255, 255, 0, 0, 0],
    ]);
  });

  test("is not made of a slip of the pen", async () => {
    await expect(make(words("mapping: { nvv: bcc }", "mel, bcc"))).rejects.toThrow(
      /sources\[1\]\.mapping\.nvv maps a label that this source does not have.*did you mean "nv"\?$/u,
    );
    await expect(make(words("knows: [mel, NV-]", "mel, NV-"))).rejects.toThrow(
      /sources\[1\]\.knows\[1\] names "NV-", but no label of this source means it.*did you mean "nv"\?$/u,
    );
  });

  test("may be a digit that does not occur", async () => {
    const some = digits("part: 1/2, knows: [0, 1, 2, 3, 7]", "labels: tiny/labels, part: 2/2").replace(
      "classes: [0, 1, 2, 3]",
      "classes: [0, 1, 2, 3, 7]",
    );
    const [{ states }] = (await make(some)).lists;
    expect(states.filter((_, at) => at % 5 === 4)).toEqual(new Uint8Array(20));
    await expect(make(some.replaceAll("7]", "seven]"))).rejects.toThrow(
      /sources\[0\]\.knows\[4\] names "seven", but no label of this source means it/u,
    );
  });
});

describe("bad records", () => {
  const damaged = [header, ...rows.map((row) => row.join(","))];
  damaged[2] = "b.png,p1";
  damaged[4] = damaged[4].replace(",PA,0,", ",PA,maybe,");
  writeFileSync(join(root, "damaged.csv"), damaged.join("\n"));
  const twice =
    clinic(split).replaceAll("table.csv", "damaged.csv") +
    `  - { name: other, ${table.replace("table.csv", "damaged.csv")}, knows: [mass], ${split} }\n`;

  test("are an error that says how to go on without them", async () => {
    const refused = make(twice);
    await expect(refused).rejects.toThrow(DataError);
    await expect(refused).rejects.toThrow(
      /damaged\.csv: record 1: line 3: has 2 cells, but .* columns; mend or remove it, or add --skip-bad to go on without/u,
    );
    await expect(refused).rejects.toMatchObject({ record: 1 });
  });

  test("are left out where they may be, and each is listed once", async () => {
    const { lists, skipped } = await make(twice, { skipBad: true });
    const ids = lists
      .filter(({ source }) => source === "clinic")
      .flatMap(({ samples }) => samples.map(({ id }) => id));
    expect(ids.sort().join(" ")).toBe("a.png c.png e.png f.png g.png h.png i.png j.png k.png l.png");
    expect(skipped.map(({ message }) => message.replace(`${root}/`, "").slice(0, 50))).toEqual([
      "damaged.csv: record 1: line 3: has 2 cells, but the header".slice(0, 50),
      'damaged.csv: record 3: line 5: edema is "maybe"; it must be'.slice(0, 50),
    ]);
    expect((await make(clinic(split), { skipBad: true })).skipped).toEqual([]);
  });

  test("of a list that splits a source are left out too", async () => {
    writeFileSync(join(root, "folds.csv"), "file,fold\na.png,train\nb.png,tarin\nc.png,test\nc.png,train\n");
    const listed = clinic("split: { by: list, table: folds.csv, image: file, part: fold }");
    await expect(make(listed)).rejects.toThrow(/folds\.csv: record 1: line 3: fold is "tarin".*--skip-bad/u);
    const made = await make(listed, { skipBad: true });
    expect(idsOf(made)).toEqual({ train: ["a.png"], test: ["c.png"] });
    expect(made.skipped.map(({ record }) => record)).toEqual([1, 3]);
  });

  test("do not hide a damaged file, nor that nothing is left", async () => {
    writeFileSync(join(root, "cut.csv"), Uint8Array.of(0x1f, 0x8b, 8, 0, 0));
    const cut = make(clinic(split).replaceAll("table.csv", "cut.csv"), { skipBad: true });
    await expect(cut).rejects.toThrow(/cut\.csv: cannot be read/u);
    writeFileSync(join(root, "all-bad.csv"), `${header}\na.png,p,PA,x,0,0,train\n`);
    const nothing = make(clinic(split).replaceAll("table.csv", "all-bad.csv"), { skipBad: true });
    await expect(nothing).rejects.toThrow(
      /m\.yaml:5: sources\[0\] holds no image that can be listed; the first fault: .*all-bad\.csv: record 0/u,
    );
  });
});

describe("what the data proves wrong is refused with its line:", () => {
  const refuse = async (text: string, message: RegExp): Promise<void> => {
    const failure: unknown = await make(text).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ManifestError);
    expect(String(failure)).toMatch(message);
    expect(String(failure)).not.toContain("\n");
  };

  test("a label, class or column that there is not, with the nearest", async () => {
    await refuse(
      clinic(split).replace("oedema: Edema", "oedma: Edema"),
      /m\.yaml:5: sources\[0\]\.mapping\.oedma maps a label .* did you mean "oedema"/u,
    );
    await refuse(
      clinic(split).replace("classes: [Edema, mass]", "classes: [Edema, maas]"),
      /m\.yaml:2: classes\[1\] names "maas", but no source knows it.*did you mean "mass"/u,
    );
    await refuse(
      clinic(`${split}, where: { veiw: PA }`),
      /m\.yaml:5: sources\[0\]\.where\.veiw is no column .* did you mean "view"/u,
    );
    await refuse(
      `${clinic(split)}  - { name: other, ${table}, knows: [mass], ${split}, limitPerClass: { Edema: 3 } }`,
      /m\.yaml:6: sources\[1\]\.limitPerClass\.Edema limits "Edema", which "other" has no labels of/u,
    );
  });

  test("a class of which no image to train on has a label, and why", async () => {
    writeFileSync(
      join(root, "rare.csv"),
      ["file,mass", "0.png,1", ...rows.map((_, i) => `${i + 1}.png,`)].join("\n"),
    );
    const rare = (fields: string): string =>
      digits("part: 1/2", "labels: tiny/labels, part: 2/2")
        .replace("classes: [", "classes: [mass, ")
        .replace(
          "test:",
          `  - { name: R, format: table, table: rare.csv, image: file, columns: [mass], ${fields} }\ntest:`,
        );
    expect((await make(rare("limit: 13"))).lists).toHaveLength(3);
    await refuse(
      rare("limit: 1"),
      /^ManifestError: m\.yaml:2: classes\[0\] names "mass", but no training image .*: the limit of 1 kept none of the 1 of "R" that do; raise it$/u,
    );
    const few = make(rare("limit: 9"), { limit: 1 });
    await expect(few).rejects.toThrow(
      /m\.yaml:2: classes\[0\] names "mass", .* --limit of 1 kept none of the 1 of "R"/u,
    );
    await refuse(
      rare("rows: { from: 2 }"),
      /m\.yaml:2: classes\[0\] .* in "R", filters and splits leave out all that do/u,
    );
    expect((await make(rare("rows: { from: 2 }, blank: negative"))).lists).toHaveLength(3);
  });

  test("a split that the source cannot have", async () => {
    await refuse(clinic("split: { by: official }"), /m\.yaml:5: sources\[0\]\.split\.by is official, but/u);
    await refuse(
      digits("split: { by: patient, test: 0.5 }", "labels: tiny/labels"),
      /sources\[0\]\.split\.by is patient, but this source does not say whose images/u,
    );
    await refuse(
      clinic("split: { by: patient, test: 0.01 }"),
      /split leaves the test part empty: no patient .* change the seed of the split, or its fractions/u,
    );
    writeFileSync(join(root, "none.txt"), "nothing.png\n");
    await refuse(
      clinic("split: { by: list, test: none.txt }"),
      /split lists none of the images .* "a\.png"/u,
    );
    await refuse(
      digits("part: 1/2", "labels: tiny/labels, part: 2/2, parts: [test]"),
      /m\.yaml:8: test\.parts are named, but/u,
    );
  });

  test("nothing to train or to test on, or nothing left of an entry", async () => {
    await refuse(clinic("limit: 3"), /test is missing: name images to test on, or give a source a split/u);
    await refuse(
      clinic(`${split}, rows: { from: 1, to: 1 }, where: { view: AP }`),
      /sources\[0\] takes no image/u,
    );
    const held = `test: { ${table}, official: fold, rows: { to: 3 }, mapping: { edema: Edema } }`;
    await refuse(
      clinic("split: { by: none }") + held,
      /m\.yaml:6: test takes no image: its filters leave none of/u,
    );
    writeFileSync(join(root, "all.txt"), rows.map(([file]) => file).join("\n"));
    await refuse(
      clinic("split: { by: list, test: all.txt }"),
      /m\.yaml:4: sources leave no image to train on/u,
    );
  });

  test("what a format finds wrong in its fields", async () => {
    await refuse(
      clinic(`${split}, label: view`),
      /m\.yaml:5: sources\[0\]\.columns cannot stand beside label/u,
    );
  });
});

test("a file that is not there is named in full, with the data root", async () => {
  const gone = make(digits("part: 1/2", "labels: tiny/none, part: 2/2"));
  await expect(gone).rejects.toThrow(DataError);
  await expect(gone).rejects.toThrow(`${join(root, "tiny/none")}: does not exist; --data-root is ${root}`);
});

test("no field of a format has the name of a field that all formats have", () => {
  for (const { options } of [sourceEntry, testEntry]) {
    // One that it had would be counted once where it should be counted twice.
    const common = options.map(({ shape }, i) => {
      return Object.keys(shape).length - Object.keys(formats[formatNames[i]].fields).length;
    });
    expect(common).toEqual(common.map(() => Math.max(...common)));
  }
});
