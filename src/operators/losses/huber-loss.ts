// Huber's loss, with its gradient.

import { input, output, type Operator } from "../operator.ts";
import { sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { expectAttribute, expectRoles } from "../roles.ts";
import { meanOfTerms } from "./pointwise-sums.ts";

export interface HuberLossAttributes {
  /** The distance, above 0, from which on the loss grows in a straight line. */
  readonly delta: number;
}

/**
 * Inputs x and targets, f32 of one shape; outputs loss [], the mean of c (r - c / 2) with r = x - targets and c = r limited to
 * [-delta, delta], and gradient, c over the number of terms: the derivative with respect to x.
 */
export const huberLoss: Operator<HuberLossAttributes> = {
  name: "huberLoss",
  infer(inputs, { delta }) {
    const [x] = inputs as readonly (TensorSpec | undefined)[];
    expectRoles("huberLoss", inputs, [{ role: "x" }, { role: "targets", shape: x?.shape ?? [] }]);
    expectAttribute("huberLoss", "delta", delta, delta > 0, "above 0");
    return [
      { shape: [], dtype: "f32" },
      { shape: inputs[0].shape, dtype: "f32" },
    ];
  },
  reference([x, targets], [loss, gradient], { delta }) {
    const count = x.data.length;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const r = x.data[i] - targets.data[i];
      const c = Math.min(Math.max(r, -delta), delta);
      total += c * (r - c / 2);
      gradient.data[i] = c / count;
    }
    loss.data[0] = total / count;
  },
  candidates([{ shape }], { delta }, adapter) {
    const total = sizeOf(shape);
    return meanOfTerms(total, total, adapter, ({ Element, VALUES, count, parts, sums }) => ({
      kernel: "huberLoss",
      knobs: { Element, VALUES },
      bind: { x: input(0), targets: input(1), sums, gradient: output(1) },
      sizes: { count, parts, delta, scale: 1 / total },
    }));
  },
};
