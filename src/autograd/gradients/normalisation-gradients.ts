// The gradients of normalisations.

import { affine, divide, multiply } from "../../functions/elementwise.ts";
import { run, runOne } from "../../functions/run.ts";
import { sum } from "../../functions/reduction.ts";
import type { normalisationOperators } from "../../operators/normalisation/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { noGradientOf, type GradientsOf } from "./gradient-parts.ts";

export const normalisationGradients: GradientsOf<typeof normalisationOperators> = {
  batchNorm: ({ inputs: [x, gamma], outputs: [, mean, variance], attributes, gradient: g }) => {
    const [dx, dgamma, dbeta] = run("batchNormGradient", [x, gamma, mean, variance, g], attributes);
    return [() => dx, () => dgamma, () => dbeta];
  },
  batchNormGradient: "nondifferentiable",
  batchNormInference: ({ inputs: [x, gamma, , mean, variance], attributes: { epsilon }, gradient: g }) => {
    const deviation = runOne("sqrt", [affine(variance, 1, epsilon)], {});
    const rows = x.shape.slice(0, -1).map((_, axis) => axis);
    const normalised = (): Tensor => divide(runOne("subtract", [x, mean], {}), deviation);
    return [
      () => multiply(g, divide(gamma, deviation)),
      () => sum(multiply(g, normalised()), { axes: rows }),
      () => sum(g, { axes: rows }),
      noGradientOf("batchNormInference", "running statistics"),
      noGradientOf("batchNormInference", "running statistics"),
    ];
  },
  movingAverage: "nondifferentiable",
  layerNorm: ({ inputs: [x, gamma], attributes, gradient: g }) => {
    const [dx, dgamma, dbeta] = run("layerNormGradient", [x, gamma, g], attributes);
    return [() => dx, () => dgamma, () => dbeta];
  },
  layerNormGradient: "nondifferentiable",
  rmsNorm: ({ inputs: [x, gamma], attributes, gradient: g }) => {
    const [dx, dgamma] = run("rmsNormGradient", [x, gamma, g], attributes);
    return [() => dx, () => dgamma];
  },
  rmsNormGradient: "nondifferentiable",
  groupNorm: ({ inputs: [x, gamma], outputs: [, mean, variance], attributes, gradient: g }) => {
    const [dx, dgamma, dbeta] = run("groupNormGradient", [x, gamma, mean, variance, g], attributes);
    return [() => dx, () => dgamma, () => dbeta];
  },
  groupNormGradient: "nondifferentiable",
};
