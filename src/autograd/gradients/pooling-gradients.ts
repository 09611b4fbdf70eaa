// The gradients of pools.

import { runOne } from "../../functions/run.ts";
import type { poolingOperators } from "../../operators/pooling/index.ts";
import type { GradientsOf } from "./gradient-parts.ts";

export const poolingGradients: GradientsOf<typeof poolingOperators> = {
  maxPool2d: ({ inputs: [x], outputs: [y], attributes, gradient: g }) => [
    () => runOne("maxPool2dGradient", [x, y, g], attributes),
  ],
  maxPool2dGradient: "nondifferentiable",
  averagePool2d: ({ inputs: [x], attributes, gradient: g }) => [
    () => runOne("averagePool2dGradient", [g], { ...attributes, inputShape: x.shape }),
  ],
  averagePool2dGradient: ({ attributes, gradient: g }) => [() => runOne("averagePool2d", [g], attributes)],
};
