// Binary cross entropy of logits, with its gradient.

import { ShapeError } from "../../errors/errors.ts";
import { input, output, type Operator } from "../operator.ts";
import { equalShapes, showShape, sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import type { HostTensor } from "../../tensor/host.ts";
import { expectRoles } from "../roles.ts";
import { meanOfTerms } from "./pointwise-sums.ts";

export interface BinaryCrossEntropyAttributes {
  /** Whether the third input are weights. */
  readonly weighted: boolean;
  /** A factor of the terms of positive targets; null where it is the last input. */
  readonly positiveWeight: number | null;
}

const name = "binaryCrossEntropyWithLogits";

/** The optional inputs among the given ones: how many come before them. */
function optional<T>(
  inputs: readonly T[],
  { weighted, positiveWeight }: BinaryCrossEntropyAttributes,
): { readonly weights: T | undefined; readonly positive: T | undefined } {
  return {
    weights: weighted ? inputs[2] : undefined,
    positive: positiveWeight === null ? inputs[weighted ? 3 : 2] : undefined,
  };
}

/** Numbers after which the positive weights repeat: one of each column, or as many as there are logits. */
function periodOf(positive: TensorSpec | undefined): number {
  return positive === undefined ? 1 : sizeOf(positive.shape);
}

/**
 * Inputs logits z and targets t, f32 of one shape; weights w of that shape where `weighted` is set; positive weights p where
 * `positiveWeight` is null, of that shape or of its last axis. Outputs loss [], the mean of
 * w (p t softplus(-z) + (1 - t) softplus(z)), and gradient, its derivative with respect to the logits.
 */
export const binaryCrossEntropyWithLogits: Operator<BinaryCrossEntropyAttributes> = {
  name,
  infer(inputs, attributes) {
    const { weighted, positiveWeight } = attributes;
    const [logits] = inputs as readonly (TensorSpec | undefined)[];
    const shape = logits?.shape ?? [];
    expectRoles(name, inputs, [
      { role: "logits" },
      { role: "targets", shape },
      ...(weighted ? [{ role: "weights", shape }] : []),
      ...(positiveWeight === null ? [{ role: "positiveWeight" }] : []),
    ]);
    const { positive } = optional(inputs, attributes);
    if (
      positive !== undefined &&
      !equalShapes(positive.shape, shape) &&
      !equalShapes(positive.shape, shape.slice(-1))
    ) {
      throw new ShapeError(
        `${name}: positiveWeight ${showShape(positive.shape)} must have the shape of the logits ${showShape(shape)}, or of their last axis`,
      );
    }
    return [
      { shape: [], dtype: "f32" },
      { shape, dtype: "f32" },
    ];
  },
  reference(inputs, [loss, gradient], attributes) {
    const [logits, targets] = inputs;
    const { weights, positive } = optional<HostTensor>(inputs, attributes);
    const period = periodOf(positive);
    const count = logits.data.length;
    let total = 0;
    for (let i = 0; i < count; i++) {
      const [z, t] = [logits.data[i], targets.data[i]];
      const w = weights?.data[i] ?? 1;
      const p = positive?.data[i % period] ?? attributes.positiveWeight ?? 1;
      const e = Math.exp(-Math.abs(z));
      const [above, below] = z > 0 ? [1, e] : [e, 1];
      total += w * (p * t * (Math.max(-z, 0) + Math.log1p(e)) + (1 - t) * (Math.max(z, 0) + Math.log1p(e)));
      gradient.data[i] = (w * ((1 - t) * above - p * t * below)) / (1 + e) / count;
    }
    loss.data[0] = total / count;
  },
  candidates(inputs, attributes, adapter) {
    const [logits] = inputs;
    const { positive } = optional(inputs, attributes);
    const count = sizeOf(logits.shape);
    const period = periodOf(positive);
    const inFours = positive === undefined ? count : period;
    return meanOfTerms(count, inFours, adapter, ({ Element, VALUES, parts, sums, ...walk }) => ({
      kernel: "binaryCrossEntropy",
      knobs: { Element, VALUES, WEIGHTED: attributes.weighted, POSITIVE: positive !== undefined },
      bind: {
        logits: input(0),
        targets: input(1),
        weights: input(attributes.weighted ? 2 : 0),
        positive: input(positive === undefined ? 0 : inputs.length - 1),
        sums,
        gradient: output(1),
      },
      sizes: {
        count: walk.count,
        parts,
        period: Math.max(period / VALUES, 1),
        factor: attributes.positiveWeight ?? 1,
        scale: 1 / count,
      },
    }));
  },
};
