// The gradients of softmax and its logarithm.

import { exp, greater, multiply, subtract } from "../../functions/elementwise.ts";
import { argMax, oneHot } from "../../functions/indices.ts";
import { runOne } from "../../functions/run.ts";
import { sum } from "../../functions/reduction.ts";
import type { softmaxOperators } from "../../operators/softmax/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { scale, sumTo, type GradientsOf } from "./gradient-parts.ts";

/** Sums along the last axis, to be spread over it again. */
const along = (x: Tensor): Tensor => sum(x, { axes: [-1], keepDimensions: true });

export const softmaxGradients: GradientsOf<typeof softmaxOperators> = {
  softmax: ({ inputs, outputs: [y], gradient: g }) => {
    const dx = runOne("softmaxGradient", [y, g], {});
    return inputs.map(
      ({ shape }) =>
        () =>
          sumTo(dx, shape),
    );
  },
  softmaxGradient: ({ inputs: [y, dy], gradient: g }) => [
    () => {
      // As the operator, relative to the slope of the largest probability.
      const top = oneHot(argMax(y), y.shape[y.shape.length - 1]);
      const d = subtract(dy, along(multiply(dy, top)));
      return subtract(multiply(g, subtract(d, along(multiply(y, d)))), multiply(d, along(multiply(g, y))));
    },
    () => runOne("softmaxGradient", [y, g], {}),
  ],
  logSoftmax: ({ inputs, outputs: [y], gradient: g }) => {
    const dx = runOne("logSoftmaxGradient", [y, g], {});
    return inputs.map(
      ({ shape }) =>
        () =>
          sumTo(dx, shape),
    );
  },
  logSoftmaxGradient: ({ inputs: [y, dy], gradient: g }) => {
    const powers = exp(y);
    return [
      () => scale(multiply(multiply(g, powers), along(dy)), -1),
      // Nothing passes a row that was masked wholly.
      () => multiply(subtract(g, along(multiply(g, powers))), greater(along(powers), 0)),
    ];
  },
};
