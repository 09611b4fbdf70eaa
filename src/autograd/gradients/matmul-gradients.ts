// The gradients of products of matrices.

import { matmul } from "../../functions/products.ts";
import { sum } from "../../functions/reduction.ts";
import type { matmulOperators } from "../../operators/matmul/index.ts";
import { sumTo, type GradientsOf } from "./gradient-parts.ts";

export const matmulGradients: GradientsOf<typeof matmulOperators> = {
  matmul: ({ inputs: [a, b], attributes: { transposeA, transposeB }, gradient: g }) => [
    () =>
      sumTo(
        transposeA
          ? matmul(b, g, { transposeA: transposeB, transposeB: true })
          : matmul(g, b, { transposeB: !transposeB }),
        a.shape,
      ),
    () =>
      sumTo(
        transposeB
          ? matmul(g, a, { transposeA: true, transposeB: transposeA })
          : matmul(a, g, { transposeA: !transposeA }),
        b.shape,
      ),
  ],
  linear: ({ inputs: [x, weight], gradient: g }) => [
    () => matmul(g, weight, { transposeB: true }),
    () => matmul(x, g, { transposeA: true }),
    () => sum(g, { axes: [0] }),
  ],
};
