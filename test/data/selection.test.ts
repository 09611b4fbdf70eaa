// Which records an entry takes: rows, parts, columns and labels, and what limits keep of them.
import { describe, expect, test } from "vitest";
import { rawLabel } from "../../src/labels/raw-labels.ts";
import type { Listing } from "../../src/data/catalogue/listing.ts";
import {
  keepWithin,
  numberIn,
  positiveLimits,
  select,
  whyNoneTaken,
} from "../../src/data/catalogue/selection.ts";
import type { Remark } from "../../src/data/catalogue/remarks.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const refuse = (path: readonly PropertyKey[], reason: string): never => {
  throw new Error(`${path.join(".")} ${reason}`);
};

/** 60 images of 20 patients, in two views; image i shows label i % 3. */
const labelNames = ["mass", "nodule", "hernia"];
const listing: Listing = {
  labelNames,
  records: Array.from({ length: 60 }, (_, i) => ({
    id: `${i}.png`,
    image: { kind: "file", file: `/images/${i}.png` },
    patient: `p${i % 20}`,
    row: { view: i % 2 === 0 ? "AP" : "PA", age: i % 10 === 0 ? "" : String(20 + i), ward: `${i % 4}.0` },
  })),
  rawLabels: Uint8Array.from({ length: 180 }, (_, at) =>
    Math.floor(at / 3) % 3 === at % 3 ? rawLabel.positive : rawLabel.negative,
  ),
};

describe("an entry takes", () => {
  test("all images, when nothing is said", () => {
    expect(select(listing, {}, refuse)).toEqual([...Array(60).keys()]);
  });

  test("rows by their place, counted from 1, both ends included", () => {
    expect(select(listing, { rows: { from: 3, to: 5 } }, refuse)).toEqual([2, 3, 4]);
    expect(select(listing, { rows: { from: 59 } }, refuse)).toEqual([58, 59]);
    expect(() => select(listing, { rows: { from: 61 } }, refuse)).toThrow(
      "rows.from is 61, but this source has 60",
    );
  });

  test("images whose columns say a value, one of several, or a number within limits; a blank is no number", () => {
    expect(select(listing, { where: { view: "PA" } }, refuse)).toHaveLength(30);
    expect(select(listing, { where: { view: ["PA", "AP"] } }, refuse)).toHaveLength(60);
    expect(select(listing, { where: { age: { min: 20, max: 25 } } }, refuse)).toEqual([1, 2, 3, 4, 5]);
    expect(select(listing, { where: { ward: 3 } }, refuse)).toHaveLength(15); // 3.0 is 3
    expect(select(listing, { where: { view: "AP", age: { max: 24 } } }, refuse)).toEqual([2, 4]);
  });

  test("no image by a column in which its rows differ, and none that was left out", () => {
    const [first, second, ...others] = listing.records;
    const row = { view: "AP", age: "30", ward: "1" };
    const records = [
      { ...first, row, otherRows: [{ ...row, ward: "1.0", view: "PA" }] },
      { ...second, leftOut: true as const },
    ];
    const joined = { ...listing, records: [...records, ...others] };
    expect(() => select(joined, { where: { view: "AP" } }, refuse)).toThrow(
      /^where\.view cannot choose images: "0\.png" has several rows, with "AP" and with "PA" in this column/u,
    );
    expect(select(joined, { where: { ward: 1 }, rows: { from: 1, to: 6 } }, refuse)).toEqual([0, 5]);
  });

  test("images that are positive for one of the labels it holds, and not those that probably are", () => {
    const soft = { ...listing, rawLabels: listing.rawLabels.map((code, at) => (at === 0 ? 199 : code)) };
    expect(select(soft, { holds: ["mass"], rows: { from: 1, to: 4 } }, refuse)).toEqual([3]);
    expect(select(listing, { holds: ["hernia", "mass"] }, refuse)).toEqual(
      [...Array(60).keys()].filter((i) => i % 3 !== 1),
    );
  });

  test("nothing by a column, value or label that there is not, but names the nearest", () => {
    const fail = (choice: Parameters<typeof select>[1]) => (): unknown => select(listing, choice, refuse);
    expect(fail({ where: { veiw: "AP" } })).toThrow(/^where\.veiw is no column.*did you mean "view"\?/u);
    expect(fail({ where: { view: ["AP", "P A"] } })).toThrow(
      /^where\.view\.1 is "P A", which no image has there; the column holds "AP", "PA"; "P A" is nearly "PA"$/u,
    );
    expect(fail({ holds: ["mas"] })).toThrow(/^holds\.0 names "mas".*did you mean "mass"\?/u);
    const bare = { ...listing, records: listing.records.map(({ id, image }) => ({ id, image })) };
    expect(() => select(bare, { where: { view: "AP" } }, refuse)).toThrow(
      "no column of this source: it has none",
    );
  });

  test("parts that share no image and no patient, and together are all of them, under any filter", () => {
    for (const of of [2, 3, 7]) {
      const dealt = Array.from({ length: of }, (_, i) =>
        select(listing, { part: { index: i + 1, of } }, refuse),
      );
      expect(dealt.flat().sort((a, b) => a - b)).toEqual([...Array(60).keys()]);
      const patients = dealt.map((part) => new Set(part.map((i) => listing.records[i].patient)));
      expect(patients.reduce((sum, set) => sum + set.size, 0)).toBe(20);
      for (const [i, part] of dealt.entries()) {
        const both = select(listing, { part: { index: i + 1, of }, where: { view: "PA" } }, refuse);
        expect(both).toEqual(part.filter((index) => index % 2 === 1));
      }
    }
  });
});

