// What labels mean: which class each speaks of, what several say together, and what becomes of uncertain and blank ones.
import { describe, expect, test } from "vitest";
import { rawLabel } from "../../src/labels/raw-labels.ts";
import { combineLabels, mapLabels, settle } from "../../src/data/catalogue/mapping.ts";
import type { LabelRules } from "../../src/data/catalogue/mapping.ts";
import { permutation } from "../../src/data/assembly/order.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const refuse = (path: readonly PropertyKey[], reason: string): never => {
  throw new Error(`${path.join(".")} ${reason}`);
};
const { negative, positive, uncertain, unknown, blank } = rawLabel;
const codes = [negative, positive, uncertain, blank, unknown];
const cautious = { uncertain: "absent", blank: "absent" } as const;

describe("a label", () => {
  test("speaks of the class that it is called like, or is mapped to; another speaks of none", () => {
    const mapping = mapLabels(
      ["cat", "hound", "poodle", "cow"],
      ["dog", "cat"],
      {
        mapping: { hound: "dog", poodle: "dog" },
      },
      refuse,
    );
    expect(mapping).toEqual({ columns: [1, 0, 0, -1], known: [true, true] });
  });

  test("that is mapped away from its own name speaks of the other class alone", () => {
    const mapping = mapLabels(["cat", "lynx"], ["cat", "lynx"], { mapping: { cat: "lynx" } }, refuse);
    expect(mapping).toEqual({ columns: [1, 1], known: [false, true] });
  });

  test("is known only for the classes under knows", () => {
    expect(mapLabels(["a", "b"], ["a", "b", "c"], { knows: ["b"] }, refuse).known).toEqual([
      false,
      true,
      false,
    ]);
    expect(mapLabels(["a", "b"], ["a", "b", "c"], {}, refuse).known).toEqual([true, true, false]);
  });

  test("that the source does not have is refused with the nearest one, under mapping and under knows", () => {
    const labels = ["Pleural Effusion", "Edema"];
    expect(() =>
      mapLabels(labels, ["Effusion"], { mapping: { "Plural Effusion": "Effusion" } }, refuse),
    ).toThrow(
      /^mapping\.Plural Effusion maps a label that this source does not have.*did you mean "Pleural Effusion"\?/u,
    );
    expect(() => mapLabels(labels, ["Oedema"], { knows: ["Oedema"] }, refuse)).toThrow(
      /^knows\.0 names "Oedema", but no label of this source means it.*did you mean "Edema"\?/u,
    );
  });
});

describe("several labels of one class", () => {
  test("are positive if any is, else uncertain, unknown, blank, the greatest probability, else negative", () => {
    const mapping = { columns: [0, 0], known: [true] };
    const order = [negative, 100, 130, 199, 200, blank, unknown, uncertain, positive]; // weakest first
    for (const [i, a] of order.entries()) {
      for (const [j, b] of order.entries()) {
        expect([...combineLabels(Uint8Array.of(a, b), mapping)]).toEqual([order[Math.max(i, j)]]);
      }
    }
  });

  test("mean the same in any order of the source's columns", () => {
    const random = randomStream(7, "columns");
    const columns = [0, 2, 1, 0, -1, 2];
    const known = [true, true, true];
    for (let round = 0; round < 50; round++) {
      const told = Uint8Array.from({ length: 4 * columns.length }, () => codes[random.below(5)]);
      const order = permutation(columns.length, random);
      const shuffled = told.map(
        (_, at) => told[Math.floor(at / columns.length) * columns.length + order[at % columns.length]],
      );
      expect(combineLabels(shuffled, { columns: [...order].map((c) => columns[c]), known })).toEqual(
        combineLabels(told, { columns, known }),
      );
    }
  });
});

describe("label states", () => {
  const settled = (code: number, rules: Partial<LabelRules>, known = true): number =>
    settle(Uint8Array.of(code), ["x"], { known: [known] }, { ...cautious, ...rules })[0];

  test("follow the policies for uncertain and blank labels", () => {
    expect(codes.map((code) => settled(code, {}))).toEqual([0, 1, 255, 255, 255]);
    const bold = { uncertain: "negative", blank: "negative" } as const;
    expect(codes.map((code) => settled(code, bold))).toEqual([0, 1, 0, 0, 255]); // that nobody has looked is no label
    expect(settled(uncertain, { uncertain: "positive" })).toBe(1);
    expect(settled(uncertain, { uncertain: "negative" })).toBe(0);
    expect([0, 0.3, 0.505, 1].map((p) => settled(uncertain, { uncertain: p }))).toEqual([100, 130, 151, 200]);
    expect(settled(blank, { blank: "negative" })).toBe(0);
    for (const code of [negative, positive]) {
      expect(settled(code, { uncertain: 0.5, blank: "negative" })).toBe(code);
    }
  });

  test("of a probability are that probability, whatever the policies", () => {
    for (const code of [101, 138, 199])
      expect(settled(code, { uncertain: 0.5, blank: "negative" })).toBe(code);
    expect(settled(138, {}, false)).toBe(255);
  });

  test("have one policy for all classes, or one a class and absent for the others", () => {
    const rules = { uncertain: { a: 0.8, b: "positive" }, blank: { b: "negative" } } as const;
    const all = { known: [true, true, true] };
    const row = (code: number): number[] => [
      ...settle(new Uint8Array(3).fill(code), ["a", "b", "c"], all, rules),
    ];
    expect(row(uncertain)).toEqual([180, 1, 255]);
    expect(row(blank)).toEqual([255, 0, 255]);
  });

  test("of a class that the source does not know are absent, whatever it says", () => {
    for (const code of codes)
      expect(settled(code, { uncertain: "positive", blank: "negative" }, false)).toBe(255);
  });
});
