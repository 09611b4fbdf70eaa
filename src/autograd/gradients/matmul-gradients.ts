// The gradients of products of matrices.

import { reshape } from "../../functions/movement.ts";
import { matmul } from "../../functions/products.ts";
import { sum } from "../../functions/reduction.ts";
import type { matmulOperators } from "../../operators/matmul/index.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { sumTo, type GradientsOf } from "./gradient-parts.ts";

/** [..., columns] as one matrix: the sum of a product over its batches is then a product, too. */
const asRows = (x: Tensor): Tensor => reshape(x, [-1, x.shape.at(-1) ?? 1]);

export const matmulGradients: GradientsOf<typeof matmulOperators> = {
  matmul: ({ inputs: [a, b], attributes: { transposeA, transposeB }, gradient: g }) => [
    () =>
      sumTo(
        transposeA
          ? matmul(b, g, { transposeA: transposeB, transposeB: true })
          : matmul(g, b, { transposeB: !transposeB }),
        a.shape,
      ),
    () => {
      const one = !transposeA && sizeOf(b.shape.slice(0, -2)) === 1;
      const [left, right] = one ? [asRows(a), asRows(g)] : [a, g];
      return sumTo(
        transposeB
          ? matmul(right, left, { transposeA: true, transposeB: transposeA })
          : matmul(left, right, { transposeA: !transposeA }),
        b.shape,
      );
    },
  ],
  linear: ({ inputs: [x, weight], attributes: { transposeWeight }, gradient: g }) => [
    () => reshape(matmul(asRows(g), weight, { transposeB: !transposeWeight }), x.shape),
    () =>
      transposeWeight
        ? matmul(asRows(g), asRows(x), { transposeA: true })
        : matmul(asRows(x), asRows(g), { transposeA: true }),
    () => sum(asRows(g), { axes: [0] }),
  ],
};
