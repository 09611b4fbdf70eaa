// The network against plain loops in float64: its loss, its gradients, and what a prediction may depend on.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { valueAndGradients } from "../../../src/autograd/functions.ts";
import { randomStream } from "../../../src/data/random-stream.ts";
import { readWeights, writeWeights } from "../../../src/nn/weights.ts";
import { logitGroups } from "../../../src/tabular/network/logit-groups.ts";
import { networkLoss } from "../../../src/tabular/network/network-loss.ts";
import { inOrders } from "../../../src/tabular/network/network-rows.ts";
import { TabularNetwork } from "../../../src/tabular/network/tabular-network.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { useEngine } from "../../engines.ts";
import { drawnTable, plainLoss, withoutProducts } from "./drawn-codes.ts";

const open = useEngine({ device: "reference" });
const table = drawnTable(40, [5, 2, 90, 1, 7]);
const rows = [3, 39, 3, 0, 17, 22];
const inputs = (network: TabularNetwork) =>
  inOrders(network, table.cells, rows, randomStream(8, "orders"), 0);

let network: TabularNetwork;
beforeAll(async () => {
  network = new TabularNetwork(open(), table.columns, { embedding: 4, hidden: 8, dropout: 0.3, seed: 3 });
  // Nothing is 0 as it is before the first step: a ReLU has no slope there, and a row that is read wrongly would not show.
  const random = randomStream(6, "nudges");
  const nudged = [...(await readWeights(network))].map(([name, { shape, data }]) => {
    const isSeed = name.startsWith("dropout");
    return [name, { shape, data: isSeed ? data : data.map((x) => x + random.between(-0.2, 0.2)) }] as const;
  });
  writeWeights(network, new Map(nudged));
});
afterAll(() => network.dispose());

describe("the loss", () => {
  test("is that of plain loops in float64", async () => {
    using loss = networkLoss(network, rows.length, () => inputs(network), "inference");
    const wanted = plainLoss(network, await readWeights(network), table.cells, rows, inputs(network));
    expect((await loss.read())[0]).toBeCloseTo(wanted, 5);
  });

  test("has the slopes of those loops, in every parameter", async () => {
    const some = inputs(network);
    const parameters = [...network.parameters()];
    const { gradients } = valueAndGradients(
      () => networkLoss(network, rows.length, () => some, "inference"),
      parameters.map(([, tensor]) => tensor),
    );
    const weights = await readWeights(network);
    const random = randomStream(2, "looked at");
    let steepest = 0;
    for (const [p, [name, { size }]] of parameters.entries()) {
      const { shape, data } = weights.get(name) ?? { shape: [], data: new Float32Array() };
      const slopes = await gradients[p].read();
      // Those that are steepest, where a mistake would show, and any others.
      const steep = [...slopes.keys()].sort((a, b) => Math.abs(slopes[b]) - Math.abs(slopes[a])).slice(0, 6);
      for (const i of [...steep, ...Array.from({ length: 6 }, () => random.below(size))]) {
        const lossAt = (nudge: number): number => {
          const nudged = Float64Array.from(data);
          nudged[i] += nudge;
          const changed = new Map([...weights, [name, { shape, data: nudged }]]);
          return plainLoss(network, changed, table.cells, rows, some);
        };
        const slope = (lossAt(1e-5) - lossAt(-1e-5)) / 2e-5;
        expect(slopes[i], `${name} at ${i}`).toBeCloseTo(slope, 4);
        steepest = Math.max(steepest, Math.abs(slope));
      }
    }
    expect(steepest).toBeGreaterThan(0.05);
    for (const gradient of gradients) gradient.dispose();
  });

  test("is that of the columns' shares where nothing is known of a row and nothing was learned", async () => {
    using fresh = disposable(new TabularNetwork(open(), table.columns, { embedding: 4, hidden: 8 }));
    writeWeights(fresh.network, withoutProducts(await readWeights(fresh.network)));
    using loss = networkLoss(fresh.network, rows.length, () => inputs(fresh.network), "inference");
    const wanted = rows.map((row) =>
      table.columns.reduce((sum, { shares }, c) => sum - Math.log(shares[table.cells[c][row]]), 0),
    );
    expect((await loss.read())[0]).toBeCloseTo(wanted.reduce((sum, each) => sum + each) / rows.length, 5);
  });

  test("of a code that fills up a group has neither probability nor slope", async () => {
    const padded = network.outputs.findIndex(({ columns, width }) => network.counts[columns[0]] < width);
    const { biases, columns, width } = network.outputs[padded];
    const { gradients } = valueAndGradients(
      () => networkLoss(network, rows.length, () => inputs(network), "inference"),
      [biases],
    );
    const slopes = await gradients[0].read();
    gradients[0].dispose();
    expect([...slopes.subarray(network.counts[columns[0]], width)].every((slope) => slope === 0)).toBe(true);
  });
});

test("without dropout training computes as at inference, and with it draws anew in each step", async () => {
  const [half, none] = [0.5, 0].map(
    (dropout) => new TabularNetwork(open(), table.columns, { embedding: 4, hidden: 8, dropout }),
  );
  const lossOf = async (of: TabularNetwork, mode: "training" | "inference"): Promise<number> => {
    using loss = networkLoss(of, rows.length, () => inputs(of), mode);
    return (await loss.read())[0];
  };
  expect(await lossOf(none, "training")).toBe(await lossOf(none, "inference"));
  const [first, second] = [await lossOf(half, "training"), await lossOf(half, "training")];
  expect(first).not.toBe(second);
  expect(await lossOf(half, "inference")).toBe(await lossOf(none, "inference"));
  half.dispose();
  none.dispose();
});

