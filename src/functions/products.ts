// Products of matrices, for users.

import { aFlag, expectOptions, type OptionChecks } from "../errors/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { runOne } from "./run.ts";

export interface MatmulOptions {
  /** Whether a is given as its transpose, [..., K, M]. Default false. */
  readonly transposeA?: boolean;
  /** Whether b is given as its transpose, [..., N, K]. Default false. */
  readonly transposeB?: boolean;
}

const matmulOptions: OptionChecks<MatmulOptions> = { transposeA: aFlag, transposeB: aFlag };

/**
 * The product a b of two matrices, or of batches of matrices.
 *
 * @param a [..., M, K]
 * @param b [..., K, N]; leading axes broadcast: aligned at the last, extents are equal or one of them is 1, and what is left
 *   out counts as 1
 * @returns [..., M, N]
 * @throws ShapeError when the inner extents or the leading axes do not fit, or one of the two is a vector: reshape it to a row
 *   or a column
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  expectOptions("matmul", options, matmulOptions);
  const { transposeA = false, transposeB = false } = options;
  return runOne("matmul", [a, b], { transposeA, transposeB });
}

export interface LinearOptions {
  /** Whether the weight is given as its transpose, [O, I], as torch's Linear has it. Default false. */
  readonly transposeWeight?: boolean;
}

const linearOptions: OptionChecks<LinearOptions> = { transposeWeight: aFlag };

/**
 * x weight + bias, the fully connected layer.
 *
 * @param x [..., I]
 * @param weight [I, O], or [O, I] with `transposeWeight`
 * @param bias [O]; undefined for none
 * @returns [..., O]
 * @throws ShapeError when the extents do not fit
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor, options: LinearOptions = {}): Tensor {
  expectOptions("linear", options, linearOptions);
  const { transposeWeight = false } = options;
  return runOne("linear", bias === undefined ? [x, weight] : [x, weight, bias], { transposeWeight });
}
