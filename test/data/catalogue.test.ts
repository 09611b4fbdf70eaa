// From a manifest to samples with label states, on small files that are written here: policies, filters, splits and limits.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Catalogue } from "../../src/data/catalogue/catalogue.ts";
import { clinic, digits, idsOf, make, root, rows, split, table } from "./small-sources.ts";

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
      /both\.txt: record 0: line 1: puts "c\.png" into test, but it is in train too/u,
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
