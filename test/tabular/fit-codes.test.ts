import { describe, expect, test } from "vitest";
import { randomStream, type Random } from "../../src/data/random-stream.ts";
import { cellWithin, everything } from "../../src/tabular/cell-domain.ts";
import { codeCells } from "../../src/tabular/codes/code-cells.ts";
import { fitCodes } from "../../src/tabular/codes/fit-codes.ts";
import { roundestBetween } from "../../src/tabular/codes/round-edges.ts";
import type { TypedColumn, TypedTable } from "../../src/metrics/tables/typed-columns.ts";

const numbers = (name: string, values: readonly number[]): TypedColumn => ({
  name,
  kind: "number",
  values: Float64Array.from(values),
});
const names = (name: string, values: readonly string[]): TypedColumn => ({ name, kind: "category", values });
const tableOf = (...columns: TypedColumn[]): TypedTable => ({ rows: columns[0].values.length, columns });
const made = (rows: number, make: (row: number) => number): number[] =>
  Array.from({ length: rows }, (_, row) => make(row));

/** Columns of numbers as tables have them: dense, with spikes, with tails, whole, with few values, with holes. */
const shapes: Readonly<Record<string, (random: Random) => number>> = {
  normal: ({ normal }) => normal(),
  "long tail": ({ normal }) => Math.exp(3 * normal()),
  "whole, wide": ({ normal }) => Math.round(100_000 + 40_000 * normal()),
  "whole, narrow": ({ below }) => below(90),
  "zero with a tail": ({ uniform, below }) => (uniform() < 0.87 ? 0 : 1000 + below(30_000)),
  "one far away": ({ uniform }) => (uniform() < 0.004 ? 5e7 + 1e6 * uniform() : 1000 * uniform()),
  "with holes": ({ uniform, normal }) => (uniform() < 0.1 ? NaN : normal()),
  "two decimals": ({ below }) => below(5000) / 100,
};

describe("codes of numbers", () => {
  for (const [shape, draw] of Object.entries(shapes)) {
    for (const rows of [100, 137, 1000, 20_000]) {
      test(`${shape}, ${rows} rows: at least ten rows are behind every code, and no edge of a bin is one person's`, () => {
        const random = randomStream(rows, shape);
        const values = made(rows, () => draw(random));
        const { columns, cells } = fitCodes(tableOf(numbers("x", values)));
        const [{ codes, shares }] = columns;
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
        const counts = new Map<number, number>();
        for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
        const ascending = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
        for (const [k, code] of codes.entries()) {
          expect(cells[0].filter((cell) => cell === k).length).toBeGreaterThanOrEqual(10);
          if (code.kind === "value") expect(counts.get(code.value as number)).toBeGreaterThanOrEqual(10);
          if (code.kind !== "bin") continue;
          expect(code.low).toBeLessThanOrEqual(code.high);
          // The lowest and highest few are outside: none of them moves an edge to itself.
          const isOfFew = (value: number): boolean => (counts.get(value) ?? 0) < 10;
          if (isOfFew(ascending[0])) expect(code.low).toBeGreaterThan(ascending[0]);
          if (isOfFew(ascending[ascending.length - 1]))
            expect(code.high).toBeLessThan(ascending[ascending.length - 1]);
          if (code.step === 0 && shape !== "two decimals") {
            expect(counts.has(code.low)).toBe(false);
            expect(counts.has(code.high)).toBe(false);
          }
        }
      });
    }
  }

  test("the edges do not move when one of the outermost people has another number", () => {
    const random = randomStream(1, "edges");
    const values = made(2000, () => random.normal()).sort((a, b) => a - b);
    const far = [...values.slice(0, -1), 1e9];
    expect(fitCodes(tableOf(numbers("x", far))).columns).toEqual(
      fitCodes(tableOf(numbers("x", values))).columns,
    );
  });

  test("codes ascend with the values, the missing code first, and a spike keeps its share", () => {
    const random = randomStream(2, "spike");
    const values = made(5000, (row) =>
      row % 50 === 0 ? NaN : random.uniform() < 0.46 ? 40 : Math.round(40 + 12 * random.normal()),
    );
    const { columns, cells } = fitCodes(tableOf(numbers("hours", values)));
    const [{ codes, shares, isOrdered }] = columns;
    expect(isOrdered).toBe(true);
    expect(codes[0].kind).toBe("missing");
    const medians = codes.slice(1).map((_, k) => {
      const held = values.filter((_value, row) => cells[0][row] === k + 1).sort((a, b) => a - b);
      return held[held.length >> 1];
    });
    expect(medians.every((median, k) => k === 0 || median > medians[k - 1])).toBe(true);
    const spike = codes.findIndex((code) => code.kind === "value" && code.value === 40);
    expect(shares[spike]).toBeCloseTo(values.filter((value) => value === 40).length / 5000, 12);
  });

  test("what is decoded is of the same code again, and whole where the column is", () => {
    const random = randomStream(3, "decode");
    const values = made(3000, () => Math.round(200_000 * random.uniform()));
    const coded = fitCodes(tableOf(numbers("x", values)));
    const drawn = Array.from(
      coded.cells[0],
      (code) => cellWithin(everything("number"), coded.columns[0].codes[code], random) as number,
    );
    expect(drawn.every(Number.isInteger)).toBe(true);
    expect(codeCells(tableOf(numbers("x", drawn)), coded.columns)[0]).toEqual(coded.cells[0]);
    expect(coded.columns[0].codes.length).toBeGreaterThan(80);
    expect(coded.columns[0].codes.length).toBeLessThanOrEqual(100);
  });

  test("what is decoded has the decimals of the column, and all of its numbers are in some bin", () => {
    for (const decimals of [1, 2, 3]) {
      const random = randomStream(decimals, "decimals");
      const grid = 10 ** decimals;
      const values = made(3000, () => (random.below(3 * grid) - grid) / grid);
      values[0] = Math.PI;
      const { columns } = fitCodes(tableOf(numbers("x", values)));
      const [column] = columns;
      const drawn = new Set<number>();
      for (const code of column.codes) {
        for (let at = 0; at < 300; at++) {
          const value = cellWithin(everything("number"), code, random) as number;
          expect(value).toBe(Number(value.toFixed(decimals)));
          drawn.add(value);
        }
      }
      const bins = column.codes.filter((code) => code.kind === "bin");
      if (bins.length === 0) continue;
      const [low, high] = [Math.min(...bins.map((bin) => bin.low)), Math.max(...bins.map((bin) => bin.high))];
      const inside = new Set(values.slice(1).filter((value) => value >= low && value <= high));
      expect([...inside].filter((value) => !drawn.has(value)).length).toBeLessThan(0.02 * inside.size);
    }
  });

  test("the tails of a long column have finer bins than its middle", () => {
    const random = randomStream(4, "tails");
    const coded = fitCodes(
      tableOf(
        numbers(
          "x",
          made(30_000, () => Math.exp(2 * random.normal())),
        ),
      ),
    );
    const { shares } = coded.columns[0];
    expect(shares[shares.length - 1]).toBeLessThan(0.3 * shares[50]);
  });
});