test.each(["reference", "auto"] as const)(
  "a prediction depends on no bit of what it may not see (%s)",
  async (device) => {
    // On the adapter the products go through other kernels than small ones would.
    const { openEngine } = await import("../../../src/runtime/open-engine.ts");
    using engine = await openEngine(device === "auto" ? {} : { device });
    const own = new TabularNetwork(engine, table.columns, { seed: 3 });
    const [shown, other] = [
      table.cells,
      drawnTable(40, own.counts, (u, c) => Math.floor((1 - u) * own.counts[c])).cells,
    ];
    const many = Array.from({ length: 40 }, (_, row) => row);
    const { known, places } = inOrders(own, shown, many, randomStream(8, "orders"), 0);
    for (const [t, target] of own.targets.entries()) {
      const mask = known.subarray(t * 40 * own.knownWidth, (t + 1) * 40 * own.knownWidth);
      const changed = places.slice();
      let differences = 0;
      many.forEach((row) => {
        own.counts.forEach((_, i) => {
          if (mask[row * own.knownWidth + i] === 1) return;
          changed[row * own.counts.length + i] = own.firsts[i] + other[i][row];
          if (other[i][row] !== shown[i][row]) differences++;
        });
        expect(mask[row * own.knownWidth + target]).toBe(0);
      });
      expect(differences).toBeGreaterThan(20);
      const logits = async (of: Uint32Array): Promise<ArrayLike<number>> => {
        using found: Tensor = engine.scope(() =>
          own.logitsOf(
            target,
            own.inputs(engine.tensor(of, [40, 5], "u32"), engine.tensor(mask, [1, 40, own.knownWidth])),
          ),
        );
        return await found.read();
      };
      expect(await logits(changed)).toEqual(await logits(places));
    }
    own.dispose();
  },
);

test("orders show each target what comes before it, and every order is as likely", () => {
  const rows1200 = Array.from({ length: 1200 }, (_, i) => i % 40);
  const { known, places, classes } = inOrders(network, table.cells, rows1200, randomStream(1, "orders"), 0);
  const { knownWidth, targets } = network;
  const counts = new Map<string, number>();
  const wrong: unknown[] = [];
  for (let row = 0; row < 1200; row++) {
    const seen = targets.map((_, t) => {
      const at = (t * 1200 + row) * knownWidth;
      return [...known.subarray(at, at + knownWidth)];
    });
    // The number of columns that a target sees is its place in the order.
    const order = seen.map((mask) => mask.slice(0, 5).reduce((sum, each) => sum + each));
    counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1);
    const wanted = targets.map((_, t) => {
      const mask = new Array<number>(knownWidth).fill(0);
      targets.forEach((i, a) => (mask[i] = Number(order[a] < order[t])));
      mask[5 + order[t]] = 1;
      return mask;
    });
    if (wanted.join() !== seen.join()) wrong.push([row, wanted, seen]);
  }
  expect(wrong).toEqual([]);
  expect(counts.size).toBe(120);
  // 10 of each, give or take five deviations.
  expect(Math.max(...counts.values())).toBeLessThan(10 + 5 * Math.sqrt(10));
  expect([...places.subarray(5, 10)]).toEqual(network.firsts.map((first, i) => first + table.cells[i][1]));
  const { columns } = network.outputs[0];
  const last = columns.length - 1;
  expect(classes[0][last * 1200 + 7]).toBe(table.cells[columns[last]][7]);
});

test("a share of the rows is in the order of the table", () => {
  const shares = [0, 0.25, 1].map((share) => {
    const many = Array.from({ length: 2000 }, (_, i) => i % 40);
    const { known } = inOrders(network, table.cells, many, randomStream(1, "orders"), share);
    const { knownWidth, targets } = network;
    const isInOrder = (row: number): boolean =>
      targets.every((target, t) => known[(t * 2000 + row) * knownWidth + 5 + target] === 1);
    return many.filter((_, row) => isInOrder(row)).length / 2000;
  });
  // One of 120 random orders is that of the table.
  expect(shares[0]).toBeCloseTo(1 / 120, 1);
  expect(Math.abs(shares[1] - 0.25 - 0.75 / 120)).toBeLessThan(0.04);
  expect(shares[2]).toBe(1);
});

describe("groups of columns", () => {
  test("hold each column once, with room for its codes", () => {
    const counts = [69, 9, 100, 16, 7, 15, 6, 5, 2, 127, 78, 42, 2];
    const groups = logitGroups(counts);
    expect(groups.flatMap(({ columns }) => columns).sort((a, b) => a - b)).toEqual(counts.map((_, i) => i));
    for (const { columns, width } of groups) {
      expect(width % 4).toBe(0);
      for (const column of columns) expect(width).toBeGreaterThanOrEqual(counts[column]);
    }
  });

  test("are one where columns are alike, and apart where one has a thousand codes", () => {
    expect(logitGroups([8, 7, 6, 8])).toEqual([{ columns: [0, 3, 1, 2], width: 8 }]);
    expect(logitGroups([2, 1000, 3])).toEqual([
      { columns: [1], width: 1000 },
      { columns: [2, 0], width: 4 },
    ]);
  });
});

test("what fits no network is refused", () => {
  const make =
    (columns: readonly { readonly shares: Float64Array }[], options = {}) =>
    () =>
      new TabularNetwork(open(), columns, options);
  expect(make([])).toThrow(/^TabularNetwork: takes one column or more/);
  expect(make(table.columns, { embedding: 6 })).toThrow(/embedding must be a multiple of 4 above 0/);
  expect(make(table.columns, { hiden: 8 })).toThrow(/hiden/);
});

const disposable = (own: TabularNetwork) => ({ network: own, [Symbol.dispose]: () => own.dispose() });
