// The gradients of softmax and its logarithm.

import { exp, greater, multiply, subtract } from "../../functions/elementwise.ts";
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
    () => subtract(multiply(g, subtract(dy, along(multiply(y, dy)))), multiply(dy, along(multiply(g, y)))),
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
