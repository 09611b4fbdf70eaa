// The gradients of reductions.

import { divide, equal, multiply } from "../../functions/elementwise.ts";
import { reshape } from "../../functions/movement.ts";
import { cumulativeSum, sum } from "../../functions/reduction.ts";
import type { reductionOperators } from "../../operators/reduction/index.ts";
import { scale, spread, type GradientsOf } from "./gradient-parts.ts";

export const reductionGradients: GradientsOf<typeof reductionOperators> = {
  sum: ({ inputs: [x], attributes: { axes }, gradient: g }) => [() => spread(g, axes, x.shape)],
  mean: ({ inputs: [x], outputs: [y], attributes: { axes }, gradient: g }) => [
    () => spread(scale(g, y.size / x.size), axes, x.shape),
  ],
  // What a number is part of, it takes a gradient from: the sums walk the other way.
  cumulativeSum: ({ attributes: { axis, exclusive, reverse }, gradient: g }) => [
    () => cumulativeSum(g, { axis, exclusive, reverse: !reverse }),
  ],
  // Equal maxima share the gradient.
  max: ({ inputs: [x], outputs: [y], attributes: { axes }, gradient: g }) => [
    () => {
      const winners = equal(x, spread(y, axes, x.shape));
      const share = divide(reshape(g, y.shape), reshape(sum(winners, { axes }), y.shape));
      return multiply(winners, spread(share, axes, x.shape));
    },
  ],
};
