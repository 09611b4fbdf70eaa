// From a manifest to samples with label states, on small files that are written here: policies, filters, splits, what two
// entries may share, and that whatever the data proves wrong in a manifest is said with its line.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { catalogue, type Catalogue } from "../../src/data/catalogue.ts";
import { commonFields } from "../../src/data/entry-schema.ts";
import { DataError, ManifestError } from "../../src/data/failures.ts";
import { formats } from "../../src/data/formats/index.ts";
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
const make = (text: string, options: { seed?: number; limit?: number } = {}): Promise<Catalogue> =>
  catalogue(parseManifest(text, "m.yaml"), { dataRoot: root, seed: 1, ...options });
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
    writeFileSync(join(root, "train.txt"), "images/a.png\nc.png\n\n");
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
  test("share no image of an array file, even where they read its labels from two files", async () => {
    const shared = /^m\.yaml:8: test shares images with "A"; give both a part with one denominator/u;
    await expect(make(digits("limit: 3", "labels: tiny/labels"))).rejects.toThrow(shared);
    await expect(make(digits("limit: 3", "labels: tiny/other"))).rejects.toThrow(shared);
    await expect(make(digits("part: 1/2", "labels: tiny/labels, part: 2/3"))).rejects.toThrow(
      /m\.yaml:8: test\.part shares images with "A"/u,
    );
    const made = await make(digits("holds: [0, 1]", "labels: tiny/labels, holds: [2, 3]"));
    expect(made.lists.map(({ samples }) => samples.length)).toEqual([20, 20]);
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
      /sources\[1\] shares the image "\w\.png" with "clinic"; it is in train here and in test there/u,
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

  test("a split that the source cannot have", async () => {
    await refuse(clinic("split: { by: official }"), /m\.yaml:5: sources\[0\]\.split\.by is official, but/u);
    await refuse(
      digits("split: { by: patient, test: 0.5 }", "labels: tiny/labels"),
      /sources\[0\]\.split\.by is patient, but this source does not say whose images/u,
    );
    await refuse(
      clinic("split: { by: patient, test: 0.01 }"),
      /split leaves the test part empty: .* too few patients/u,
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
  for (const [name, { fields }] of Object.entries(formats)) {
    expect(
      Object.keys(fields).filter((field) => commonFields.includes(field)),
      name,
    ).toEqual([]);
  }
});
