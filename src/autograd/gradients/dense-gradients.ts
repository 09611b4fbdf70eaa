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
  batchMoments: ({ inputs: [x], outputs: [statistics], gradient: g }) => {
    const channels = statistics.shape[1];
    const row = (of: Tensor, at: number): Tensor => reshape(slice(of, [at, 0], [1, channels]), [channels]);
    const share = channels / x.size;
    return [
      () => {
        const rows = x.shape.slice(0, -1).map((_, axis) => axis);
        const fromRounded = runOne("subtract", [x, row(statistics, 0)], {});
        // The mean is rounded; what it lost is the mean of these differences.
        const deviation = runOne("subtract", [fromRounded, mean(fromRounded, { axes: rows })], {});
        return add(multiply(deviation, scale(row(g, 1), 2 * share)), scale(row(g, 0), share));
      },
    ];
  },
  denseBlock: ({ inputs, outputs: [block, statistics, ...kept], attributes, gradient: g }) => {
    const { growth, bottleneck, epsilon } = attributes;
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
    const found = run("denseBlockGradient", [block, statistics, g, ...needed], {
      growth,
      bottleneck,
      epsilon,
    });
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
