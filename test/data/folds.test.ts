// Folds of a cross-validation: no patient is in two, and they are alike in images and labels.
import { describe, expect, test } from "vitest";
import { chosenImages, foldsOf } from "../../src/data/assembly/folds.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { DataError } from "../../src/errors/data-errors.ts";
import { absent, positive } from "../../src/labels/states.ts";

const classes = 3;

/** Images of patients that have one to four each; one class is rare, and one is absent in every other image. */
function drawn(source: string, people: number, patientOf: (person: number) => string | undefined): ImageSet {
  const random = randomStream(5, source);
  const patients: (string | undefined)[] = [];
  const states: number[] = [];
  for (let person = 0; person < people; person++) {
    for (let image = random.below(4); image >= 0; image--) {
      patients.push(patientOf(person));
      states.push(random.uniform() < 0.4 ? 1 : 0, random.uniform() < 0.06 ? 1 : 0);
      states.push(patients.length % 2 === 0 ? absent : Number(random.uniform() < 0.3));
    }
  }
  const count = patients.length;
  const pixels = Uint8Array.from({ length: count * 4 }, () => random.below(256));
  return {
    ...{ source, count, height: 2, width: 2, channels: 1, pixels, states: Uint8Array.from(states), patients },
    ids: patients.map((_, row) => `${source}-${row}`),
  };
}

// Every third patient of B is one of A's.
const sets = [
  drawn("A", 120, (person) => `p${person}`),
  drawn("B", 60, (person) => (person % 3 === 0 ? `p${person}` : `q${person}`)),
];

describe("folds", () => {
  test.each([2, 5, 7])(
    "of %d never share a patient, also across sources, and hold every image once",
    async (folds) => {
      const found = await foldsOf(sets, classes, folds, 0);
      const foldOf = new Map<string, number>();
      let shared = 0;
      for (const [s, { patients = [], count }] of sets.entries()) {
        expect(found[s]).toHaveLength(count);
        expect(Math.max(...found[s])).toBe(folds - 1);
        for (const [row, patient] of patients.entries()) {
          const before = foldOf.get(patient ?? "");
          if (before !== undefined) shared++;
          expect(before ?? found[s][row]).toBe(found[s][row]);
          foldOf.set(patient ?? "", found[s][row]);
        }
      }
      expect(shared).toBeGreaterThan(100);
    },
  );

  test("are alike in images and in positive labels of each class, source by source", async () => {
    const folds = 5;
    const found = await foldsOf(sets.slice(0, 1), classes, folds, 0);
    const [{ states, count }] = sets;
    const per = (counts: (row: number) => boolean): number[] =>
      Array.from({ length: folds }, (_, fold) => {
        let sum = 0;
        for (let row = 0; row < count; row++) if (found[0][row] === fold && counts(row)) sum++;
        return sum;
      });
    const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
    expect(spread(per(() => true))).toBeLessThanOrEqual(4);
    for (let k = 0; k < classes; k++) {
      const positives = per((row) => states[row * classes + k] === positive);
      expect(Math.min(...positives)).toBeGreaterThan(0);
      expect(spread(positives)).toBeLessThanOrEqual(4);
    }
  });

  test("follow the seed, and nothing else", async () => {
    const [first, again, other] = await Promise.all([0, 0, 1].map((seed) => foldsOf(sets, classes, 5, seed)));
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test("hold an image without a patient by itself, and its copies with it", async () => {
    const nameless = drawn("C", 20, () => undefined);
    const pixels = (nameless.pixels as Uint8Array).slice();
    for (const row of [3, 9, 21]) pixels.set(pixels.subarray(0, 4), row * 4);
    const [found] = await foldsOf([{ ...nameless, pixels }], classes, 4, 0);
    expect(new Set([0, 3, 9, 21].map((row) => found[row])).size).toBe(1);
    expect(new Set(found).size).toBe(4);
  });

  test("more than there are patients are refused, naming the source", async () => {
    const few = drawn("D", 3, (person) => `d${person}`);
    await expect(foldsOf([sets[0], few], classes, 5, 0)).rejects.toThrow(DataError);
    await expect(foldsOf([sets[0], few], classes, 5, 0)).rejects.toThrow(
      /D: has 3 patients to train on, too few for 5 folds/u,
    );
  });
});

test("chosen images keep their pixels, labels, patients and names", () => {
  const [set] = sets;
  const chosen = chosenImages(set, [4, 2]);
  expect([chosen.count, chosen.ids, chosen.patients]).toEqual([
    2,
    [set.ids?.[4], set.ids?.[2]],
    [set.patients?.[4], set.patients?.[2]],
  ]);
  expect(chosen.states.slice(0, 3)).toEqual(set.states.slice(12, 15));
  const rows = chosen.pixels as Exclude<typeof chosen.pixels, Uint8Array>;
  expect(rows.row(1)).toEqual({ home: set.pixels, slot: 2 });
});