describe("a filter that does not understand a cell", () => {
  const ages = ["58", "071Y", "006M", "about 60", "", "nan", "44,5", "about 60"];
  const films: Listing = {
    labelNames: ["Mass", "mass"],
    records: ages.map((age, i) => ({
      id: `${i}.png`,
      image: { kind: "file", file: `/${i}.png` },
      row: { age, view: ["PA", "pa", "AP", "PA"][i % 4] },
    })),
    rawLabels: Uint8Array.from({ length: 16 }, (_, at) =>
      at % 3 === 0 ? rawLabel.positive : rawLabel.negative,
    ),
  };
  const remarksOf = (choice: Parameters<typeof select>[1]): [number[], Omit<Remark, "source">[]] => {
    const told: Omit<Remark, "source">[] = [];
    const remark = (each: Omit<Remark, "source">): void => void told.push(each);
    return [select(films, choice, refuse, { entry: "A", remark }), told];
  };

  test("counts cells that are no number, and apart from them those without a value", () => {
    const [taken, told] = remarksOf({ where: { age: { min: 18 } } });
    expect(taken).toEqual([0, 1]);
    expect(told).toEqual([
      {
        kind: "cells-without-number",
        sentence:
          '"A" is filtered by numbers under where.age: 3 images have no number there, such as "about 60", and 2 images have no value ' +
          "there; such images are not taken.",
        cases: [
          { name: "about 60", count: 2 },
          { name: "44,5", count: 1 },
          { name: "", count: 2, example: "no value" },
        ],
      },
    ]);
    expect(remarksOf({ where: { view: "AP" } })).toEqual([[2, 6], []]);
  });

  test("reads ages as DICOM has them in years, and guesses no decimal comma", () => {
    expect(["058Y", "006M", "026W", "487d", "58", "5.8e1", "-1"].map(numberIn)).toEqual([
      ...[58, 0.5, 182 / 365.25, 487 / 365.25, 58, 58, -1],
    ]);
    expect(
      ["", "4,5", "0x10", "Infinity", "58 Y", "0058Y", "Y"].filter((text) => !Number.isNaN(numberIn(text))),
    ).toEqual([]);
    expect(remarksOf({ where: { age: { max: 1 } } })[0]).toEqual([2]);
    expect(remarksOf({ where: { age: 71 } })[0]).toEqual([1]);
  });

  test("tells what it leaves although it is nearly what it takes", () => {
    const [taken, told] = remarksOf({ where: { view: "PA" } });
    expect(taken).toEqual([0, 3, 4, 7]);
    expect(told.map(({ kind, sentence }) => [kind, sentence])).toEqual([
      [
        "guess",
        '"A" is filtered under where.view, and "pa" (2 images) is not taken, although it is nearly "PA": name both if they mean the same.',
      ],
    ]);
    expect(remarksOf({ holds: ["Mass"] })[1].map(({ cases }) => cases)).toEqual([
      [{ name: "mass", count: 3, example: 'nearly "Mass"' }],
    ]);
  });

  test("says which filter left none, and why", () => {
    expect(whyNoneTaken(films, { rows: { from: 4 }, where: { view: "PA", age: { min: 18 } } }, refuse)).toBe(
      "rows leaves 5 of 8 images, where.view leaves 3 of these 5, where.age leaves none of these 3: 3 images have no number there, " +
        'such as "about 60", and 2 images have no value there',
    );
    expect(whyNoneTaken(films, { where: { age: { min: 99 } } }, refuse)).toMatch(
      /^where\.age leaves none of 8 images: /u,
    );
  });
});

