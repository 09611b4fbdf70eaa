// Training the network, as a task of the one training loop.

import { sha256 } from "#sha256";
import { permutation } from "../../data/assembly/order.ts";
import { randomStream } from "../../data/random-stream.ts";
import {
  aNumber,
  expectArgument,
  expectOptions,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { NonFiniteError } from "../../errors/training-errors.ts";
import { expectEngine } from "../../runtime/engine-of.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { LoopSettings } from "../../training/loop-settings.ts";
import type { Judgement, JudgeOptions, Task } from "../../training/task.ts";
import type { CodedTable } from "../coded-table.ts";
import { aCodedTable } from "../table-checks.ts";
import { networkLoss } from "./network-loss.ts";
import { inOrders, type NetworkRows } from "./network-rows.ts";
import { TabularNetwork, type TabularNetworkOptions } from "./tabular-network.ts";

export interface NetworkTaskOptions extends TabularNetworkOptions {
  /**
   * Rows of a step, or all that are trained on where there are fewer; default 512, and fewer for a table of some 40 columns and more:
   * what a step reads grows with the square of their number.
   */
  readonly batch?: number;
  /** The share of the rows that decide when to stop, and are not trained on; default .1. */
  readonly validation?: number;
}

const taskOptions: OptionChecks<NetworkTaskOptions> = {
  batch: wholeFrom(1),
  validation: aNumber,
  embedding: aNumber, // the network looks at its own
  hidden: aNumber,
  dropout: aNumber,
  seed: wholeFrom(0),
};

/** What validation says. */
export interface NetworkReport {
  /** The mean over rows of the sum over columns of the cross entropy, in nats, each row in one order. */
  readonly loss: number;
}

export type NetworkTask = Task<NetworkRows, Judgement<NetworkReport>, TabularNetwork>;

/**
 * The loop's settings unless others are wanted. The rate falls to nothing over the run: at a rate that was halved when validation stood
 * still, training ended while shares of codes still wavered by .02 (docs/tables.md), which hardly shows in the loss.
 */
export const networkLoop = {
  epochs: 24,
  learningRate: 1e-3,
  schedule: { by: "cosine" },
  earlyStopping: 4,
} as const satisfies LoopSettings;

/**
 * A task that trains a `TabularNetwork` on a table in codes. The caller disposes its module.
 *
 * @throws UsageError for a table of fewer than two rows, and for options that do not fit
 */
export function networkTask(
  engine: Engine,
  table: CodedTable,
  options: NetworkTaskOptions = {},
): NetworkTask {
  expectEngine("networkTask", engine);
  expectArgument("networkTask", "the table", table, aCodedTable);
  expectOptions("networkTask", options, taskOptions);
  const { batch: wanted, validation = 0.1, ...network } = options;
  const { seed = 1 } = network;
  const { rows, columns, cells } = table;
  if (!(validation >= 0 && validation < 1)) {
    throw new UsageError(`networkTask: validation must be a share from 0 to below 1, got ${validation}`);
  }
  if (rows < 2) throw new UsageError(`networkTask: takes a table of two rows or more, got ${rows}`);
  const shuffled = permutation(rows, randomStream(seed, "table", "validation rows"));
  const watchedCount = Math.min(Math.round(validation * rows), rows - 1);
  const watched = shuffled.subarray(0, watchedCount);
  const trained = shuffled.subarray(watchedCount).toSorted();
  const make = (): TabularNetwork => new TabularNetwork(engine, columns, network);
  const module = make();
  const batch = Math.min(wanted ?? usualBatch(module), trained.length);
  const stepsPerEpoch = Math.floor(trained.length / batch);
  /** Rows of a step, of an epoch's own order. */
  let course: { readonly epoch: number; readonly order: Uint32Array } | undefined;
  const rowsOf = (step: number): Uint32Array => {
    const epoch = Math.floor((step - 1) / stepsPerEpoch);
    if (course?.epoch !== epoch) {
      const order = permutation(trained.length, randomStream(seed, "table", "epoch", epoch));
      course = { epoch, order: order.map((place) => trained[place]) };
    }
    const first = ((step - 1) % stepsPerEpoch) * batch;
    return course.order.subarray(first, first + batch);
  };
  return {
    module,
    twin: make,
    terms: ["total"],
    stepsPerEpoch,
    variantAt: () => "step",
    losses: (_, inputs) => ({ total: networkLoss(module, batch, inputs, "training") }),
    // eslint-disable-next-line @typescript-eslint/require-await -- the contract is that of data which is read from a disk
    async *inputs(first, count) {
      for (let step = first; step < first + count; step++) {
        yield inOrders(module, cells, rowsOf(step), randomStream(seed, "orders", step), inTableOrder);
      }
    },
    ...(watchedCount === 0 ? {} : { parts: ["validation"] as const }),
    judge: (judged, _, judging) => judgeRows(judged, table, watched, { batch, seed }, judging),
    settings: { batch, validation, seed, ...network },
    data: digestOf(table),
  };
}

/** Numbers of a step's masked inputs, 64 MB: half of what every adapter takes in one buffer. */
const mostInputs = 2 ** 24;

function usualBatch({ counts, embedding, knownWidth }: TabularNetwork): number {
  const perRow = counts.length * (counts.length * embedding + knownWidth);
  return Math.max(1, Math.min(512, Math.floor(mostInputs / perRow)));
}

/**
 * The share of rows whose columns are in the order of the table, in which rows are drawn unless conditions come first. Of 13 columns the
 * first six are one of 1,716 sets of as many, so by random orders alone it would hardly be seen.
 */
const inTableOrder = 0.25;

/** The loss of rows, each in an order that stays its own; the score is the geometric mean of their cells' probabilities. */
async function judgeRows(
  network: TabularNetwork,
  { columns, cells }: CodedTable,
  rows: Uint32Array,
  { batch, seed }: { readonly batch: number; readonly seed: number },
  { signal, progress }: JudgeOptions,
): Promise<Judgement<NetworkReport>> {
  let sum = 0;
  for (let first = 0; first < rows.length; first += batch) {
    signal?.throwIfAborted();
    const some = rows.subarray(first, first + batch);
    const inputs = inOrders(
      network,
      cells,
      some,
      randomStream(seed, "validation orders", first),
      inTableOrder,
    );
    using loss = network.engine.scope(() => networkLoss(network, some.length, () => inputs, "inference"));
    sum += (await loss.read())[0] * some.length;
    progress?.(first + some.length, rows.length);
  }
  const loss = sum / rows.length;
  if (!Number.isFinite(loss)) throw new NonFiniteError(`the validation loss of the table is ${loss}`);
  return { score: Math.exp(-loss / columns.length), report: { loss } };
}

function digestOf({ rows, columns, cells }: CodedTable): string {
  const digest = sha256().update(JSON.stringify([rows, columns.map(({ name, codes }) => ({ name, codes }))]));
  for (const each of cells) digest.update(each);
  return digest.hex();
}
