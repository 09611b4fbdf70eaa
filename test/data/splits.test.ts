// Splits: no patient in two parts nor in two parts of two sources, fractions that are met, lists that mean what they say.
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors/data-errors.ts";
import { parts } from "../../src/data/catalogue/listing.ts";
import type { Part } from "../../src/data/catalogue/listing.ts";
import { permutation } from "../../src/data/assembly/order.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { nameOnList } from "../../src/data/catalogue/name-on-list.ts";
import type { SplitList } from "../../src/data/catalogue/split-lists.ts";
import {
  splitByImage,
  splitByList,
  splitByPatient,
  splitOfficially,
} from "../../src/data/catalogue/splits.ts";
import type { ListFit, Placed } from "../../src/data/catalogue/splits.ts";

const fractions = { train: 0.6, validation: 0.15, test: 0.25 };

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
  test("has no patient in two parts, and parts about as large as their fractions", () => {
    const total = { train: 0, validation: 0, test: 0 };
    for (let seed = 0; seed < 20; seed++) {
      const records = hospital(200, 9, seed);
      const partOf = splitByPatient(records, { seed, ...fractions });
      const home = new Map<string | undefined, Part>();
      for (const [i, { patient }] of records.entries()) {
        expect(home.get(patient) ?? partOf[i]).toBe(partOf[i]);
        home.set(patient, partOf[i]);
      }
      for (const part of parts) {
        // Images of 200 patients, two thirds of them as good as independent: four standard deviations.
        expect(Math.abs(share(partOf, part) - fractions[part])).toBeLessThan(4 * Math.sqrt(0.25 / 130));
        total[part] += share(partOf, part) / 20;
      }
    }
    for (const part of parts) expect(Math.abs(total[part] - fractions[part])).toBeLessThan(0.03);
  });

  test("puts a patient where the name says, whatever else the table holds", () => {
    const split = { seed: 0, ...fractions };
    const home = (records: readonly Placed[]): Map<string | undefined, Part> => {
      const partOf = splitByPatient(records, split);
      return new Map(records.map(({ patient }, i) => [patient, partOf[i]]));
    };
    const [small, large] = [home(hospital(60, 4, 1)), home(hospital(500, 7, 2))];
    for (const [patient, part] of small) expect(large.get(patient)).toBe(part);
    const records = hospital(60, 4, 1);
    const order = [...permutation(records.length, randomStream(3, "order"))];
    expect(home(order.map((i) => records[i]))).toEqual(expect.objectContaining(small));
    const partOf = splitByPatient(records, split);
    expect(splitByPatient(records, { ...split, seed: 1 })).not.toEqual(partOf);
  });

  test("takes an image without a patient for a patient of its own", () => {
    const records = Array.from({ length: 2000 }, (_, i) => ({ id: `${i}` }));
    const partOf = splitByPatient(records, { seed: 0, ...fractions });
    for (const part of parts) expect(Math.abs(share(partOf, part) - fractions[part])).toBeLessThan(0.04);
  });

  test("leaves a part without a fraction empty", () => {
    const half = { seed: 0, train: 0.5, validation: 0, test: 0.5 } as const;
    const partOf = splitByPatient(hospital(30, 3, 2), half);
    expect(new Set(partOf)).toEqual(new Set(["train", "test"]));
    expect(new Set(splitByPatient(hospital(30, 3, 2), { ...half, train: 1, test: 0 }))).toEqual(
      new Set(["train"]),
    );
  });
});

test("a split by image meets its fractions to within one image, whoever they are of, in any order", () => {
  const records = hospital(5, 40, 1);
  const split = { seed: 0, ...fractions };
  const partOf = splitByImage(records, split);
  for (const part of parts) {
    expect(Math.abs(share(partOf, part) - fractions[part])).toBeLessThanOrEqual(1 / records.length);
  }
  const order = [...permutation(records.length, randomStream(3, "order"))];
  const shuffled = order.map((i) => records[i]);
  expect(splitByImage(shuffled, split)).toEqual(order.map((i) => partOf[i]));
});

test("an official split trains on what the publishers do not place", () => {
  expect(splitOfficially([{ part: "test" }, {}, { part: "validation" }])).toEqual([
    "test",
    "train",
    "validation",
  ]);
});

describe("a split by list", () => {
  const listed = (names: Readonly<Record<string, Part>>): SplitList => ({
    parts: new Map(
      Object.entries(names).map(([name, part]) => [
        nameOnList(name),
        { name, part, complain: (reason) => new DataError("list.txt", reason) },
      ]),
    ),
    repeated: [],
  });
  const fit = (ids: readonly string[], names: Readonly<Record<string, Part>>): ListFit =>
    splitByList(
      ids.map((id) => ({ id })),
      listed(names),
    );
  const split = (...asked: Parameters<typeof fit>): readonly (Part | undefined)[] => fit(...asked).partOf;

  test("finds images by their names, and leaves out the rest", () => {
    expect(split(["x/b.png", "c.png", "d.png"], { "x/b.png": "validation", "c.png": "train" })).toEqual([
      ...["validation", "train", undefined],
    ]);
  });

  test("reads the backslashes of Windows as slashes, in the names of images", () => {
    expect(split(["x\\b.png", "x/c.png"], { "x/b.png": "test", "x/c.png": "train" })).toEqual([
      "test",
      "train",
    ]);
  });

  test("does not take an image for another one of the same name in another folder", () => {
    expect(split(["cat/3.png", "dog/3.png"], { "cat/3.png": "test" })).toEqual(["test", undefined]);
    const frontal = (patient: number): string => `train/patient0000${patient}/study1/view1_frontal.jpg`;
    expect(split([1, 2, 3].map(frontal), { [frontal(2)]: "test" })).toEqual([undefined, "test", undefined]);
    expect(split(["3.png", "dog/3.png"], { "3.png": "test" })).toEqual(["test", undefined]);
    expect(split(["dog/3.png", "3.png"], { "3.png": "test" })).toEqual([undefined, "test"]);
  });

  test("takes a name without a folder for the one image that ends in it; of two, it is an error", () => {
    expect(split(["dog/3.png", "dog/4.png"], { "3.png": "test" })).toEqual(["test", undefined]);
    expect(() => split(["cat/3.png", "dog/3.png"], { "3.png": "test" })).toThrow(
      'list.txt: names "3.png", which may be "cat/3.png" or "dog/3.png": write the images\' names with their folders',
    );
  });

  test("finds names in another Unicode form, with backslashes, or with ./ in front", () => {
    const [nfc, nfd] = ["NFC", "NFD"].map((form) => "x/lésion.png".normalize(form));
    expect(
      split([nfd, "x/a.png", "b.png"], { [nfc]: "test", "x\\a.png": "test", "./b.png": "train" }),
    ).toEqual([...["test", "test", "train"]]);
  });

  test("tells the names that no image has, and those of an image that is on the list already", () => {
    const names = { "x/a.png": "train", "a.png": "train", "gone.png": "test", "y/b.png": "test" } as const;
    expect(fit(["x/a.png", "x/b.png"], names)).toEqual({
      partOf: ["train", undefined],
      unmatched: ["gone.png", "y/b.png"],
      repeated: ["a.png"],
    });
  });

  test("refuses two names of one image in two parts", () => {
    expect(() => split(["x/a.png"], { "x/a.png": "train", "a.png": "test" })).toThrow(
      'list.txt: puts "a.png" into test, but the only image of that name is in train too, as "x/a.png"',
    );
  });
});
