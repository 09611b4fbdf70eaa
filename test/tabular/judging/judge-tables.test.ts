// The judge on tables that fail in known ways: each is caught by the measure that is there for it.

import { describe, expect, test } from "vitest";
import type { TypedColumn, TypedTable } from "../../../src/metrics/tables/typed-columns.ts";
import { independentColumns, rowsOf } from "../../../src/metrics/tables/typed-rows.ts";
import { judgeTables } from "../../../src/tabular/judging/judge-tables.ts";
import type { TableJudgement } from "../../../src/tabular/judging/table-judgement.ts";
import { targetOf } from "../../../src/tabular/judging/target-column.ts";
import { randomStream } from "../../../src/data/random-stream.ts";
import { withData } from "../../data/real-data.ts";
import { useEngine } from "../../engines.ts";
import { censusFiles } from "../census.ts";
import { censusTable, tableOf } from "../../metrics/tables/small-tables.ts";

const engine = useEngine({ device: "webgpu" });

/** A table with one of its columns changed. */
function changed(table: TypedTable, name: string, change: (column: TypedColumn) => TypedColumn): TypedTable {
  return {
    ...table,
    columns: table.columns.map((column) => (column.name === name ? change(column) : column)),
  };
}

const some = (table: TypedTable, first: number, count: number): TypedTable =>
  rowsOf(
    table,
    Array.from({ length: count }, (_, row) => first + row),
  );

