// Numbers of classes, rows and columns, for users: made into rows, found as the best, or drawn.

import {
  aFlag,
  anything,
  aNumber,
  expectArgument,
  expectOptions,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { normaliseAxis } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { AttributesOf } from "../operators/registry.ts";
import { run, runOne } from "./run.ts";

/**
 * Rows with a single 1, in the column that the index names, and 0 elsewhere.
 *
 * @param indices u32 [...]; one past the last class gives a row of zeros
 * @param classes columns of the result
 * @returns f32 [..., classes]
 * @throws ShapeError when the indices are not u32, UsageError when the classes are no whole number
 */
export function oneHot(indices: Tensor, classes: number): Tensor {
  expectArgument("oneHot", "the number of classes", classes, wholeFrom(1));
  return runOne("oneHot", [indices], { classes });
}

export interface ArgMaxOptions {
  /** The axis to look along; a negative one counts from the end. Default -1. */
  readonly axis?: number;
  /** Whether the axis stays with extent 1. Default false. */
  readonly keepDimensions?: boolean;
}

const argMaxOptions: OptionChecks<ArgMaxOptions> = { axis: aNumber, keepDimensions: aFlag };

function attributesOf(operator: string, x: Tensor, options: ArgMaxOptions): AttributesOf<"argMax"> {
  expectTensor(operator, 0, 1, x);
  expectOptions(operator, options, argMaxOptions);
  const { axis = -1, keepDimensions = false } = options;
  return { axis: normaliseAxis(operator, x.shape, axis), keepDimensions };
}

/**
 * Where the largest number along an axis is. Of equal ones it is the first; a NaN is larger than all numbers, as for NumPy
 * and PyTorch. It has no gradient but zero.
 *
 * @param x f32, any shape but a scalar
 * @returns u32, x without the axis; a scalar [] when there are no axes left
 * @throws ShapeError when the axis is not one of x, UsageError for an option that there is not
 */
export function argMax(x: Tensor, options: ArgMaxOptions = {}): Tensor {
  return runOne("argMax", [x], attributesOf("argMax", x, options));
}

/** Where the smallest number along an axis is, or the first NaN; otherwise as `argMax`. */
export function argMin(x: Tensor, options: ArgMaxOptions = {}): Tensor {
  return runOne("argMin", [x], attributesOf("argMin", x, options));
}

export interface TopRows {
  /** f32 [Q, k]: inner products, the largest first. */
  readonly values: Tensor;
  /** u32 [Q, k]: the numbers of their rows. */
  readonly indices: Tensor;
}

/**
 * The k rows that have the largest inner product with each query: exact search, which stores no more than the best of each
 * block of rows. Rows and queries of length 1 make it a search by cosine.
 *
 * Of equal products the row with the smaller number comes first, and a product that is NaN before all numbers. A product is
 * added up in the order of the columns, whatever the candidate, so a device gives the same rows each time. The values have
 * gradients, by which the rows that were found and the queries learn.
 *
 * @param queries f32 [Q, d]
 * @param rows f32 [n, d]
 * @param k at most 128, and at most n
 * @throws ShapeError when the widths differ or k is no whole number from 1 to min(n, 128)
 */
export function topRows(queries: Tensor, rows: Tensor, k: number): TopRows {
  expectArgument("topRows", "k", k, wholeFrom(1));
  const [values, indices] = run("topRows", [queries, rows], { k });
  return { values, indices };
}

export interface SampleRowsOptions {
  /** What the logits are divided by: below 1 the likely columns become likelier, 0 takes the largest. Default 1. */
  readonly temperature?: number;
  /** Which columns may be drawn: u8 or f32 [B, n] or [n], 0 for those that may not. Default: all. */
  readonly allowed?: Tensor | undefined;
  /** Tells apart the draws that share a seed. Default 0. */
  readonly stream?: number;
}

const sampleRowsOptions: OptionChecks<SampleRowsOptions> = {
  temperature: aNumber,
  allowed: anything,
  stream: aNumber,
};

/**
 * One column of each row, drawn with the probabilities softmax(logits / temperature): the largest of the logits plus Gumbel
 * noise times the temperature (Maddison, Tarlow and Minka, "A* sampling", 2014). The noise is counted and not stepped, so the
 * same seed and stream draw the same columns in every order, and on every backend but for scores that nearly tie.
 *
 * @param logits f32 [B, n]; a column of -Infinity is never drawn, a NaN always
 * @param seed u32 [4]: two words of key, two of counter (for example step and epoch)
 * @returns u32 [B]; 0xffffffff for a row that has no column to draw
 * @throws ShapeError when shapes do not fit, or for a temperature below 0 or a stream that is no u32
 */
export function sampleRows(logits: Tensor, seed: Tensor, options: SampleRowsOptions = {}): Tensor {
  expectOptions("sampleRows", options, sampleRowsOptions);
  const { temperature = 1, allowed, stream = 0 } = options;
  if (allowed !== undefined) expectTensor("sampleRows", 2, 3, allowed);
  const inputs = allowed === undefined ? [logits, seed] : [logits, seed, allowed];
  return runOne("sampleRows", inputs, { temperature, stream });
}
