// The gradients of dense blocks and activated pools.

import { add, multiply } from "../../functions/elementwise.ts";
import { run, runOne } from "../../functions/run.ts";
import { reshape, slice } from "../../functions/movement.ts";
import { mean } from "../../functions/reduction.ts";
import type { Gradient } from "../../operators/gradient-rule.ts";
import type { denseOperators } from "../../operators/dense/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { scale, partOfFirst, type GradientsOf } from "./gradient-parts.ts";

export const denseGradients: GradientsOf<typeof denseOperators> = {
  batchMoments: ({ inputs: [x], outputs: [statistics], attributes: { groups = 1 }, gradient: g }) => {
    const channels = x.shape.at(-1) ?? 1;
    const rows = x.size / channels / groups;
    const row = (of: Tensor, at: number): Tensor =>
      slice(reshape(of, [groups, 2, channels]), [0, at, 0], [groups, 1, channels]);
    return [
      () => {
        const fromRounded = runOne(
          "subtract",
          [reshape(x, [groups, rows, channels]), row(statistics, 0)],
          {},
        );
        // The mean is rounded; what it lost is the mean of these differences.
        const lost = mean(fromRounded, { axes: [1], keepDimensions: true });
        const deviation = runOne("subtract", [fromRounded, lost], {});
        const dx = add(multiply(deviation, scale(row(g, 1), 2 / rows)), scale(row(g, 0), 1 / rows));
        return reshape(dx, x.shape);
      },
    ];
  },
  denseBlock: ({ inputs, outputs: [block, statistics, ...kept], attributes, gradient: g }) => {
    const { momentum: _, ...ofGradient } = attributes;
    const { bottleneck } = ofGradient;
    // A layer leaves its factors behind, and with a bottleneck z, its statistics and factors; the weight of a stage
    // is the fifth of its inputs.
    const perLayer = bottleneck === null ? 1 : 4;
    const stages = (inputs.length - 1) / 5;
    const weights = Array.from({ length: stages }, (_, stage) => inputs[5 * stage + 5]);
    const layers = bottleneck === null ? stages : stages / 2;
    const needed = Array.from({ length: layers }, (_, layer) => {
      const [factors, ...inner] = kept.slice(perLayer * layer, perLayer * (layer + 1));
      if (bottleneck === null) return [factors, weights[layer]];
      return [factors, weights[2 * layer], ...inner, weights[2 * layer + 1]];
    }).flat();
    const found = run("denseBlockGradient", [block, statistics, g, ...needed], ofGradient);
    const [dx, ...parameters] = found.map((gradient) => () => gradient);
    const ofStages = Array.from({ length: stages }, (_, stage): Gradient[] => {
      const [dgamma, dbeta, dweight] = parameters.slice(3 * stage, 3 * stage + 3);
      return [dgamma, dbeta, undefined, undefined, dweight];
    });
    return [dx, ...ofStages.flat()];
  },
  denseBlockGradient: "nondifferentiable",
  denseBlockInference: "nondifferentiable",
  activatedPool: ({ inputs: [x, statistics], outputs: [, factors, ...choice], attributes, gradient: g }) => {
    const { momentum: _, ...rest } = attributes;
    const found = run("activatedPoolGradient", [x, statistics, factors, g, ...choice], rest);
    const [dx, dgamma, dbeta] = found.map((gradient) => () => gradient);
    return [dx, partOfFirst, dgamma, dbeta];
  },
  activatedPoolGradient: "nondifferentiable",
};