withData(censusFiles, "of the census, the judge", () => {
  const whole = censusTable("data");
  const [real, holdout, others] = [0, 1, 2].map((part) => some(whole, 2000 * part, 2000));
  const judged = (synthetic: TypedTable, steps = 20): ReturnType<typeof judgeTables> =>
    judgeTables(engine(), { real, synthetic, holdout }, { steps });

  /** What was said of a table without a category. */
  let dropped: TableJudgement;

  test("catches rows that were copied, which no measure of quality does", async () => {
    const { privacy, pairs } = await judged(real);
    expect(privacy.nearer.value).toBeGreaterThan(0.9); // all training rows are at hand; of a part of them it is .74
    expect(privacy.copies.copies).toBe(2000);
    expect(privacy.copies.excess).toBeGreaterThan(1950);
    expect(privacy.closest.synthetic.map(({ distance }) => distance)).toEqual([0, 0, 0, 0]);
    expect(privacy.closest.holdout[3].distance).toBeGreaterThan(0.01);
    expect(pairs.value).toBe(pairs.ceiling);
  });

  test("finds other real rows as good as real rows, and nothing copied", async () => {
    const { shapes, pairs, triples, detection, use, privacy } = await judged(others, 150);
    expect(Math.abs((shapes.value ?? 0) - (shapes.ceiling ?? 0))).toBeLessThan(0.015);
    expect(Math.abs((pairs.value ?? 0) - (pairs.ceiling ?? 0))).toBeLessThan(0.015);
    expect(Math.abs((triples.value ?? 0) - (triples.ceiling ?? 0))).toBeLessThan(0.02);
    expect(Math.abs((detection.value ?? 0) - 0.5)).toBeLessThan(0.05);
    expect(detection.floor).toBeGreaterThan(0.8); // independent columns beside it
    expect(use?.target).toEqual({ column: "income", positive: ">50K", negative: "<=50K" });
    expect(use?.trainOnSynthetic.value).toBeGreaterThan(0.86);
    expect(use?.trainOnSynthetic.ceiling).toBeGreaterThan(0.86);
    expect(use?.trainOnSynthetic.floor).toBeLessThan(0.7);
    expect(Math.abs(privacy.closest.nearer - 0.5)).toBeLessThan(0.05);
    expect(privacy.copies.excess).toBeLessThan(20);
  });

  test("finds independent columns at the floor, whose shapes are perfect", async () => {
    const found = await judged(independentColumns(others, 5));
    expect(found.shapes.value).toBeGreaterThan(0.97);
    expect(Math.abs((found.pairs.value ?? 0) - (found.pairs.floor ?? 0))).toBeLessThan(0.01);
    expect(found.pairs.value).toBeLessThan((found.pairs.ceiling ?? 0) - 0.04);
    expect(found.triples.value).toBeLessThan((found.triples.ceiling ?? 0) - 0.06);
    const { columns, real: own, synthetic } = found.associations;
    const [i, j] = ["relationship", "sex"].map((name) => columns.indexOf(name));
    expect(own[i][j]).toBeGreaterThan(0.6);
    expect(synthetic[i][j]).toBeLessThan(0.1);
  });

  test("catches a spike that was smeared, and a rare category that was dropped", async () => {
    const random = randomStream(1, "smear");
    const smeared = changed(others, "capital", (column) => ({
      ...{ name: column.name, kind: "number" },
      values: Float64Array.from(column.values as Float64Array, (value) =>
        Math.round(value + 500 * random.normal()),
      ),
    }));
    const synthetic = changed(smeared, "race", (column) => ({
      ...{ name: column.name, kind: "category" },
      values: Array.from(column.values as readonly string[], (name) =>
        name === "Amer-Indian-Eskimo" ? "White" : name,
      ),
    }));
    dropped = await judged(synthetic);
    const { columns, pairsOfColumns } = dropped;
    const capital = columns.find(({ name }) => name === "capital");
    expect(capital?.shape.value).toBeLessThan(0.65);
    expect(capital?.shape.ceiling).toBeGreaterThan(0.97);
    const spike = capital?.bars.find(({ label }) => label === "exactly 0");
    expect(spike?.real).toBeGreaterThan(0.85);
    expect(spike?.synthetic).toBeLessThan(0.01);
    const race = columns.find(({ name }) => name === "race");
    expect(race?.lost).toEqual({ categories: 1, of: 5, names: ["Amer-Indian-Eskimo"] });
    expect(race?.coverage).toBe(0.8);
    const worst = pairsOfColumns.toSorted((a, b) => (a.shape.value ?? 0) - (b.shape.value ?? 0))[0];
    expect(worst.columns).toContain("capital");
  });

  test("names no category that fewer than ten real rows have", () => {
    const { columns } = dropped;
    const country = columns.find(({ name }) => name === "native-country");
    const values = real.columns.find(({ name }) => name === "native-country")?.values as readonly string[];
    for (const { label } of country?.bars ?? []) {
      if (/^(?:missing|\d+ others?)$/u.test(label)) continue;
      expect(values.filter((value) => value === label).length, label).toBeGreaterThanOrEqual(10);
    }
  });

  test("halves the real table where there is no hold-out, and says so", async () => {
    const tables = { real: some(real, 0, 1000), synthetic: some(others, 0, 800) };
    const { rows, isHalved, notes, pairs } = await judgeTables(engine(), tables, { steps: 10 });
    expect(isHalved).toBe(true);
    expect(rows).toEqual({ real: 1000, holdout: 500, synthetic: 800, compared: 500, against: 500 });
    expect(notes.join(" ")).toMatch(/No hold-out was given: 500 of the 1,000 real rows/u);
    expect(Math.abs((pairs.value ?? 0) - (pairs.ceiling ?? 0))).toBeLessThan(0.02);
  });

  test("counts hold-out rows that are real rows, too", async () => {
    const tables = {
      real: some(whole, 0, 500),
      synthetic: some(others, 0, 500),
      holdout: some(whole, 300, 500),
    };
    const { overlap, notes } = await judgeTables(engine(), tables, { steps: 10 });
    expect(overlap).toBeGreaterThanOrEqual(200);
    expect(notes.join(" ")).toMatch(
      /of 500 hold-out rows are equal to a real row by the columns that are judged: too many to be chance/u,
    );
  });
});

test("hold-out rows that are equal to real ones are no sign of copies where real rows are equal to each other", async () => {
  const table = (offset: number): TypedTable =>
    tableOf({
      a: Array.from({ length: 400 }, (_, i) => "pqr"[(i * 7 + offset) % 3]),
      b: Array.from({ length: 400 }, (_, i) => "xy"[((i * 5 + offset) >> 1) % 2]),
    });
  const { overlap, notes } = await judgeTables(
    engine(),
    { real: table(0), synthetic: table(1), holdout: table(2) },
    { steps: 2 },
  );
  expect(overlap).toBe(400);
  expect(notes.join(" ")).toMatch(
    /400 of 400 hold-out rows are equal to a real row, and 100 % of the real rows to another real row: these columns have few values/u,
  );
});

