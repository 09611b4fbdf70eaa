import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { DataError } from "../../src/errors/data-errors.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { cutsOf, scoresOf } from "../../src/tabular/copula/code-cuts.ts";
import { copulaFromJson, type CopulaModel } from "../../src/tabular/copula/copula-model.ts";
import { fitCopula } from "../../src/tabular/copula/fit-copula.ts";
import {
  hermiteSeries,
  latentCorrelation,
  scoreCorrelation,
} from "../../src/tabular/copula/latent-correlation.ts";
import type { CodedColumn, CodedTable } from "../../src/tabular/coded-table.ts";
import type { DrawingOptions } from "../../src/tabular/code-model.ts";

/** A table of which the codes are normal variables with known correlations, cut. */
function gaussianTable(
  rows: number,
  factor: readonly (readonly number[])[],
  shares: readonly (readonly number[])[],
  isOrdered: (column: number) => boolean = () => true,
): CodedTable {
  const random = randomStream(11, "gaussian table");
  const cuts = shares.map((each) =>
    cutsOf(
      Float64Array.from(each),
      Int32Array.from(each, (_, at) => at),
    ),
  );
  const cells = shares.map(() => new Int32Array(rows));
  for (let row = 0; row < rows; row++) {
    const parts = factor.map(() => random.normal());
    factor.forEach((weights, column) => {
      const latent = weights.reduce((sum, weight, at) => sum + weight * parts[at], 0);
      cells[column][row] = cuts[column].cuts.findLastIndex((cut) => cut <= latent);
    });
  }
  const columns = cells.map((codes, column): CodedColumn => {
    const counts = new Float64Array(shares[column].length);
    for (const code of codes) counts[code] += 1 / rows;
    return {
      name: `c${column}`,
      isOrdered: isOrdered(column),
      codes: shares[column].map((_, code) => ({ kind: "value", value: code })),
      shares: counts,
    };
  });
  return { rows, columns, cells };
}

async function drawn(
  model: CopulaModel,
  options: Partial<DrawingOptions> & { rows: number },
): Promise<Int32Array[]> {
  const order = options.order ?? model.columns.map((_, at) => at);
  const drawing = model.begin({ seed: 5, order, given: new Map(), ...options });
  const cells: Int32Array[] = [];
  for (const column of order) cells[column] = await drawing.next();
  drawing.close();
  return cells;
}

const even = [0.25, 0.25, 0.25, 0.25];
const skewed = [0.9, 0.06, 0.03, 0.01];
// Correlations .8, -.5 and -.4 + .6 * .6.
const factor = [
  [1, 0, 0, 0],
  [0.8, 0.6, 0, 0],
  [-0.5, 0, Math.sqrt(0.75), 0],
  [0.3, 0.3, 0.3, Math.sqrt(1 - 0.27)],
];
const table = gaussianTable(20_000, factor, [even, skewed, [0.5, 0.5], [0.3, 0.3, 0.4]]);
const model = fitCopula(table);

describe("latent correlations", () => {
  test("the scores of two columns cut in the middle correlate by 2 / pi asin(rho)", () => {
    const cuts = cutsOf(Float64Array.of(0.5, 0.5), Int32Array.of(0, 1));
    const series = hermiteSeries(cuts, scoresOf(cuts), Float64Array.of(0.5, 0.5));
    for (const rho of [-0.9, -0.3, 0, 0.5, 0.97]) {
      expect(scoreCorrelation(rho, series, series)).toBeCloseTo((2 / Math.PI) * Math.asin(rho), 6);
      expect(latentCorrelation((2 / Math.PI) * Math.asin(rho), series, series)).toBeCloseTo(rho, 5);
    }
  });

  test("are found again in a table that was drawn from some, whatever the shares of the codes", () => {
    const wanted = factor.map((one) =>
      factor.map((other) => one.reduce((sum, x, at) => sum + x * other[at], 0)),
    );
    wanted.forEach((row, i) => {
      row.forEach((rho, j) => expect(Math.abs(model.correlations.get(i, j) - rho)).toBeLessThan(0.035));
    });
  });

  test("columns that are copies of each other, in more than one way, still make a model that draws", async () => {
    const [first] = table.cells;
    const turned = first.map((code) => 3 - code);
    const [column] = table.columns;
    const copies = fitCopula({
      rows: table.rows,
      columns: [column, column, { ...column, shares: column.shares.toReversed() }],
      cells: [first, first, turned],
    });
    const cells = await drawn(copies, { rows: 2000 });
    const same = cells[0].reduce((sum, code, row) => sum + Number(code === cells[1][row]), 0);
    const opposite = cells[0].reduce((sum, code, row) => sum + Number(code === 3 - cells[2][row]), 0);
    expect(same / 2000).toBeGreaterThan(0.95);
    expect(opposite / 2000).toBeGreaterThan(0.95);
  });
});