describe("a limit", () => {
  const width = 3;
  const indices = [...Array(200).keys()];
  const random = randomStream(11, "states");
  /** Multi-label images, with absent and soft labels among them. */
  const states = Uint8Array.from({ length: 200 * width }, () => [0, 0, 0, 1, 1, 255, 150][random.below(7)]);
  const positivesOf = (kept: readonly number[]): number[] =>
    [0, 1, 2].map((k) => kept.filter((i) => states[i * width + k] === 1).length);
  const none = [Infinity, Infinity, Infinity];

  test("that is not reached keeps everything", () => {
    expect(keepWithin(indices, states, { images: 200, positives: none }, 1, "A")).toEqual(indices);
  });

  test("of images keeps exactly so many, the same for one seed and name, others for another", () => {
    const keep = (seed: number, name: string): number[] =>
      keepWithin(indices, states, { images: 40, positives: none }, seed, name);
    expect(keep(1, "A")).toHaveLength(40);
    expect(keep(1, "A")).toEqual(keep(1, "A"));
    expect(keep(1, "A")).not.toEqual(keep(2, "A"));
    expect(keep(1, "A")).not.toEqual(keep(1, "B"));
    expect(keep(1, "A")).toEqual(keep(1, "A").toSorted((a, b) => a - b));
  });

  test("of positives is never passed, and leaves out only images of a class that is full", () => {
    for (const positives of [
      [10, 10, 10],
      [5, Infinity, 20],
      [Infinity, 1, Infinity],
    ]) {
      const kept = keepWithin(indices, states, { images: Infinity, positives }, 1, "A");
      const counts = positivesOf(kept);
      for (const [k, most] of positives.entries()) expect(counts[k]).toBeLessThanOrEqual(most);
      const full = counts.map((n, k) => n === positives[k]);
      const keptSet = new Set(kept);
      for (const i of indices) {
        if (keptSet.has(i)) continue;
        const row = [...states.subarray(i * width, (i + 1) * width)];
        expect(row.some((state, k) => state === 1 && full[k])).toBe(true);
      }
    }
  });

  test("is one number for all classes, or one a class", () => {
    expect(positiveLimits(undefined, ["a", "b"])).toEqual([Infinity, Infinity]);
    expect(positiveLimits(3, ["a", "b"])).toEqual([3, 3]);
    expect(positiveLimits({ b: 4 }, ["a", "b"])).toEqual([Infinity, 4]);
  });
});
