// Rows drawn from the network: by seed, within what is allowed, with what is known, and as often as the network says.

import { describe, expect, test } from "vitest";
import { randomStream } from "../../../src/data/random-stream.ts";
import { readWeights, writeWeights } from "../../../src/nn/weights.ts";
import type { DrawingOptions } from "../../../src/tabular/code-model.ts";
import { networkModel } from "../../../src/tabular/network/network-model.ts";
import { networkTask } from "../../../src/tabular/network/network-task.ts";
import { TabularNetwork } from "../../../src/tabular/network/tabular-network.ts";
import { train } from "../../../src/training/trainer.ts";
import { useEngine } from "../../engines.ts";
import { drawnTable, withoutProducts } from "./drawn-codes.ts";

// On the adapter, where products and draws go through kernels.
const open = useEngine({});
const table = drawnTable(300, [5, 2, 9]);
const sizes = { embedding: 4, hidden: 8, seed: 7 };

async function draw(
  network: TabularNetwork,
  options: Partial<DrawingOptions> & { allowed?: ReadonlyMap<number, Uint8Array>; temperature?: number } = {},
): Promise<Int32Array[]> {
  const { allowed, temperature, ...others } = options;
  const order = others.order ?? [2, 0, 1];
  const model = networkModel(network, table.columns, { temperature: temperature ?? 1 });
  const drawing = model.begin({ rows: 60, seed: 5, given: new Map(), ...others, order });
  const cells: Int32Array[] = [];
  for (const column of order) cells[column] = await drawing.next(allowed?.get(column));
  drawing.close();
  return cells;
}

async function withNetwork(body: (network: TabularNetwork) => Promise<void>): Promise<void> {
  const network = new TabularNetwork(open(), table.columns, sizes);
  try {
    await body(network);
  } finally {
    network.dispose();
  }
}

describe("a seed", () => {
  test("draws the same rows again, others for another seed, and the first of many as those of a few", () =>
    withNetwork(async (network) => {
      const few = await draw(network);
      expect(await draw(network)).toEqual(few);
      expect(await draw(network, { seed: 6 })).not.toEqual(few);
      expect(await draw(network, { seed: 5 + 2 ** 32 })).not.toEqual(few);
      const many = await draw(network, { rows: 1100 });
      expect(many.map((codes) => codes.slice(0, 60))).toEqual(few);
      // The second chunk is drawn by numbers of its own.
      expect(many.map((codes) => codes.slice(1024, 1084))).not.toEqual(few);
      expect((await draw(network, { rows: 0 })).map(({ length }) => length)).toEqual([0, 0, 0]);
    }));
});

describe("codes", () => {
  test("come by the columns' shares where nothing was learned", () =>
    withNetwork(async (network) => {
      writeWeights(network, withoutProducts(await readWeights(network)));
      const rows = 4000;
      const cells = await draw(network, { rows });
      table.columns.forEach(({ shares }, column) => {
        shares.forEach((share, k) => {
          const found = cells[column].filter((code) => code === k).length / rows;
          // Four deviations.
          expect(Math.abs(found - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / rows) + 1e-9);
        });
      });
    }));

  test("follow what was drawn before, in any order, once that was learned", async () => {
    const determined = drawnTable(400, [6, 6, 2], (uniform, column, [x]) =>
      column === 0 ? Math.floor(6 * uniform) : column === 1 ? (5 * x + 1) % 6 : Number(x < 2),
    );
    const task = networkTask(open(), determined, { embedding: 8, hidden: 16, batch: 64, dropout: 0 });
    await train(task, { epochs: 30, learningRate: 0.02, schedule: { by: "constant" } });
    const model = networkModel(task.module, determined.columns);
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
    ]) {
      const drawing = model.begin({ rows: 500, seed: 1, order, given: new Map() });
      const cells: Int32Array[] = [];
      for (const column of order) cells[column] = await drawing.next();
      const right = cells[0].filter(
        (x, row) => cells[1][row] === (5 * x + 1) % 6 && cells[2][row] === Number(x < 2),
      );
      expect(right.length).toBeGreaterThan(485);
      expect(new Set(cells[0]).size).toBe(6);
    }
    task.module.dispose();
  });

  test("are the likeliest at temperature 0, whatever the seed", () =>
    withNetwork(async (network) => {
      const best = await draw(network, { temperature: 0 });
      expect(await draw(network, { temperature: 0, seed: 99 })).toEqual(best);
      const [, , first] = best;
      expect(new Set(first).size).toBe(1);
    }));
});