describe("a rank copula", () => {
  test("keeps the share of every code, within four standard errors", async () => {
    const cells = await drawn(model, { rows: 20_000 });
    model.columns.forEach(({ shares }, column) => {
      shares.forEach((share, code) => {
        const found = cells[column].reduce((sum, each) => sum + Number(each === code), 0) / 20_000;
        expect(Math.abs(found - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / 20_000));
      });
    });
  });

  test("draws the same codes for the same seed, and others for another", async () => {
    const options = { rows: 50, given: new Map([[1, Uint8Array.of(0, 1, 1, 0)]]), order: [1, 0, 2, 3] };
    expect(await drawn(model, options)).toEqual(await drawn(model, options));
    expect(await drawn(model, { ...options, seed: 6 })).not.toEqual(await drawn(model, options));
  });

  test("conditions hold in every row, and the others are distributed as among rows that fulfil them by chance", async () => {
    const given = new Map([
      [1, Uint8Array.of(0, 1, 0, 1)],
      [2, Uint8Array.of(0, 1)],
      [3, Uint8Array.of(1, 0, 1)],
    ]);
    const cells = await drawn(model, { rows: 8000, given, order: [1, 2, 3, 0] });
    const all = await drawn(model, { rows: 200_000, seed: 9 });
    const joint = (of: readonly Int32Array[], row: number): number =>
      of.reduce((key, column) => 4 * key + column[row], 0);
    const counts = new Map<number, [number, number]>();
    let accepted = 0;
    let outside = 0;
    for (let row = 0; row < 8000; row++) {
      for (const [column, codes] of given) outside += 1 - codes[cells[column][row]];
      const count = counts.get(joint(cells, row)) ?? [0, 0];
      count[0]++;
      counts.set(joint(cells, row), count);
    }
    for (let row = 0; row < 200_000; row++) {
      if (![...given].every(([column, codes]) => codes[all[column][row]] === 1)) continue;
      accepted++;
      const count = counts.get(joint(all, row)) ?? [0, 0];
      count[1]++;
      counts.set(joint(all, row), count);
    }
    expect(outside).toBe(0);
    expect(accepted).toBeGreaterThan(1500);
    // Two samples: chi-square over cells that are not nearly empty.
    const [a, b] = [Math.sqrt(accepted / 8000), Math.sqrt(8000 / accepted)];
    const cellsUsed = [...counts.values()].filter(([x, y]) => x + y >= 10);
    const chiSquare = cellsUsed.reduce((sum, [x, y]) => sum + (a * x - b * y) ** 2 / (x + y), 0);
    const freedom = cellsUsed.length - 1;
    expect(freedom).toBeGreaterThan(7);
    expect(chiSquare).toBeLessThan(freedom + 3.5 * Math.sqrt(2 * freedom));
  });

  test("known cells come back as they are, row by row, and the others follow them", async () => {
    const rows = 4000;
    const known = new Map([
      [0, Int32Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? -1 : row % 4))],
      [3, Int32Array.from({ length: rows }, (_, row) => (row % 5 === 0 ? row % 3 : -1))],
    ]);
    const cells = await drawn(model, { rows, known, order: [2, 1, 3, 0] });
    for (const [column, codes] of known) {
      codes.forEach((code, row) => {
        if (code >= 0) expect(cells[column][row]).toBe(code);
      });
    }
    const means = [0, 3].map((code) => {
      const fitting = Array.from({ length: rows }, (_, row) => row).filter(
        (row) => known.get(0)?.[row] === code,
      );
      return fitting.reduce((sum, row) => sum + cells[2][row], 0) / fitting.length;
    });
    // The third column falls with the first.
    expect(means[0]).toBeGreaterThan(means[1] + 0.3);
  });

  test("tells how frequent rows are that fulfil conditions, also where hardly any do", async () => {
    const given = new Map([
      [0, Uint8Array.of(0, 1, 0, 1)],
      [2, Uint8Array.of(0, 1)],
    ]);
    const cells = await drawn(model, { rows: 40_000, seed: 3 });
    const fitting = cells[0].reduce(
      (sum, code, row) => sum + Number(code % 2 === 1 && cells[2][row] === 1),
      0,
    );
    expect(Math.abs(model.shareOf(given) / (fitting / 40_000) - 1)).toBeLessThan(0.04);
    expect(model.shareOf(new Map())).toBe(1);
    expect(model.shareOf(new Map([[1, Uint8Array.of(0, 0, 0, 1)]]))).toBeCloseTo(
      model.columns[1].shares[3],
      12,
    );
    expect(model.shareOf(new Map([[1, new Uint8Array(4)]]))).toBe(0);
    // The lowest quarter of one column and the top hundredth of another, which rise together by .8.
    const odd = model.shareOf(
      new Map([
        [0, Uint8Array.of(1, 0, 0, 0)],
        [1, Uint8Array.of(0, 0, 0, 1)],
      ]),
    );
    expect(odd).toBeGreaterThan(0);
    expect(odd).toBeLessThan(1e-5);
  });

  test("a code that is allowed in no row is a dead end of that row alone", async () => {
    const drawing = model.begin({ rows: 3, seed: 1, order: [0, 1, 2, 3], given: new Map() });
    const allowed = Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0);
    expect(await drawing.next(allowed)).toEqual(Int32Array.of(2, -1, 0));
    expect([...(await drawing.next())].every((code) => code >= 0)).toBe(true);
  });

  test("of what is given together, what others do not allow is drawn again", async () => {
    const given = new Map([
      [0, Uint8Array.of(1, 1, 1, 0)],
      [3, Uint8Array.of(1, 1, 0)],
    ]);
    const drawing = model.begin({ rows: 300, seed: 1, order: [0, 3, 1, 2], given });
    const first = await drawing.next();
    const allowed = Uint8Array.from({ length: 900 }, (_, at) => Number(at % 3 > 0));
    const second = await drawing.next(allowed);
    expect(first.every((code) => code >= 0 && code < 3)).toBe(true);
    expect(second.every((code) => code === 1)).toBe(true);
  });

  test.each([
    ["one column", [[1, 0]], [even]],
    ["columns of one code", [[1], [1]], [[1], [1]]],
  ])("%s will do", async (_, weights, shares) => {
    const small = fitCopula(gaussianTable(200, weights, shares));
    const cells = await drawn(small, { rows: 40 });
    expect(cells.every((column, at) => column.every((code) => code >= 0 && code < shares[at].length))).toBe(
      true,
    );
  });

  test("two rows will do, and no rows of them", async () => {
    const two = fitCopula(
      gaussianTable(
        2,
        [[1], [1]],
        [
          [0.5, 0.5],
          [0.5, 0.5],
        ],
        (column) => column === 0,
      ),
    );
    expect((await drawn(two, { rows: 7 }))[1]).toHaveLength(7);
    expect((await drawn(two, { rows: 0 }))[1]).toHaveLength(0);
  });

  test("no rows, no columns and odd rounds are refused", () => {
    expect(() => fitCopula({ rows: 0, columns: table.columns, cells: table.cells })).toThrow(UsageError);
    expect(() => fitCopula({ rows: 3, columns: [], cells: [] })).toThrow(
      "fitCopula: a table of 3 rows and 0 columns",
    );
    expect(() => fitCopula(table, { rounds: -1 })).toThrow("rounds must be a whole number from 0, got -1");
  });

  test.each<[string, Partial<DrawingOptions>]>([
    ["the order must name each of 4 columns once", { order: [0, 1, 2, 2] }],
    ["the condition on c1 has 2 codes, the column has 4", { given: new Map([[1, Uint8Array.of(1, 1)]]) }],
    ["there is no column 9 among 4", { given: new Map([[9, Uint8Array.of(1)]]) }],
    ["1 known cells of c1 for 2 rows", { known: new Map([[1, Int32Array.of(1)]]) }],
    ["a known cell of c2 has code 5, the column has 2", { known: new Map([[2, Int32Array.of(-1, 5)]]) }],
    ["rows must be a whole number from 0, not -2", { rows: -2 }],
  ])("a drawing that cannot be is refused: %s", (message, options) => {
    const begin = (): unknown =>
      model.begin({ rows: 2, seed: 0, order: [0, 1, 2, 3], given: new Map(), ...options });
    expect(begin).toThrow(UsageError);
    expect(begin).toThrow(`drawing: ${message}`);
  });
});

