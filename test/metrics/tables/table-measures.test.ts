// Each measure of tables against small cases that are counted by hand.

import { describe, expect, test } from "vitest";
import { closestRecords } from "../../../src/metrics/tables/closest-records.ts";
import { columnShapes } from "../../../src/metrics/tables/column-shapes.ts";
import { binStarts, commonCodes } from "../../../src/metrics/tables/common-codes.ts";
import { disclosure } from "../../../src/metrics/tables/disclosure.ts";
import { equalRows, exactCopies } from "../../../src/metrics/tables/exact-copies.ts";
import {
  association,
  columnPairs,
  columnTriples,
  correlationShape,
  jointShapes,
  setsOfColumns,
} from "../../../src/metrics/tables/joint-shapes.ts";
import { nearestDistances, recordMeasure } from "../../../src/metrics/tables/record-distances.ts";
import type { NumberColumn, TypedTable } from "../../../src/metrics/tables/typed-columns.ts";
import {
  independentColumns,
  rowsOf,
  shuffledRows,
  someRows,
} from "../../../src/metrics/tables/typed-rows.ts";
import { valueCoverage } from "../../../src/metrics/tables/value-coverage.ts";
import { tableOf } from "./small-tables.ts";

const numbersOf = (...values: number[]): NumberColumn => ({
  ...{ name: "n", kind: "number" },
  values: Float64Array.from(values),
});

describe("the shape of a column", () => {
  test("is one less the total variation of categories, a missing cell among them", () => {
    // Shares .5 a, .25 b, .25 missing against .5 a, .5 c: half of .25 + .25 + .5.
    const found = columnShapes(tableOf({ k: ["a", "a", "b", ""] }), tableOf({ k: ["a", "c"] }));
    expect(found[0]).toBeCloseTo(0.5, 12);
  });

  test("is one less the largest difference of cumulative shares of numbers", () => {
    // Up to 2: 1/2 against 1; up to 1: 1/4 against 1/2.
    expect(columnShapes(tableOf({ n: [1, 2, 3, 4] }), tableOf({ n: [1, 2] }))[0]).toBeCloseTo(0.5, 12);
    expect(columnShapes(tableOf({ n: [0, 0, 0, 7] }), tableOf({ n: [0, 0, 0, 7] }))[0]).toBe(1);
  });

  test("counts a missing number as one below all others", () => {
    const found = columnShapes(tableOf({ n: [NaN, 1, 1, 1] }), tableOf({ n: [1, 1, 1, 1] }));
    expect(found[0]).toBeCloseTo(0.75, 12);
    expect(columnShapes(tableOf({ n: [NaN, NaN] }), tableOf({ n: [NaN] }))[0]).toBe(1);
    expect(columnShapes(tableOf({ n: [NaN, NaN] }), tableOf({ n: [3] }))[0]).toBe(0);
  });

  test("is 0 where two tables share no value", () => {
    expect(columnShapes(tableOf({ k: ["a"], n: [1] }), tableOf({ k: ["b"], n: [2] }))).toEqual([0, 0]);
  });

  test("tables with other columns are refused", () => {
    const shapes = (other: TypedTable): unknown => columnShapes(tableOf({ k: ["a"] }), other);
    expect(() => shapes(tableOf({ l: ["a"] }))).toThrow(/other columns \("l", category\)/u);
    expect(() => shapes(tableOf({ k: [1] }))).toThrow(/other columns \("k", number\)/u);
    expect(() => shapes(tableOf({ k: ["a"], l: ["a"] }))).toThrow(/other columns/u);
    expect(() => shapes(tableOf({ k: [] }))).toThrow(/no rows/u);
  });
});