describe("what is allowed", () => {
  test("by a condition holds in every row, and row by row in each", () =>
    withNetwork(async (network) => {
      const rows = 1100;
      const given = new Map([[2, Uint8Array.of(0, 1, 0, 1, 1, 0, 0, 0, 0)]]);
      const random = randomStream(1, "allowed");
      const own = Uint8Array.from({ length: rows * 5 }, (_, i) => (i % 5 === 4 ? 1 : random.below(2)));
      const both = Uint8Array.from({ length: rows * 9 }, (_, i) => (i % 9 === 3 ? 1 : random.below(2)));
      const cells = await draw(network, {
        ...{ rows, given },
        allowed: new Map([
          [0, own],
          [2, both],
        ]),
      });
      cells[0].forEach((code, row) => expect(own[row * 5 + code]).toBe(1));
      cells[2].forEach((code, row) => expect(both[row * 9 + code] * (given.get(2)?.[code] ?? 0)).toBe(1));
      expect(new Set(cells[0]).size).toBe(5);
      expect(new Set(cells[2])).toEqual(new Set([1, 3, 4]));
    }));

  test("may be nothing: that row has come to a dead end, and no other has", () =>
    withNetwork(async (network) => {
      const allowed = new Uint8Array(60 * 5).fill(1).fill(0, 35, 40);
      const cells = await draw(network, { allowed: new Map([[0, allowed]]) });
      expect([...cells[0].keys()].filter((row) => cells[0][row] === -1)).toEqual([7]);
      expect(cells[1].includes(-1)).toBe(false);
    }));
});

describe("known cells", () => {
  test("come back as they are, whatever is allowed, and count from the start", () =>
    withNetwork(async (network) => {
      const known = new Map([
        [0, Int32Array.from({ length: 60 }, (_, row) => (row % 3 === 0 ? row % 5 : -1))],
      ]);
      const allowed = new Map([[0, Uint8Array.from({ length: 300 }, (_, i) => Number(i % 5 === 1))]]);
      const cells = await draw(network, { known, allowed });
      cells[0].forEach((code, row) => expect(code).toBe(row % 3 === 0 ? row % 5 : 1));
      // Column 2 is drawn first, and yet by what is known of column 0.
      const other = new Map([
        [0, Int32Array.from({ length: 60 }, (_, row) => (row % 3 === 0 ? 4 - (row % 5) : -1))],
      ]);
      const changed = await draw(network, { known: other, temperature: 1 });
      const differs = (row: number): boolean => changed[2][row] !== cells[2][row];
      const rows = [...cells[2].keys()];
      expect(rows.filter((row) => row % 3 === 0 && differs(row)).length).toBeGreaterThan(0);
      expect(rows.filter((row) => row % 3 !== 0 && differs(row))).toEqual([]);
      expect(known.get(0)?.filter((code) => code === -1)).toHaveLength(40);
    }));
});

test("a network of other columns, or a temperature that is none, is refused", () =>
  withNetwork(async (network) => {
    expect(() => networkModel(network, table.columns.slice(1))).toThrow(
      /the network is of columns of 5, 2, 9 codes/,
    );
    expect(() => networkModel(network, table.columns, { temperature: -1 })).toThrow(
      /temperature is a finite/,
    );
    await expect(draw(network, { order: [0, 1] })).rejects.toThrow(
      /the order must name each of 3 columns once/,
    );
  }));
