// The running statistics of batch normalisation.

import { input, type Operator } from "../operator.ts";
import { sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { expectAttribute, expectRoles } from "../roles.ts";

export interface MovingAverageAttributes {
  /** Weight of the new value, in [0, 1]. */
  readonly momentum: number;
  /** Multiplies the new value: n / (n - 1) makes a biased variance over n rows unbiased. */
  readonly scale: number;
}

/**
 * Inputs running [C] (overwritten in place) and batch [C], or [groups, C], of which the first counts; no outputs.
 * running = (1 - momentum) running + momentum scale batch.
 */
export const movingAverage: Operator<MovingAverageAttributes> = {
  name: "movingAverage",
  updates: [0],
  infer(inputs, { momentum, scale }) {
    const [running, batch] = inputs as readonly (TensorSpec | undefined)[];
    const shape = running?.shape ?? [];
    const isOfGroups = batch?.shape.length === shape.length + 1;
    expectRoles("movingAverage", inputs, [
      { role: "running" },
      { role: "batch", shape: isOfGroups ? [batch.shape[0], ...shape] : shape },
    ]);
    expectAttribute("movingAverage", "momentum", momentum, momentum >= 0 && momentum <= 1, "in [0, 1]");
    expectAttribute("movingAverage", "scale", scale, Number.isFinite(scale), "finite");
    return [];
  },
  reference([running, batch], _, { momentum, scale }) {
    for (let i = 0; i < running.data.length; i++) {
      running.data[i] = (1 - momentum) * running.data[i] + momentum * scale * batch.data[i];
    }
  },
  candidates([running], { momentum, scale }) {
    return [
      {
        name: "elementwise",
        launches: [
          {
            kernel: "movingAverage",
            bind: { running: input(0), batch: input(1) },
            sizes: { count: sizeOf(running.shape), keep: 1 - momentum, share: momentum * scale },
          },
        ],
      },
    ];
  },
};
