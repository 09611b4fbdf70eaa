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
    [
      "condition: no value of birth is at least year 2001; they go from year 1900 to year 1989",
      {
        given: { birth: { min: 2001 } },
        numberShown: (name, year) => (name === "birth" ? `year ${year}` : "?"),
      },
    ],
    ["condition: no value of birth is missing", { given: { birth: { missing: true } } }],
    [
      'the conditions relation is "wife" and sex is "male" cannot be had with (when relation is "wife" then sex is "female")',
      { given: { relation: { equals: "wife" }, sex: { equals: "male" } }, constraints: [wife] },
    ],
    ["sample: rows must be a whole number from 0, got 1.5", { rows: 1.5 }],
    ["sample: redraws must be a whole number from 0, got -1", { redraws: -1 }],
    ["sample: say how many rows, or give rows to fill", { rows: undefined as never }],
    [
      'constraint: kind must be one of "range", "order", "when"',
      { constraints: [{ kind: "rnage" } as never] },
    ],
    [
      'constraint: there is no option "must"; it has kind, columns, strict',
      { constraints: [{ kind: "order", columns: ["birth"], must: {} } as never] },
    ],
    [
      'condition: birth: there is no option "mni"; did you mean "min"?',
      { given: { birth: { mni: 3 } as never } },
    ],
    [
      "condition: birth: missing must be true or false, got the string",
      { given: { birth: { missing: "yes" as never } } },
    ],
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

  test("columns that they bind are drawn first, unless the model draws best in the order of the table", async () => {
    const orders: (readonly number[])[] = [];
    const watched = {
      columns: model.columns,
      begin(options: Parameters<typeof model.begin>[0]) {
        orders.push(options.order);
        return model.begin(options);
      },
    };
    const last = model.columns.length - 1;
    const [one, other] = [model.columns[last].name, model.columns[0].name];
    const missing = { missing: false };
    const constraint: Constraint = { kind: "when", when: { [one]: missing }, then: { [other]: missing } };
    const options = { rows: 5, constraints: [constraint] };
    await sample(watched, options);
    await sample({ ...watched, inTableOrder: true }, options);
    expect(orders[0].slice(0, 2)).toEqual([last, 0]);
    expect(orders[1]).toEqual(model.columns.map((_, column) => column));
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

/** A model that is a table of shares, and looks back only: each column given the cells that are known, and those drawn before. */
function sharesModel(shares: readonly number[], counts: readonly number[]): CodeModel {
  const codesAt = (cell: number): number[] =>
    counts.map((count, column) => {
      const step = counts.slice(column + 1).reduce((product, each) => product * each, 1);
      return Math.floor(cell / step) % count;
    });
  const all = shares.map((share, cell) => ({ share, codes: codesAt(cell) }));
  return {
    columns: counts.map((count, column) => ({
      name: `c${column}`,
      isOrdered: false,
      codes: Array.from({ length: count }, (_, code) => ({ kind: "value", value: `v${code}` })),
      shares: Float64Array.from({ length: count }, (_, code) =>
        all.reduce((sum, { share, codes }) => sum + (codes[column] === code ? share : 0), 0),
      ),
    })),
    begin({ rows, seed, order, given, known }) {
      const random = randomStream(seed, "shares");
      const sofar = Array.from({ length: rows }, (_, row) =>
        counts.map((__, column) => known?.get(column)?.[row] ?? -1),
      );
      let next = 0;
      return {
        next() {
          const column = order[next++];
          const drawn = sofar.map((codes) => {
            if (codes[column] >= 0) return codes[column];
            const fitting = all.filter(
              (cell) =>
                codes.every((code, at) => code < 0 || code === cell.codes[at]) &&
                given.get(column)?.[cell.codes[column]] !== 0,
            );
            let left = random.uniform() * fitting.reduce((sum, { share }) => sum + share, 0);
            const chosen = fitting.find(({ share }) => (left -= share) < 0) ?? fitting[0];
            return (codes[column] = chosen.codes[column]);
          });
          return Promise.resolve(Int32Array.from(drawn));
        },
        close: () => undefined,
      };
    },
  };
}

test("several conditions hold together also with a model that looks back only: what is drawn is as frequent as among such rows", async () => {
  // Of three columns; the first two are alike, so that without regard to the second the first would be v1 far too often.
  const shares = [10, 1, 1, 1, 8, 2, 2, 9, 6, 1, 1, 1].flatMap((weight, at) => [
    weight,
    at % 3 === 0 ? 4 : 1,
  ]);
  const total = shares.reduce((sum, share) => sum + share, 0);
  const alike = sharesModel(
    shares.map((share) => share / total),
    [3, 4, 2],
  );
  const given = { c0: { oneOf: ["v0", "v1"] }, c1: { oneOf: ["v2", "v3"] } };
  const table = await sample(alike, { rows: 6000, seed: 3, given });
  const expected = shares.map((share, cell) => {
    const [first, second] = [Math.floor(cell / 8), Math.floor(cell / 2) % 4];
    return first < 2 && second > 1 ? share : 0;
  });
  const among = expected.reduce((sum, share) => sum + share, 0);
  const found = shares.map(() => 0);
  for (const { c0, c1, c2 } of rowsOf(table)) {
    const [first, second, third] = [c0, c1, c2].map((cell) => Number(String(cell).slice(1)));
    found[8 * first + 2 * second + third]++;
  }
  const chiSquare = expected.reduce((sum, share, cell) => {
    const wanted = (6000 * share) / among;
    if (wanted > 0) return sum + (found[cell] - wanted) ** 2 / wanted;
    expect(found[cell]).toBe(0);
    return sum;
  }, 0);
  // Seven degrees of freedom: over 24.3 once in a thousand.
  expect(chiSquare).toBeLessThan(24.3);
});

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
      model.ranks,
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
