// Softmax and its logarithm, for users: probabilities from logits.

import { expectOptions, type OptionChecks, type Requirement } from "../errors/arguments.ts";
import { Tensor } from "../tensor/tensor.ts";
import { runOne } from "./run.ts";

export interface SoftmaxOptions {
  /**
   * f32, added to x before the softmax; broadcast to x, aligned at the last axis: as [B, 1, 1, T] or [T, T] to [B, h, T, T].
   * -Infinity takes an entry out: its probability is exactly 0.
   */
  readonly mask?: Tensor;
}

const aTensor: Requirement = { words: "a tensor", fits: (value) => value instanceof Tensor };

const softmaxOptions: OptionChecks<SoftmaxOptions> = { mask: aTensor };

function inputsOf(name: string, x: Tensor, options: SoftmaxOptions): readonly Tensor[] {
  expectOptions(name, options, softmaxOptions);
  return options.mask === undefined ? [x] : [x, options.mask];
}

/**
 * exp(x) / sum of exp(x) along the last axis: probabilities that add up to 1. Stable for numbers of any size; NaN or Infinity
 * makes its row NaN. A row that is -Infinity throughout, as one that is masked wholly, gives zeros, and a gradient of zeros.
 *
 * @param x f32 [..., n]
 * @returns f32, the shape of x; gradients for x and for the mask
 * @throws ShapeError when x is a scalar, or the mask does not repeat to its shape
 */
export function softmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  return runOne("softmax", inputsOf("softmax", x, options), {});
}

/**
 * x - log(sum of exp(x)) along the last axis: the logarithm of `softmax`, which keeps its digits where a probability is nearly
 * 1 or 0. A row that is -Infinity throughout, as one that is masked wholly, gives -Infinity, and a gradient of zeros.
 *
 * @param x f32 [..., n]
 * @returns f32, the shape of x; gradients for x and for the mask
 * @throws ShapeError when x is a scalar, or the mask does not repeat to its shape
 */
export function logSoftmax(x: Tensor, options: SoftmaxOptions = {}): Tensor {
  return runOne("logSoftmax", inputsOf("logSoftmax", x, options), {});
}