describe("codes that tables have in common", () => {
  test("bins begin at the least value and at deciles", () => {
    const values = Array.from({ length: 100 }, (_, i) => i);
    expect(binStarts(numbersOf(...values))).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  test("a value on which several deciles fall is a bin of its own", () => {
    const spike = [...Array<number>(80).fill(0), ...Array.from({ length: 20 }, (_, i) => 5 + i)];
    expect(binStarts(numbersOf(-3, -2, ...spike))).toEqual([-3, 0, 5, 14]);
    expect(binStarts(numbersOf(7, 7, 7))).toEqual([7]);
    expect(binStarts(numbersOf(NaN))).toEqual([]);
  });

  test("missing cells are the first code, and what the reference does not have is the last", () => {
    const common = commonCodes(tableOf({ k: ["b", "a", ""], n: [1, 1, 1] }));
    expect(common.sizes).toEqual([4, 3]);
    const [k, n] = common.codesOf(tableOf({ k: ["", "a", "b", "new"], n: [NaN, 0, 1, 9] }));
    expect([...k]).toEqual([0, 1, 2, 3]);
    expect([...n]).toEqual([0, 1, 1, 1]);
  });
});

describe("pairs and triples", () => {
  const first = tableOf({ a: ["x", "x", "y", "y"], b: ["u", "u", "v", "v"], c: ["p", "q", "p", "q"] });
  const second = tableOf({ a: ["x", "x", "y", "y"], b: ["u", "v", "u", "v"], c: ["p", "q", "p", "q"] });

  test("are one less the total variation of their contingency tables", () => {
    const common = commonCodes(first);
    const codes = [first, second].map((table) => common.codesOf(table));
    // a, b: half xu, half yv against a quarter each. a, c are the same; so are b, c.
    expect(
      jointShapes(common, codes[0], codes[1], [
        [0, 1],
        [0, 2],
        [1, 2],
      ]),
    ).toEqual([0.5, 1, 0.5]);
    // xup xuq yvp yvq against xup xvq yup yvq.
    expect(jointShapes(common, codes[0], codes[1], [[0, 1, 2]])).toEqual([0.5]);
  });

  test("are all of them, or as many as asked for, drawn by the seed and none twice", () => {
    expect(columnPairs(4, 100, 0)).toHaveLength(6);
    expect(columnTriples(5, 100, 0)).toHaveLength(10);
    expect(columnTriples(2, 60, 0)).toEqual([]);
    expect(columnPairs(1, 60, 0)).toEqual([]);
    expect(columnTriples(4, 4, 0)).toEqual([
      [0, 1, 2],
      [0, 1, 3],
      [0, 2, 3],
      [1, 2, 3],
    ]);
    expect(setsOfColumns(13, 2)).toBe(78);
    expect(setsOfColumns(13, 3)).toBe(286);
    expect(columnPairs(4096, 2000, 0)).toHaveLength(2000);
    const drawn = columnTriples(40, 60, 3);
    expect(new Set(drawn.map((triple) => triple.join())).size).toBe(60);
    expect(columnTriples(40, 60, 3)).toEqual(drawn);
    expect(columnTriples(40, 60, 4)).not.toEqual(drawn);
    expect(new Set(columnPairs(40, 50, 0).map((pair) => pair.join())).size).toBe(50);
  });

  test("correlations are compared by the rows that have both numbers", () => {
    const up = tableOf({ x: [1, 2, 3, NaN], y: [2, 4, 6, 0] });
    const down = tableOf({ x: [1, 2, 3, 4], y: [3, 2, 1, 0] });
    expect(correlationShape(up, down, [0, 1])).toBeCloseTo(0, 12); // r = 1 and -1
    expect(correlationShape(up, up, [0, 1])).toBeCloseTo(1, 12);
    expect(correlationShape(up, tableOf({ x: [1, 1], y: [1, 2] }), [0, 1])).toBeNull();
  });

  test("association is 1 where one column gives the other, and 0 where chance gives as much", () => {
    const rows = [...Array(100).keys()];
    const table = tableOf({
      a: rows.map((row) => `a${row % 4}`),
      b: rows.map((row) => `b${row % 4}`),
      c: rows.map((row) => `c${Math.floor(row / 4) % 5}`),
      d: rows.map(() => "one"),
    });
    const common = commonCodes(table);
    const codes = common.codesOf(table);
    expect(association(codes, common.sizes, [0, 1])).toBeCloseTo(1, 12);
    expect(association(codes, common.sizes, [0, 2])).toBe(0);
    expect(association(codes, common.sizes, [0, 3])).toBe(0);
  });
});

test("coverage counts categories and bins of numbers that occur, and what is beyond them", () => {
  const real = tableOf({ k: ["a", "a", "b", "c"], n: [0, 10, 5, NaN] });
  const other = tableOf({ k: ["a", "b", "new", ""], n: [2, 7, 12, 7] });
  const [k, n] = valueCoverage(real, other);
  expect(k).toEqual({
    ...{ share: 2 / 3, categories: 3, lost: [{ name: "c", rows: 1 }], outside: 1 },
    missing: { real: 0, other: 0.25 },
  });
  expect(n).toEqual({ share: 1, categories: 0, lost: [], outside: 1, missing: { real: 0.25, other: 0 } });
  const empty = tableOf({ k: ["", ""], n: [NaN, NaN] });
  expect(valueCoverage(empty, real).map(({ share }) => share)).toEqual([1, 1]);
  expect(valueCoverage(real, empty).map(({ share }) => share)).toEqual([0, 0]);
  expect(valueCoverage(tableOf({ n: [3, 3] }), tableOf({ n: [3, 4] }))[0].share).toBe(1);
  const numbers = (from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, i) => from + i);
  const hundred = tableOf({ n: numbers(0, 100) });
  expect(valueCoverage(hundred, tableOf({ n: numbers(0, 75) }))[0].share).toBe(0.8);
  // What the outermost person has does not show: else it could be computed from the share.
  const longer = tableOf({ n: [...numbers(0, 99), 123_456] });
  expect(valueCoverage(longer, tableOf({ n: numbers(0, 75) }))[0].share).toBe(0.8);
});

describe("distances of records", () => {
  test("are 1 for another category, and the difference of ranks as a share for numbers", () => {
    const table = tableOf({ k: ["a", "b", "a", ""], n: [10, 20, 30, NaN] });
    const measure = recordMeasure([table]);
    const measured = measure.measured(table);
    const from = (row: number, other: number): number => {
      const [one, two] = [row, other].map((at) => measure.measured(rowsOf(table, [at])));
      return nearestDistances(measure, one, two)[0] / measure.most;
    };
    expect(from(0, 2)).toBeCloseTo(2 / 3, 2); // ranks 1 and 3 of 3 numbers
    expect(from(0, 1)).toBeCloseTo(1 + 1 / 3, 2);
    expect(from(0, 3)).toBe(2); // a value and none, twice
    expect(from(3, 3)).toBe(0);
    expect([...nearestDistances(measure, measured, measured)]).toEqual([0, 0, 0, 0]);
  });

  test("copies of training rows are nearer to these, and copies of hold-out rows to those", () => {
    const learned = tableOf({ n: [1, 2, 3, 4], k: ["a", "b", "c", "d"] });
    const unseen = tableOf({ n: [1, 2, 3, 4], k: ["e", "f", "g", "h"] });
    expect(closestRecords(learned, unseen, learned).nearer).toBe(1);
    expect(closestRecords(learned, unseen, unseen).nearer).toBe(0);
    const strangers = tableOf({ n: [1, 2], k: ["x", "y"] });
    expect(closestRecords(learned, unseen, strangers).nearer).toBe(0.5); // a tie counts one half
    const { synthetic, holdout } = closestRecords(learned, unseen, learned);
    expect(synthetic.map(({ distance }) => distance)).toEqual([0, 0, 0, 0]);
    expect(holdout.map(({ distance }) => distance)).toEqual([0.5, 0.5, 0.5, 0.5]);
  });
});

test("exact copies are counted, less those that hold-out rows have by chance", () => {
  const training = tableOf({ k: ["a", "b", "c", "d"], n: [1, 2, NaN, 4] });
  const holdout = tableOf({ k: ["a", "b", "x", "y"], n: [1, 9, 9, 9] });
  const synthetic = tableOf({ k: ["c", "c", "a", "z", "z", "z", "z", "z"], n: [NaN, NaN, 1, 1, 1, 1, 1, 1] });
  expect(equalRows(synthetic, training)).toBe(3);
  // One hold-out row of four is a copy, so that of eight rows two are chance.
  expect(exactCopies(training, holdout, synthetic)).toEqual({
    ...{ copies: 3, rows: 8, ofHoldout: 1, holdoutRows: 4, excess: 1 },
  });
});

describe("disclosure", () => {
  const rows = [...Array(60).keys()];
  const people = tableOf({
    town: rows.map((row) => `town ${row}`),
    illness: rows.map((row) => ["cold", "flu", "gout"][(row * 7) % 3]),
  });
  const others = tableOf({ town: rows.map((row) => `village ${row}`), illness: rows.map(() => "cold") });

  test("is whole where the synthetic table has the rows themselves", () => {
    const found = disclosure(people, others, people, "illness", ["town"]);
    expect(found.synthetic.rate).toBe(1);
    expect(found.synthetic.interval.low).toBeGreaterThan(0.9);
    expect(found.holdout.rate).toBeCloseTo(1 / 3, 12);
    expect(found.majority.rate).toBeCloseTo(1 / 3, 12);
  });

  test("columns that are not there, and the column itself, are refused in a line", () => {
    const attack = (column: string, from: string[]): unknown =>
      disclosure(people, others, people, column, from);
    expect(() => attack("age", ["town"])).toThrow(/no column "age"; they have town, illness/u);
    expect(() => attack("illness", [])).toThrow(/other ones than itself/u);
    expect(() => attack("illness", ["illness"])).toThrow(/other ones than itself/u);
  });
});

describe("rows", () => {
  test("an order has each row once, and follows from seed and stream", () => {
    const order = shuffledRows(1000, 7, 1);
    expect([...order].sort((a, b) => a - b)).toEqual([...Array(1000).keys()]);
    expect(shuffledRows(1000, 7, 1)).toEqual(order);
    expect(shuffledRows(1000, 7, 2)).not.toEqual(order);
    expect(order.findIndex((row, at) => row !== at)).toBeLessThan(10);
  });

  test("some rows keep their order, and independent columns keep their values", () => {
    const table = tableOf({ n: [...Array(50).keys()], k: [...Array(50).keys()].map(String) });
    const some = someRows(table, 20, 0, 1);
    expect(some.rows).toBe(20);
    expect([...some.columns[0].values]).toEqual(
      [...some.columns[0].values].map(Number).sort((a, b) => a - b),
    );
    expect(someRows(table, 50, 0, 1)).toBe(table);
    const shuffled = independentColumns(table, 0);
    expect(columnShapes(table, shuffled)).toEqual([1, 1]);
    expect(equalRows(shuffled, table)).toBeLessThan(8);
  });
});
