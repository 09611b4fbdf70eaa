// Training the network by the one loop: that it learns, that a run goes on bit for bit, and what a task refuses.

import { describe, expect, test } from "vitest";
import { readWeights } from "../../../src/nn/weights.ts";
import { describeNetwork, networkOfDescription } from "../../../src/tabular/network/network-description.ts";
import {
  networkLoop,
  networkTask,
  type NetworkReport,
  type NetworkTaskOptions,
} from "../../../src/tabular/network/network-task.ts";
import type { Checkpoint } from "../../../src/training/checkpoint-record.ts";
import type { LoopSettings } from "../../../src/training/loop-settings.ts";
import { train } from "../../../src/training/trainer.ts";
import type { EpochReport } from "../../../src/training/training-reports.ts";
import { useEngine } from "../../engines.ts";
import { drawnTable } from "./drawn-codes.ts";

const open = useEngine({ device: "reference" });
const options = { embedding: 8, hidden: 16, batch: 64, seed: 2 };

/** Each code of the first column has one of the second, and one of the third. */
const determined = drawnTable(400, [6, 6, 2], (uniform, column, [x]) =>
  column === 0 ? Math.floor(6 * uniform) : column === 1 ? (5 * x + 1) % 6 : Number(x < 2),
);

interface Ran {
  readonly epochs: EpochReport<NetworkReport>[];
  readonly losses: number[];
  readonly weights: unknown;
  readonly checkpoints: Checkpoint[];
  readonly stopped: boolean;
}

async function run(
  settings: LoopSettings,
  {
    from,
    stopAfter,
    more,
  }: { from?: Checkpoint | undefined; stopAfter?: number; more?: NetworkTaskOptions } = {},
): Promise<Ran> {
  const task = networkTask(open(), determined, { ...options, ...more });
  const controller = new AbortController();
  const [epochs, losses, checkpoints]: [EpochReport<NetworkReport>[], number[], Checkpoint[]] = [[], [], []];
  const { module, stopped } = await train(task, settings, {
    signal: controller.signal,
    listener: {
      step: (report) => {
        losses.push(report.losses["total"]);
        if (report.step === stopAfter) controller.abort();
      },
      epoch: (report) => epochs.push(report),
    },
    checkpoints: {
      from: from && { checkpoint: from, file: "it" },
      every: { steps: 2 },
      save: (checkpoint) => Promise.resolve(void checkpoints.push(structuredClone(checkpoint))),
    },
  });
  const weights = [...(await readWeights(module))].map(([name, { data }]) => [name, [...data]]);
  module.dispose();
  return { epochs, losses, weights, checkpoints, stopped };
}

describe("training", () => {
  test("learns what follows from what, and leaves the chance that is in the table alone", async () => {
    const { epochs, losses } = await run(
      { epochs: 30, learningRate: 0.03, schedule: { by: "constant" } },
      { more: { dropout: 0 } },
    );
    // One of six rows, in whatever order of its columns: the column that comes first has to be guessed, and the others follow.
    const entropy = Math.log(6);
    expect(losses[0]).toBeGreaterThan(entropy + 2);
    expect(epochs[29].losses["total"]).toBeCloseTo(entropy, 1);
    expect(epochs[29].validation?.loss).toBeLessThan(entropy + 0.2);
  });

  test("goes on from a checkpoint bit for bit, within an epoch and behind one", async () => {
    const settings = { ...networkLoop, epochs: 3 };
    const whole = await run(settings);
    expect(whole.stopped).toBe(false);
    const perEpoch = whole.losses.length / 3;
    for (const stopAfter of [perEpoch + 2, perEpoch]) {
      const begun = await run(settings, { stopAfter });
      expect(begun.stopped).toBe(true);
      const from = begun.checkpoints.at(-1);
      const rest = await run(settings, { from });
      expect([...begun.losses, ...rest.losses]).toEqual(whole.losses);
      expect(rest.weights).toEqual(whole.weights);
    }
  });

  test("takes other orders and rows for another seed", async () => {
    const settings = { ...networkLoop, epochs: 1 };
    const [first, second] = [await run(settings), await run(settings, { more: { seed: 3 } })];
    expect(first.losses).not.toEqual(second.losses);
  });
});