describe("an order of categories", () => {
  // Codes are shuffled: neighbours on the latent axis are 2, 0, 3, 1.
  const shuffled = [1, 3, 0, 2];
  const straight = gaussianTable(
    10_000,
    [
      [1, 0],
      [0.9, Math.sqrt(0.19)],
    ],
    [even, even],
    (column) => column === 1,
  );
  const mixed: CodedTable = {
    ...straight,
    cells: [straight.cells[0].map((code) => shuffled[code]), straight.cells[1]],
    columns: [
      {
        ...straight.columns[0],
        shares: straight.columns[0].shares.map((_, at) => straight.columns[0].shares[shuffled.indexOf(at)]),
      },
      straight.columns[1],
    ],
  };

  test("is found from the other columns", () => {
    const { codeAt } = fitCopula(mixed).ranks[0].cuts[0];
    const order = [...codeAt].map((code) => shuffled.indexOf(code));
    expect(order[0] === 0 ? order : order.toReversed()).toEqual([0, 1, 2, 3]);
  });

  test("makes the association stronger than that by frequency", () => {
    const ordered = Math.abs(fitCopula(mixed).correlations.get(0, 1));
    expect(ordered).toBeGreaterThan(0.87);
    expect(Math.abs(fitCopula(mixed, { rounds: 0 }).correlations.get(0, 1))).toBeLessThan(0.6);
  });
});

