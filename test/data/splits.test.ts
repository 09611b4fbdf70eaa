// Splits: no patient in two parts, fractions that are met, and nothing that depends on the order of the records.
import { describe, expect, test } from "vitest";
import { parts } from "../../src/data/listing.ts";
import type { Part } from "../../src/data/listing.ts";
import { permutation } from "../../src/data/order.ts";
import { randomStream } from "../../src/data/random.ts";
import { splitByFractions, splitByList, splitOfficially } from "../../src/data/splits.ts";
import type { Placed } from "../../src/data/splits.ts";

const fractions = { train: 0.6, validation: 0.15, test: 0.25 };
const byPatient = { by: "patient", seed: 0, ...fractions } as const;

/** Images of patients who have one to `most` of them. */
function hospital(patients: number, most: number, seed: number): Placed[] {
  const random = randomStream(seed, "hospital");
  return Array.from({ length: patients }, (_, p) =>
    Array.from({ length: 1 + random.below(most) }, (_, i) => ({ id: `${p}-${i}.png`, patient: `p${p}` })),
  ).flat();
}
const share = (partOf: readonly Part[], part: Part): number =>
  partOf.filter((is) => is === part).length / partOf.length;

describe("a split by patient", () => {
  test("has no patient in two parts, and parts as large as whole patients allow", () => {
    for (let seed = 0; seed < 20; seed++) {
      const records = hospital(40, 9, seed);
      const partOf = splitByFractions(records, { ...byPatient, seed });
      const home = new Map<string | undefined, Part>();
      for (const [i, { patient }] of records.entries()) {
        expect(home.get(patient) ?? partOf[i]).toBe(partOf[i]);
        home.set(patient, partOf[i]);
      }
      // A cut moves by at most half of a patient at either end.
      for (const part of parts) {
        expect(Math.abs(share(partOf, part) - fractions[part])).toBeLessThanOrEqual(9 / records.length);
      }
    }
  });

  test("is the same in any order of the records, another with another seed, and drawn by name alone", () => {
    const records = hospital(60, 4, 1);
    const partOf = splitByFractions(records, byPatient);
    const order = [...permutation(records.length, randomStream(3, "order"))];
    expect(
      splitByFractions(
        order.map((i) => records[i]),
        byPatient,
      ),
    ).toEqual(order.map((i) => partOf[i]));
    expect(splitByFractions(records, { ...byPatient, seed: 1 })).not.toEqual(partOf);
  });

  test("takes an image without a patient for a patient of its own", () => {
    const records = Array.from({ length: 200 }, (_, i) => ({ id: `${i}` }));
    const partOf = splitByFractions(records, byPatient);
    for (const part of parts) expect(share(partOf, part)).toBeCloseTo(fractions[part], 2);
  });

  test("leaves a part without a fraction empty", () => {
    const half = { by: "patient", seed: 0, train: 0.5, validation: 0, test: 0.5 } as const;
    const partOf = splitByFractions(hospital(30, 3, 2), half);
    expect(new Set(partOf)).toEqual(new Set(["train", "test"]));
    expect(new Set(splitByFractions(hospital(30, 3, 2), { ...half, train: 1, test: 0 }))).toEqual(
      new Set(["train"]),
    );
  });
});

test("a split by image meets its fractions to within one image, whoever they are of", () => {
  const records = hospital(5, 40, 1);
  const partOf = splitByFractions(records, { ...byPatient, by: "image" });
  for (const part of parts) {
    expect(Math.abs(share(partOf, part) - fractions[part])).toBeLessThanOrEqual(1 / records.length);
  }
});

test("an official split trains on what the publishers do not place", () => {
  expect(splitOfficially([{ part: "test" }, {}, { part: "validation" }])).toEqual([
    "test",
    "train",
    "validation",
  ]);
});

test("a split by list finds images by their id, or by the last piece of it, and leaves out the rest", () => {
  const listed = new Map<string, Part>([
    ["a.png", "test"],
    ["x/b.png", "validation"],
  ]);
  expect(splitByList([{ id: "deep/a.png" }, { id: "x/b.png" }, { id: "c.png" }], listed)).toEqual([
    "test",
    "validation",
    undefined,
  ]);
});
