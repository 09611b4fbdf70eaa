// Products of matrices, for users.

import { aFlag, expectOptions, type NoOptions, type OptionChecks } from "../errors/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { runOne } from "./run.ts";

export interface MatmulOptions {
  /** Whether a is given as its transpose, [K, M]. Default false. */
  readonly transposeA?: boolean;
  /** Whether b is given as its transpose, [N, K]. Default false. */
  readonly transposeB?: boolean;
}

const matmulOptions: OptionChecks<MatmulOptions> = { transposeA: aFlag, transposeB: aFlag };

/**
 * The product a b of two matrices, or of batches of matrices.
 *
 * @param a [M, K] or [batch, M, K]
 * @param b [K, N] or [batch, K, N]; batches are equal, or one of them is 1 and serves every matrix of the other
 * @returns [M, N], or [batch, M, N] when either is a batch
 * @throws ShapeError when the inner extents or the batches differ
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  expectOptions("matmul", options, matmulOptions);
  const { transposeA = false, transposeB = false } = options;
  return runOne("matmul", [a, b], { transposeA, transposeB });
}

/**
 * x weight + bias, the fully connected layer.
 *
 * @param x [B, I]
 * @param weight [I, O] (the transpose of PyTorch's)
 * @param bias [O]
 * @returns [B, O]
 * @throws ShapeError when the extents do not fit
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor, options: NoOptions = {}): Tensor {
  expectOptions("linear", options, {});
  return runOne("linear", [x, weight, bias], {});
}
