// A small network that tells rows of two kinds apart, trained by the training loop on a fixed small budget: what judges tables.

import { UsageError } from "../../errors/errors.ts";
import { relu } from "../../functions/elementwise.ts";
import { binaryCrossEntropyWithLogits } from "../../functions/losses.ts";
import { shuffledRows } from "../../metrics/tables/typed-rows.ts";
import { Initialiser } from "../../nn/initialise.ts";
import { Linear } from "../../nn/layers/linear-layer.ts";
import { Sequential } from "../../nn/sequential.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Task } from "../../training/task.ts";
import { train } from "../../training/trainer.ts";
import type { FeatureRows } from "./row-features.ts";

/** Rows of both kinds. */
export interface LabelledRows {
  readonly features: FeatureRows;
  /** [rows], 0 or 1. */
  readonly labels: Uint8Array;
}

export interface ClassifierOptions {
  readonly seed: number;
  /** Steps of 256 rows; default 800. */
  readonly steps?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each epoch, a tenth of the steps. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

const batch = 256;
const hidden = [96, 48] as const;
const learningRate = 2e-3;
const epochs = 10;

interface Batch {
  /** [batch, width] */
  readonly x: Float32Array;
  /** [batch, 1] */
  readonly y: Float32Array;
}

/**
 * Trains a network of two hidden layers, 96 and 48 wide, and returns its logits of other rows. Same engine, same seed, same logits.
 *
 * @param width of the features
 * @returns by list of `others`: [rows], higher for rows that are more like those of label 1
 * @throws UsageError when there are no rows of a label to learn from; the signal's reason when it ended the work
 */
export async function classifierLogits(
  engine: Engine,
  width: number,
  learned: LabelledRows,
  others: readonly FeatureRows[],
  { seed, steps = 800, signal, progress }: ClassifierOptions,
): Promise<Float32Array[]> {
  if (!learned.labels.includes(0) || !learned.labels.includes(1)) {
    throw new UsageError("classifierLogits: the rows to learn from are all of one label");
  }
  const init = new Initialiser(engine, seed);
  const network = new Sequential(engine, {
    first: new Linear(engine, init, width, hidden[0]),
    bend: relu,
    second: new Linear(engine, init, hidden[0], hidden[1]),
    again: relu,
    last: new Linear(engine, init, hidden[1], 1),
  });
  const batchOf = batchesOf(learned, width, seed);
  try {
    const task: Task<Batch> = {
      module: network,
      twin: () => network, // never asked for: the settings have no moving average
      terms: ["total"],
      stepsPerEpoch: Math.max(1, Math.ceil(steps / epochs)),
      variantAt: () => "step",
      losses(_, inputs) {
        const x = engine.feed(() => inputs().x, [batch, width]);
        const y = engine.feed(() => inputs().y, [batch, 1]);
        return { total: binaryCrossEntropyWithLogits(network.forward(x, "training"), y) };
      },
      // eslint-disable-next-line @typescript-eslint/require-await -- the contract is that of data which is read from a disk
      async *inputs(first, count) {
        for (let step = first; step < first + count; step++) yield batchOf(step);
      },
      settings: { seed },
      data: "rows in memory",
    };
    const result = await train(
      task,
      { epochs, learningRate, optimiser: { by: "adam" }, schedule: { by: "cosine" }, weightDecay: 1e-4 },
      { signal, listener: { epoch: ({ epoch }) => progress?.(epoch, epochs) } },
    );
    if (result.stopped) signal?.throwIfAborted();
    const logits: Float32Array[] = [];
    for (const rows of others) logits.push(await logitsOf(engine, network, rows, width));
    return logits;
  } finally {
    network.dispose();
  }
}

/** The rows of a step, from 1: passes over all rows, each in an order of its own, one behind the other. */
function batchesOf({ features, labels }: LabelledRows, width: number, seed: number): (step: number) => Batch {
  const { rows } = features;
  let pass = -1;
  let order: Uint32Array = new Uint32Array(0);
  return (step) => {
    const [x, y] = [new Float32Array(batch * width), new Float32Array(batch)];
    for (let i = 0; i < batch; i++) {
      const at = (step - 1) * batch + i;
      const own = Math.floor(at / rows);
      if (own !== pass) [pass, order] = [own, shuffledRows(rows, seed, 5000 + own)];
      const row = order[at % rows];
      features.write(row, x, i * width);
      y[i] = labels[row];
    }
    return { x, y };
  };
}

async function logitsOf(
  engine: Engine,
  network: Sequential,
  rows: FeatureRows,
  width: number,
): Promise<Float32Array> {
  const logits = new Float32Array(rows.rows);
  const most = 2048;
  for (let first = 0; first < rows.rows; first += most) {
    const count = Math.min(most, rows.rows - first);
    const x = new Float32Array(count * width);
    for (let row = 0; row < count; row++) rows.write(first + row, x, row * width);
    using found = engine.scope(() => network.forward(engine.tensor(x, [count, width]), "inference"));
    logits.set(await found.read(), first);
  }
  return logits;
}
