// Batch normalisation with given statistics: inference, and training with frozen statistics.

import { input, output, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { expectRoles } from "../roles.ts";
import type { BatchNormAttributes } from "./batch-norm.ts";
import { expectChannels, expectEpsilon, normaliseRows, rowsOf } from "./channels.ts";
import { byElement } from "../strided-iteration.ts";

/**
 * Inputs x [..., C], gamma [C], beta [C], runningMean [C], runningVariance [C]; output y [..., C].
 * y = (x - runningMean) / sqrt(runningVariance + epsilon) * gamma + beta.
 */
export const batchNormInference: Operator<BatchNormAttributes> = {
  name: "batchNormInference",
  infer(inputs, { epsilon }) {
    const [x] = inputs as readonly (TensorSpec | undefined)[];
    const shape = [x?.shape.at(-1) ?? 1];
    expectRoles("batchNormInference", inputs, [
      { role: "x" },
      ...["gamma", "beta", "runningMean", "runningVariance"].map((role) => ({ role, shape })),
    ]);
    expectChannels("batchNormInference", x);
    expectEpsilon("batchNormInference", epsilon);
    return [{ shape: inputs[0].shape, dtype: "f32" }];
  },
  reference([x, gamma, beta, mean, variance], [y], { epsilon }) {
    normaliseRows(x.data, mean.data, variance.data, gamma.data, beta.data, epsilon, y.data);
  },
  candidates([x], { epsilon }) {
    const { rows, channels } = rowsOf(x);
    const statistics = { mean: input(3), variance: input(4) };
    return byElement(channels, (name, Element, steps) => ({
      name,
      launches: [
        {
          kernel: "batchNormInference",
          knobs: { Element },
          bind: { x: input(0), gamma: input(1), beta: input(2), ...statistics, y: output(0) },
          sizes: { rows, channels: steps, epsilon },
        },
      ],
    }));
  },
};