describe("a copula as JSON", () => {
  const written = JSON.stringify(model);
  /** The model with one field changed. */
  const damaged = (value: unknown, ...path: readonly (string | number)[]): unknown => {
    const json = JSON.parse(written) as object;
    const holder = path.slice(0, -1).reduce((at: object, key) => Reflect.get(at, key) as object, json);
    Reflect.set(holder, path[path.length - 1], value);
    return json;
  };

  test("is the same model when it is read", async () => {
    const read = copulaFromJson(JSON.parse(written), "copula.json");
    expect(JSON.stringify(read)).toBe(written);
    expect(await drawn(read, { rows: 30 })).toEqual(await drawn(model, { rows: 30 }));
  });

  test.each<[string, unknown]>([
    ["Invalid input", 5],
    [
      'format: must be "tessera-copula-2", not "tessera-copula-1"; fit it again',
      damaged("tessera-copula-1", "format"),
    ],
    ["columns[1]: has 4 codes but 3 shares", damaged([0.5, 0.25, 0.25], "columns", 1, "shares")],
    ["columns[0]: has shares that do not make 1", damaged(0.9, "columns", 0, "shares", 0)],
    ["columns[0].shares[0]", damaged(0, "columns", 0, "shares", 0)],
    ["columns[0].codes[0]", damaged({ kind: "bin", low: 3, high: 2, step: 1 }, "columns", 0, "codes", 0)],
    ["orders[3]: does not name each of 3 codes once", damaged([0, 1, 1], "orders", 3)],
    ["orders: are 3 for 4 columns", damaged([[], [], []], "orders")],
    ["correlations[2]: has 1 numbers, not 2", damaged([0.1], "correlations", 2)],
    ["correlations[1][0]", damaged(1.5, "correlations", 1, 0)],
    [
      "correlations: no columns can correlate like this",
      damaged([[], [0.9], [-0.9, 0.9], [0, 0, 0]], "correlations"),
    ],
  ])("is refused in one line when it is damaged: %s", (message, json) => {
    const read = (): unknown => copulaFromJson(json, "copula.json");
    expect(read).toThrow(DataError);
    expect(read).toThrow(/^copula\.json: is no copula of this version: [^\n]*$/u);
    expect(read).toThrow(message);
  });
});
