import { beforeAll, describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { DeadEndError } from "../../src/errors/table-errors.ts";
import { CopulaModel } from "../../src/tabular/copula/copula-model.ts";
import { fitCopula } from "../../src/tabular/copula/fit-copula.ts";
import type { Drawn } from "../../src/tabular/coded-table.ts";
import type { CodeModel, Drawing, DrawingOptions } from "../../src/tabular/code-model.ts";
import type { Constraint } from "../../src/tabular/constraints/constraint.ts";
import { sample, type SampledTable, type SampleOptions } from "../../src/tabular/sampling/draw-rows.ts";
import { codedByHand } from "./coded-by-hand.ts";

/** People: birth and death in years, death missing for the living, relation and sex that mostly agree. */
function people(rows: number): Record<string, (string | number)[]> {
  const { normal, uniform, below } = randomStream(3, "people");
  const birth = Array.from({ length: rows }, () => 1900 + below(90));
  const isMale = birth.map(() => uniform() < 0.6);
  return {
    birth,
    death: birth.map((year) => (uniform() < 0.2 ? NaN : Math.round(year + 70 + 12 * normal()))),
    sex: isMale.map((male) => (male ? "male" : "female")),
    relation: isMale.map((male) => (uniform() < 0.3 ? "child" : male ? "husband" : "wife")),
    height: isMale.map((male) => (male ? 178 : 165) + 7 * normal()),
    town: birth.map(() => ["Ulm", "Aachen", "Bonn"][below(3)]),
  };
}

const coded = codedByHand(people(3000));
const model = fitCopula(coded);

const cellsOf = ({ columns }: SampledTable, name: string): readonly Drawn[] =>
  columns.find((column) => column.name === name)?.values ?? [];
const rowsOf = (table: SampledTable): Record<string, Drawn>[] =>
  Array.from({ length: table.rows }, (_, row) =>
    Object.fromEntries(table.columns.map(({ name, values }) => [name, values[row]])),
  );

const husband: Constraint = {
  kind: "when",
  when: { relation: { equals: "husband" } },
  then: { sex: { equals: "male" } },
};
const wife: Constraint = {
  kind: "when",
  when: { relation: { equals: "wife" } },
  then: { sex: { equals: "female" } },
};
const life: Constraint = { kind: "order", columns: ["birth", "death"], strict: true };

describe("rows drawn without conditions", () => {
  let table: SampledTable;
  beforeAll(async () => {
    table = await sample(model, { rows: 3000, seed: 1 });
  });

  test("have the columns of the model, and cells such as these hold", () => {
    expect(table.columns.map(({ name }) => name)).toEqual(Object.keys(people(1)));
    expect([table.rows, table.deadEnds, table.unknownCells]).toEqual([3000, 0, 0]);
    expect(new Set(cellsOf(table, "town"))).toEqual(new Set(["Ulm", "Aachen", "Bonn"]));
    expect(cellsOf(table, "birth").every((year) => Number.isInteger(year))).toBe(true);
    const missing = cellsOf(table, "death").filter((cell) => cell === null).length;
    expect(Math.abs(missing / 3000 - 0.2)).toBeLessThan(0.04);
  });

  test("numbers in bins are new ones, inside what was seen", () => {
    const seen = new Set(people(3000)["height"]);
    const heights = cellsOf(table, "height") as readonly number[];
    expect(heights.filter((height) => seen.has(height))).toHaveLength(0);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(Math.min(...(seen as Set<number>)));
    expect(Math.max(...heights)).toBeLessThanOrEqual(Math.max(...(seen as Set<number>)));
  });

  test("are the same for the same seed, and others for another", async () => {
    expect(await sample(model, { rows: 3000, seed: 1 })).toEqual(table);
    expect(await sample(model, { rows: 3000, seed: 2 })).not.toEqual(table);
  });

  test("may be more than a model draws at once, or none", async () => {
    const many = await sample(model, { rows: 17_000, seed: 1 });
    expect(cellsOf(many, "sex").filter((cell) => cell === null)).toHaveLength(0);
    expect(cellsOf(many, "birth").slice(0, 500)).not.toEqual(cellsOf(many, "birth").slice(16_384, 16_884));
    expect((await sample(model, { rows: 0 })).columns[0].values).toEqual([]);
  });
});

describe("conditions", () => {
  test("hold in every row, also inside of bins, and nothing is rejected", async () => {
    const table = await sample(model, {
      rows: 500,
      given: {
        height: { above: 180.25, max: 181.5 },
        town: { oneOf: ["Ulm", "Bonn"] },
        death: { missing: true },
        birth: { min: 1950, not: 1960 },
      },
    });
    for (const { height, town, death, birth } of rowsOf(table)) {
      expect(Number(height) > 180.25 && Number(height) <= 181.5).toBe(true);
      expect([town === "Aachen", death, Number(birth) >= 1950 && birth !== 1960]).toEqual([
        false,
        null,
        true,
      ]);
    }
    expect(table.deadEnds).toBe(0);
    // Tall people are men here.
    expect(cellsOf(table, "sex").filter((sex) => sex === "male").length).toBeGreaterThan(400);
  });

  test.each<[string, SampleOptions]>([
    ['condition: there is no column "twon"; did you mean "town"?', { given: { twon: { equals: "Ulm" } } }],
    ['condition: town has no category "Bon"; did you mean "Bonn"?', { given: { town: { equals: "Bon" } } }],
    ['condition: town has no category "Paris"; there are ', { given: { town: { not: "Paris" } } }],
    [
      "condition: no value of birth is above 2000; they go from 1900 to 1989",
      { given: { birth: { above: 2000 } } },
    ],
    ["condition: no value of birth is missing", { given: { birth: { missing: true } } }],
    [
      'the conditions relation is "wife" and sex is "male" cannot be had with (when relation is "wife" then sex is "female")',
      { given: { relation: { equals: "wife" }, sex: { equals: "male" } }, constraints: [wife] },
    ],
    ["sample: rows must be a whole number from 0, not 1.5", { rows: 1.5 }],
    ["sample: redraws must be a whole number from 0, not -1", { redraws: -1 }],
  ])("that cannot be fulfilled are refused: %s", async (message, options) => {
    const drawn = sample(model, { rows: 5, ...options });
    await expect(drawn).rejects.toThrow(UsageError);
    await expect(drawn).rejects.toThrow(message);
  });
});

describe("constraints", () => {
  test("are kept by every row, whatever the condition", async () => {
    const constraints: Constraint[] = [
      husband,
      wife,
      life,
      {
        kind: "when",
        when: { town: { equals: "Ulm" }, sex: { equals: "female" } },
        then: { height: { max: 165 } },
      },
      { kind: "range", column: "birth", must: { min: 1910 } },
    ];
    for (const given of [
      {},
      { relation: { oneOf: ["wife", "husband"] }, height: { min: 170 } },
      { death: { max: 1990 } },
    ]) {
      const table = await sample(model, { rows: 1500, seed: 4, constraints, given });
      for (const { relation, sex, birth, death, town, height } of rowsOf(table)) {
        if (relation === "husband") expect(sex).toBe("male");
        if (relation === "wife") expect(sex).toBe("female");
        if (death !== null) expect(Number(birth)).toBeLessThan(Number(death));
        if (town === "Ulm" && sex === "female") expect(height).toBeLessThanOrEqual(165);
        expect(birth).toBeGreaterThanOrEqual(1910);
      }
      expect(table.deadEnds).toBeLessThan(15);
    }
  });

  test("what they leave is as frequent as it was: nobody vanishes", async () => {
    const free = await sample(model, { rows: 3000, seed: 1 });
    const bound = await sample(model, { rows: 3000, seed: 1, constraints: [husband, wife] });
    for (const relation of ["husband", "wife", "child"]) {
      const [before, after] = [free, bound].map(
        (table) => cellsOf(table, "relation").filter((each) => each === relation).length,
      );
      expect(Math.abs(before - after)).toBeLessThan(200);
    }
  });
});

/** A model that draws the first code that is allowed, but for rows of a first try, which it leads into a corner. */
function cornering(isAlways: boolean): CodeModel {
  let begun = 0;
  return {
    columns: coded.columns,
    begin(options: DrawingOptions): Drawing {
      const isCornered = isAlways || begun++ === 0;
      let next = 0;
      return {
        next(allowed) {
          const column = options.order[next++];
          const count = coded.columns[column].codes.length;
          const drawn = Int32Array.from({ length: options.rows }, (_, row) => {
            const own = Array.from({ length: count }, (__, code) => allowed?.[row * count + code] !== 0);
            // Of the constraint below each step is allowed, but the last cell then has nothing left.
            return isCornered && row < 2 ? own.lastIndexOf(true) : own.indexOf(true);
          });
          return Promise.resolve(drawn);
        },
        close: () => undefined,
      };
    },
  };
}

describe("dead ends", () => {
  // The least frequent relation is a dead end with the last year: sex then follows, and no town is left. Towns are drawn last.
  const relation = coded.columns.find(({ name }) => name === "relation")?.codes.at(-1);
  const isLast = { relation: { equals: relation?.kind === "value" ? relation.value : "" } };
  const constraints: Constraint[] = [
    { kind: "when", when: { ...isLast, birth: { min: 1989 } }, then: { sex: { equals: "female" } } },
    { kind: "when", when: { town: { missing: false }, ...isLast }, then: { sex: { equals: "male" } } },
  ];

  test("are drawn again and counted", async () => {
    const table = await sample(cornering(false), { rows: 5, constraints });
    expect(table.deadEnds).toBe(2);
    expect(cellsOf(table, "sex").every((sex) => sex !== null)).toBe(true);
    const failing = sample(cornering(true), { rows: 5, constraints, redraws: 3 });
    await expect(failing).rejects.toThrow(DeadEndError);
    await expect(failing).rejects.toThrow(
      /^2 rows could not be drawn in 4 tries: the constraint \(when .*\) left no value for a cell$/u,
    );
  });

  test("of a row that is known to break a constraint, the row is named", async () => {
    const fill = {
      rows: 2,
      columns: [
        { name: "birth", kind: "number", values: Float64Array.of(1930, 1950) },
        { name: "death", kind: "number", values: Float64Array.of(1990, 1940) },
        { name: "height", kind: "number", values: Float64Array.of(NaN, NaN) },
      ],
    } as const;
    const between: Constraint = { kind: "order", columns: ["birth", "height", "death"] };
    const wide = new CopulaModel(
      coded.columns.map((each) =>
        each.name === "height"
          ? { ...each, codes: each.codes.map(() => ({ kind: "bin", low: 1900, high: 2000, step: 1 })) }
          : each,
      ),
      model.cuts,
      model.correlations,
    );
    await expect(sample(wide, { fill, constraints: [between], redraws: 1 })).rejects.toThrow(
      "1 row could not be drawn in 2 tries, the first of them row 2: the constraint (order: birth <= height <= death) left no value for a cell",
    );
  });
});

describe("filling", () => {
  const rows = 400;
  const fill = {
    rows,
    columns: [
      {
        name: "sex",
        kind: "category",
        values: Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? "female" : "")),
      },
      {
        name: "death",
        kind: "number",
        values: Float64Array.from({ length: rows }, (_, row) => (row % 4 === 0 ? 1987.5 : NaN)),
      },
      {
        name: "town",
        kind: "category",
        values: Array.from({ length: rows }, (_, row) => (row === 7 ? "Paris" : "Ulm")),
      },
    ],
  } as const;

  test("known cells stay as they are, missing ones of their columns get a value, other columns are drawn", async () => {
    const table = await sample(model, { fill, seed: 2, constraints: [wife] });
    rowsOf(table).forEach(({ sex, death, town, relation }, row) => {
      if (row % 2 === 0) expect(sex).toBe("female");
      else expect(sex).not.toBeNull();
      if (row % 4 === 0) expect(death).toBe(1987.5);
      else expect(death).not.toBeNull();
      expect(town).toBe(row === 7 ? "Paris" : "Ulm");
      if (relation === "wife") expect(sex).toBe("female");
    });
    expect(table.unknownCells).toBe(1);
    const heights = cellsOf(table, "height") as readonly number[];
    const mean = (rest: number): number =>
      heights.reduce((sum, height, row) => sum + (row % 2 === rest ? height : 0), 0) / (rows / 2);
    // The even rows are women.
    expect(mean(1) - mean(0)).toBeGreaterThan(3);
  });

  test.each<[string, SampleOptions]>([
    ["sample: 400 rows to fill, but rows is 3", { fill, rows: 3 }],
    [
      'fill: there is no column "six"; did you mean "sex"?',
      { fill: { rows: 1, columns: [{ name: "six", kind: "category", values: ["a"] }] } },
    ],
    [
      "fill: birth holds categories, and numbers in the model",
      { fill: { rows: 1, columns: [{ name: "birth", kind: "category", values: ["a"] }] } },
    ],
  ])("of what does not fit is refused: %s", async (message, options) => {
    const drawn = sample(model, options);
    await expect(drawn).rejects.toThrow(UsageError);
    await expect(drawn).rejects.toThrow(message);
  });
});

test("drawing ends when it is told to", async () => {
  await expect(sample(model, { rows: 5, signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
    "enough",
  );
});