describe("a task", () => {
  test("keeps a tenth of the rows for validation, sees each other row once in an epoch, and is told apart by its data", async () => {
    const task = networkTask(open(), determined, { ...options, batch: 90 });
    expect(task.stepsPerEpoch).toBe(4); // 360 of 400 rows
    const seen = new Map<string, number>();
    for await (const { places } of task.inputs(5, 4)) {
      for (let row = 0; row < 90; row++) {
        const key = places.subarray(3 * row, 3 * row + 3).join();
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
    }
    const again: unknown[] = [];
    for await (const inputs of task.inputs(6, 1)) again.push(inputs);
    for await (const inputs of task.inputs(6, 3)) again.push(inputs);
    expect(again[0]).toEqual(again[1]);
    expect([...seen.values()].reduce((sum, count) => sum + count)).toBe(360);
    const counts = determined.columns[0].shares;
    // The first column decides the others, and no code of it can have more rows than the table has.
    expect(seen.size).toBe(counts.length);
    for (const [key, count] of seen) {
      const rows = determined.cells[0].filter((code) => code === Number(key.split(",")[0])).length;
      expect(count).toBeLessThanOrEqual(rows);
    }
    const other = networkTask(open(), drawnTable(400, [6, 6, 2]), options);
    expect(other.data).not.toBe(task.data);
    task.module.dispose();
    other.module.dispose();
  });

  test("has no validation where none is wanted", async () => {
    const task = networkTask(open(), determined, { ...options, validation: 0 });
    expect([task.parts, task.stepsPerEpoch]).toEqual([undefined, 6]);
    task.module.dispose();
    const { epochs } = await run({ ...networkLoop, epochs: 1 }, { more: { validation: 0 } });
    expect(epochs[0].validation).toBeUndefined();
  });

  test("takes all rows at once where there are fewer than a batch", () => {
    const task = networkTask(open(), drawnTable(20, [3]), { hidden: 4, embedding: 4 });
    expect(task.stepsPerEpoch).toBe(1);
    task.module.dispose();
  });

  test("has steps of 512 rows, and of fewer where columns are many", () => {
    const batchOf = (columns: number): unknown => {
      const of = drawnTable(2000, new Array<number>(columns).fill(2));
      const task = networkTask(open(), of, { hidden: 4 });
      task.module.dispose();
      return task.settings["batch"];
    };
    expect(batchOf(13)).toBe(512);
    expect(batchOf(80)).toBe(Math.floor(2 ** 24 / (80 * (80 * 16 + 160))));
  });

  test("refuses tables and options that it cannot train by", () => {
    expect(() => networkTask(open(), { ...determined, rows: 1 })).toThrow(/two rows or more, got 1/);
    expect(() => networkTask(open(), determined, { validation: 1 })).toThrow(/validation must be a share/);
    expect(() => networkTask(open(), determined, { batch: 0 })).toThrow(/batch must be/);
    expect(() => networkTask(open(), determined, { batsch: 8 } as never)).toThrow(/batsch/);
  });
});

describe("a description", () => {
  test("makes the network anew", () => {
    const { module } = networkTask(open(), determined, { ...options, dropout: 0.25 });
    const json: unknown = JSON.parse(JSON.stringify(describeNetwork(module)));
    const again = networkOfDescription(open(), determined.columns, json, "table.json");
    const shapes = (of: typeof module) => [...of.parameters()].map(([name, { shape }]) => [name, shape]);
    expect(shapes(again)).toEqual(shapes(module));
    expect(again.dropout.rate).toBe(0.25);
    again.dispose();
    module.dispose();
  });

  test("that is none is refused by file and field", () => {
    const make = (json: unknown) => () =>
      networkOfDescription(open(), determined.columns, json, "table.json");
    expect(make({ kind: "network", embedding: 5, hidden: 8, dropout: 0 })).toThrow(
      /^table.json: does not describe a network of a table: embedding/,
    );
    expect(make({ kind: "copula" })).toThrow(/^table.json: .*kind/);
    expect(make(undefined)).toThrow(/^table.json: does not describe/);
  });
});
