// Random numbers for users. The seed is a tensor, so that a recorded program can be given another one each step.

import { aNumber, expectArgument, expectOptions, type OptionChecks } from "../errors/arguments.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { runOne } from "./run.ts";

/**
 * Uniform numbers in [0, 1), multiples of 2^-24, from Philox4x32-10: the same on every device, whatever ran before.
 *
 * @param seed u32 [4]: two words of key, two of counter (for example step and epoch)
 * @param shape of the result
 * @param stream tells apart the draws that share a seed
 * @throws ShapeError when the seed is not u32 [4] or the stream no u32
 */
export function randomUniform(seed: Tensor, shape: Shape, stream = 0): Tensor {
  expectArgument("randomUniform", "the stream", stream, aNumber);
  return runOne("randomUniform", [seed], { shape, stream });
}

export interface DropoutOptions {
  /** The probability of each value to become 0, from 0 to below 1. Default .5. */
  readonly rate?: number;
  /** Tells apart the calls that share a seed. Default 0. */
  readonly stream?: number;
}

const dropoutOptions: OptionChecks<DropoutOptions> = { rate: aNumber, stream: aNumber };

/**
 * Sets values to 0 at random, and divides the others by 1 - rate, so that the mean stays (Srivastava et al. 2014, inverted).
 * Which ones follows from seed, stream and place alone, on every device, so the gradient needs no mask that is stored. A NaN
 * stays one.
 *
 * @param x f32, any shape
 * @param seed u32 [4]: two words of key, two of counter (for example step and epoch)
 * @throws ShapeError when the seed is not u32 [4], the rate not in [0, 1) or the stream no u32
 */
export function dropout(x: Tensor, seed: Tensor, options: DropoutOptions = {}): Tensor {
  expectOptions("dropout", options, dropoutOptions);
  const { rate = 0.5, stream = 0 } = options;
  return runOne("dropout", [x, seed], { rate, stream });
}

/** As randomUniform, but normal numbers of mean 0 and deviation 1. */
export function randomNormal(seed: Tensor, shape: Shape, stream = 0): Tensor {
  expectArgument("randomNormal", "the stream", stream, aNumber);
  return runOne("randomNormal", [seed], { shape, stream });
}
