// Random numbers for users. The seed is a tensor, so that a recorded program can be given another one each step.

import { aNumber, expectArgument } from "../errors/arguments.ts";
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

/** As randomUniform, but normal numbers of mean 0 and deviation 1. */
export function randomNormal(seed: Tensor, shape: Shape, stream = 0): Tensor {
  expectArgument("randomNormal", "the stream", stream, aNumber);
  return runOne("randomNormal", [seed], { shape, stream });
}