describe("tables with little in them", () => {
  const rows = (count: number, offset = 0): TypedTable =>
    tableOf({
      one: Array<string>(count).fill("same"),
      none: Array<string>(count).fill(""),
      noNumber: Array<number>(count).fill(NaN),
      flat: Array<number>(count).fill(7),
      n: Array.from({ length: count }, (_, i) => (i * 37 + offset) % 101),
    });

  test("of one value, of none, and of a hundred rows are judged", async () => {
    const found = await judgeTables(
      engine(),
      { real: rows(100), synthetic: rows(100, 3), holdout: rows(100, 1) },
      { steps: 10 },
    );
    expect(found.columns.slice(0, 4).map(({ shape }) => shape.value)).toEqual([1, 1, 1, 1]);
    expect(found.columns.map(({ coverage }) => coverage).slice(0, 4)).toEqual([1, 1, 1, 1]);
    expect(found.use).toBeNull();
    expect(found.correlations.value).toBeNull();
    expect(found.notes.join(" ")).toMatch(/No column has two values/u);
    for (const measure of [found.shapes, found.pairs, found.triples, found.detection]) {
      for (const value of [measure.value, measure.floor, measure.ceiling])
        expect(Number.isFinite(value)).toBe(true);
    }
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  test("that share no value are as unlike as can be", async () => {
    const count = 120;
    const names = (prefix: string): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i % 6}`);
    const numbers = (from: number): number[] => Array.from({ length: count }, (_, i) => from + (i % 50));
    const own = tableOf({ k: names("a"), n: numbers(0), l: names("l") });
    const other = tableOf({ k: names("b"), n: numbers(1000), l: names("m") });
    const found = await judgeTables(engine(), { real: own, synthetic: other, holdout: own }, { steps: 60 });
    expect(found.shapes.value).toBe(0);
    expect(found.pairs.value).toBe(0);
    expect(found.coverage.value).toBe(0);
    expect(found.columns.map(({ outside }) => outside)).toEqual([count, count, count]);
    expect(found.detection.value).toBeGreaterThan(0.99);
  });

  test("with fewer rows than can be judged are refused in a line", async () => {
    const judged = judgeTables(engine(), { real: rows(100), synthetic: rows(99), holdout: rows(100) });
    await expect(judged).rejects.toThrow(
      "the synthetic table has 99 rows, and fewer than 100 are too few to judge by",
    );
  });
});

test("options that there are not, and values that cannot be, are refused in a line", async () => {
  const table = tableOf({ k: Array<string>(100).fill("a") });
  const judged = (options: object): Promise<unknown> =>
    judgeTables(engine(), { real: table, synthetic: table, holdout: table }, options);
  await expect(judged({ sed: 1 })).rejects.toThrow(/judgeTables.*"?sed"?.*seed/u);
  await expect(judged({ steps: 0 })).rejects.toThrow(/judgeTables: steps must be/u);
  const disclose = { column: "k", from: ["l"] };
  await expect(judged({ disclose, steps: 1 })).rejects.toThrow(/no column "l"/u);
});

describe("the target", () => {
  const many = <Cell>(...cells: Cell[]): Cell[] => Array.from({ length: 10 }, () => cells).flat();
  const table = tableOf({
    a: many("x", "y", "x"),
    Label: many("no", "yes", "no"),
    z: many("p", "q", "q"),
    three: many("1", "2", "3"),
    bit: many(0, 1, 1),
  });

  test("is the column that says so, else the last category of two values, else the one that is asked for", () => {
    expect(targetOf(table)).toEqual({ column: "Label", positive: "yes", negative: "no" });
    const unnamed = { ...table, columns: table.columns.filter(({ name }) => name !== "Label") };
    expect(targetOf(unnamed)?.column).toBe("z");
    expect(targetOf(table, "bit")).toEqual({ column: "bit", positive: "0", negative: "1" });
    expect(targetOf(tableOf({ three: ["1", "2", "3"] }))).toBeUndefined();
  });

  test("is none of which one value has fewer than ten rows, for it would be named", () => {
    const few = tableOf({
      z: many("p", "q", "q"),
      label: [...many("no", "no", "no").slice(9), ...many("yes").slice(1)],
    });
    expect(targetOf(few)?.column).toBe("z");
    expect(() => targetOf(few, "label")).toThrow(
      'the target must have ten rows of each of its two values, and "label" has 9 of the rarer one; name another with --target',
    );
  });

  test("must be there and have two values", () => {
    expect(() => targetOf(table, "labl")).toThrow(/no column "labl".*did you mean "Label"/u);
    expect(() => targetOf(table, "three")).toThrow(
      /must have two values, and "three" has 3; name another with --target/u,
    );
  });
});
