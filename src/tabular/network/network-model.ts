// The trained network as a model that rows are drawn from.

import {
  aNumber,
  described,
  expectArgument,
  expectOptions,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { sampleRows } from "../../functions/indices.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { AllowedCodes, CodeModel, Drawing, DrawingOptions } from "../code-model.ts";
import type { CodedColumn } from "../coded-table.ts";
import { checkDrawing } from "../drawing-checks.ts";
import { codedColumns } from "../table-checks.ts";
import { TabularNetwork } from "./tabular-network.ts";

export interface NetworkModelOptions {
  /** What logits are divided by: below 1 frequent codes become more frequent still, 0 takes the likeliest. Default 1. */
  readonly temperature?: number;
}

const modelOptions: OptionChecks<NetworkModelOptions> = { temperature: aNumber };

/**
 * Rows that are computed together. What is drawn follows from a row's place in its chunk and the chunk's number, and all chunks are
 * filled up to one size, so the first rows of a drawing are the same however many are drawn.
 */
const chunkRows = 1024;
/** Chunks that are queued before their codes are read: some 4 MB each at 16 columns. */
const chunksUnderWay = 8;
/** The second word of the seed: apart from the streams that training draws from. */
const drawingKey = 0x7ab1e;

/**
 * A model of codes on the network's device. It draws by the weights as they are when a column is drawn; the network's owner disposes it.
 *
 * Hidden units are dropped as in training, anew for each row: the network has learned to be right on average over what is dropped, and
 * without is surer of frequent codes than the table is. Temperature 0, which asks for one best guess, drops nothing.
 *
 * @param columns those that the network was made for
 * @throws UsageError when the network is of other columns, or for a temperature below 0
 */
export function networkModel(
  network: TabularNetwork,
  columns: readonly CodedColumn[],
  options: NetworkModelOptions = {},
): CodeModel {
  if (!(network instanceof TabularNetwork)) {
    throw new UsageError(`networkModel: takes a TabularNetwork, got ${described(network)}`);
  }
  expectArgument("networkModel", "columns", columns, codedColumns);
  expectOptions("networkModel", options, modelOptions);
  const { temperature = 1 } = options;
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new UsageError(`networkModel: a temperature is a finite number, 0 or more, not ${temperature}`);
  }
  const counts = columns.map(({ codes }) => codes.length);
  if (counts.join() !== network.counts.join()) {
    throw new UsageError(
      `networkModel: the network is of columns of ${network.counts.join(", ")} codes, and these have ${counts.join(", ")}`,
    );
  }
  return {
    columns,
    // A quarter of the rows that it learned from were in it, and few in any other one.
    inTableOrder: true,
    begin: (drawing) => {
      checkDrawing(columns, drawing);
      return new NetworkDrawing(network, temperature, drawing);
    },
  };
}

class NetworkDrawing implements Drawing {
  readonly #network: TabularNetwork;
  readonly #temperature: number;
  readonly #options: DrawingOptions;
  readonly #chunks: number;
  /** Rows of the network's embeddings and masks, as its `inputs` takes them, with rows that fill up the last chunk. */
  readonly #places: Uint32Array;
  readonly #known: Float32Array;
  #drawn = 0;

  constructor(network: TabularNetwork, temperature: number, options: DrawingOptions) {
    this.#network = network;
    this.#temperature = temperature;
    this.#options = options;
    const { rows, known } = options;
    const { counts, knownWidth } = network;
    this.#chunks = Math.ceil(rows / chunkRows);
    const filled = this.#chunks * chunkRows;
    this.#places = new Uint32Array(filled * counts.length);
    this.#known = new Float32Array(filled * knownWidth);
    for (let row = 0; row < filled; row++) this.#known[row * knownWidth + counts.length] = 1; // none so far
    for (const [column, codes] of known ?? []) this.#take(column, codes);
  }

  async next(allowed?: AllowedCodes): Promise<Int32Array> {
    const { rows, order, given, known } = this.#options;
    const column = order[this.#drawn++];
    const codes = known?.get(column)?.slice() ?? new Int32Array(rows).fill(-1);
    const chunks = Array.from({ length: this.#chunks }, (_, chunk) => chunk).filter((chunk) =>
      codes.subarray(chunk * chunkRows, (chunk + 1) * chunkRows).includes(-1),
    );
    for (let first = 0; first < chunks.length; first += chunksUnderWay) {
      const some = chunks.slice(first, first + chunksUnderWay);
      const drawn = some.map((chunk) => this.#draw(column, chunk, allowed, given.get(column)));
      try {
        (await this.#network.engine.readAll(drawn)).forEach((values, i) => {
          const from = some[i] * chunkRows;
          for (let row = from; row < Math.min(from + chunkRows, rows); row++) {
            // No code is a word of ones, which is -1.
            if (codes[row] < 0) codes[row] = values[row - from] | 0;
          }
        });
      } finally {
        for (const each of drawn) each.dispose();
      }
    }
    this.#take(column, codes);
    return codes;
  }

  close(): void {
    return; // Nothing lies on the device between two columns.
  }

  /** Codes of a chunk, u32 [chunkRows]. */
  #draw(
    column: number,
    chunk: number,
    allowed: AllowedCodes | undefined,
    given: Uint8Array | undefined,
  ): Tensor {
    const { engine, counts, knownWidth } = this.#network;
    const { seed } = this.#options;
    const [columns, count] = [counts.length, counts[column]];
    const part = <List extends Uint32Array | Float32Array>(list: List, width: number): List =>
      list.subarray(chunk * chunkRows * width, (chunk + 1) * chunkRows * width) as List;
    return engine.scope(() => {
      const places = engine.tensor(part(this.#places, columns), [chunkRows, columns], "u32");
      const known = engine.tensor(part(this.#known, knownWidth), [1, chunkRows, knownWidth]);
      const words = Uint32Array.of(seed, drawingKey + Math.floor(seed / 2 ** 32), column, chunk);
      const own = engine.tensor(words, [4], "u32");
      const temperature = this.#temperature;
      const inputs = this.#network.inputs(places, known);
      const logits = this.#network.logitsOf(column, inputs, temperature === 0 ? undefined : own);
      const mask = possible(allowed, given, chunk, count);
      return sampleRows(logits, own, {
        temperature,
        stream: 1, // dropout has stream 0
        allowed: mask && engine.tensor(mask, mask.length === count ? [count] : [chunkRows, count], "u8"),
      });
    });
  }

  /** From now on predictions read these codes, but those that are -1. */
  #take(column: number, codes: Int32Array): void {
    const { counts, firsts, knownWidth } = this.#network;
    const columns = counts.length;
    codes.forEach((code, row) => {
      const own = this.#known.subarray(row * knownWidth, (row + 1) * knownWidth);
      if (code < 0 || own[column] === 1) return;
      this.#places[row * columns + column] = firsts[column] + code;
      own[column] = 1;
      const known = own.indexOf(1, columns);
      own[known] = 0;
      if (known + 1 < 2 * columns) own[known + 1] = 1; // else all are known, and nothing is left to predict
    });
  }
}

/** Codes that a chunk's rows may take: [K] for all alike, [chunkRows * K], or undefined for every code. */
function possible(
  allowed: AllowedCodes | undefined,
  given: Uint8Array | undefined,
  chunk: number,
  count: number,
): Uint8Array | undefined {
  if (allowed === undefined) return given;
  const own = new Uint8Array(chunkRows * count);
  own.set(allowed.subarray(chunk * chunkRows * count, (chunk + 1) * chunkRows * count));
  if (given !== undefined) for (let i = 0; i < own.length; i++) own[i] &= given[i % count];
  return own;
}