describe("codes of categories", () => {
  test("rare ones are merged under a name, the frequent ones stay, a missing cell is a code where ten are missing", () => {
    const values = [
      ...Array<string>(60).fill("a"),
      ...Array<string>(30).fill("b"),
      ...Array<string>(9).fill("c"),
      ...Array<string>(9).fill("d"),
      ...Array<string>(12).fill(""),
    ];
    const { columns, cells } = fitCodes(tableOf(names("x", values)));
    expect(columns[0].codes).toEqual([
      { kind: "missing" },
      { kind: "value", value: "a" },
      { kind: "value", value: "b" },
      { kind: "rare", name: "other" },
    ]);
    expect([...columns[0].shares]).toEqual([12 / 120, 60 / 120, 30 / 120, 18 / 120]);
    expect(cells[0][95]).toBe(3);
  });

  test("merged categories that are too few even together have no code: their cells take one of the others", () => {
    const values = [
      ...Array<string>(99).fill("a"),
      ...Array<string>(60).fill("b"),
      ...Array<string>(9).fill("Holand-Netherlands"),
    ];
    const { columns, cells } = fitCodes(tableOf(names("x", values)));
    expect(JSON.stringify(columns)).not.toContain("Holand");
    expect(columns[0].codes).toHaveLength(2);
    expect(Math.min(...cells[0])).toBe(0);
  });

  test("rare ones join a category that bears the name of the merged ones", () => {
    const values = [...Array<string>(99).fill("a"), ...Array<string>(60).fill("other"), "c", "d"];
    const { columns } = fitCodes(tableOf(names("x", values)));
    expect(columns[0].codes).toEqual([
      { kind: "value", value: "a" },
      { kind: "rare", name: "other" },
    ]);
    expect(columns[0].shares[1]).toBe(62 / 161);
  });

  test("a name of fewer than ten rows is nowhere among the codes of random tables", () => {
    for (let table = 0; table < 30; table++) {
      const random = randomStream(table, "names");
      const values = made(100 + random.below(900), () => Math.floor(60 * random.uniform() ** 3)).map(
        (each) => `name ${each}.`,
      );
      const { columns, cells } = fitCodes(tableOf(names("x", values)));
      const kept = JSON.stringify(columns);
      for (const name of new Set(values)) {
        if (values.filter((each) => each === name).length < 10)
          expect(kept).not.toContain(JSON.stringify(name));
      }
      for (const k of columns[0].codes.keys())
        expect(cells[0].filter((cell) => cell === k).length).toBeGreaterThanOrEqual(10);
    }
  });
});

test("too few rows, a column of rare names only, and a measure under ten are refused", () => {
  expect(() =>
    fitCodes(
      tableOf(
        numbers(
          "x",
          made(99, (row) => row),
        ),
      ),
    ),
  ).toThrow(/99 rows: too few to learn from and to keep private/u);
  expect(() =>
    fitCodes(
      tableOf(
        numbers(
          "x",
          made(200, (row) => row),
        ),
      ),
      { least: 5 },
    ),
  ).toThrow(/from 10 up, not 5/u);
  const { columns } = fitCodes(tableOf(names("x", made(200, (row) => row).map(String))));
  expect(columns[0].codes).toEqual([{ kind: "rare", name: "other" }]);
});

test("the roundest number between two others", () => {
  expect(roundestBetween(812_345, 1_130_001, true)).toBe(1_000_000);
  expect(roundestBetween(83, 84, true)).toBe(84);
  expect(roundestBetween(-3, 5, true)).toBe(0);
  expect(roundestBetween(0.2871, 0.3112, false)).toBe(0.3);
  expect(roundestBetween(-1234.5, -1190.2, false)).toBe(-1200);
  expect(roundestBetween(0, 7, true)).toBe(5);
  const next = 1 + Number.EPSILON;
  expect(roundestBetween(1, next, false)).toBe(next);
});
