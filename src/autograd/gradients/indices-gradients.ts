// The gradients of what gives or takes numbers of rows, columns and classes: no gradient goes through whole numbers.

import { multiply } from "../../functions/elementwise.ts";
import { addRows, reshape, takeRows } from "../../functions/movement.ts";
import { matmul } from "../../functions/products.ts";
import type { indexOperators } from "../../operators/indices/index.ts";
import type { GradientsOf } from "./gradient-parts.ts";

export const indexGradients: GradientsOf<typeof indexOperators> = {
  oneHot: "nondifferentiable",
  argMax: "nondifferentiable",
  argMin: "nondifferentiable",
  // A value is the product of a query and the row that its index names; which row that is changes by jumps.
  topRows: ({ inputs: [queries, rows], outputs: [, indices], attributes: { k }, gradient: g }) => {
    const [count, width] = queries.shape;
    const flat = () => reshape(indices, [count * k]);
    return [
      () => {
        const best = reshape(takeRows(rows, flat()), [count, k, width]);
        return reshape(matmul(reshape(g, [count, 1, k]), best), [count, width]);
      },
      () => {
        const each = multiply(reshape(g, [count, k, 1]), reshape(queries, [count, 1, width]));
        return addRows(reshape(each, [count * k, width]), flat(), rows.shape[0]);
      },
    ];
  },
  sampleRows: "nondifferentiable",
};
