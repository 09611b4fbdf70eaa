// Softmax cross entropy against target probabilities, with its gradient.

import { ShapeError } from "../../errors/errors.ts";
import { input, output, temporary, type Operator } from "../operator.ts";
import { showShape, type TensorSpec } from "../../tensor/shape.ts";
import type { NoAttributes } from "../elementwise/unary.ts";
import { expectRoles } from "../roles.ts";
import { scaledSum, scratchOf } from "./scaled-sum.ts";

/**
 * Inputs logits [B, K] and targets [B, K] (probabilities, each row usually adding up to 1); outputs loss [], the
 * mean over the rows of sum over k of t_k (log(sum over j of exp(z_j)) - z_k), and gradient [B, K], the derivative
 * of the loss with respect to the logits.
 */
export const softmaxCrossEntropy: Operator<NoAttributes> = {
  name: "softmaxCrossEntropy",
  infer(inputs) {
    const [logits] = inputs as readonly (TensorSpec | undefined)[];
    expectRoles("softmaxCrossEntropy", inputs, [
      { role: "logits" },
      { role: "targets", shape: logits?.shape ?? [] },
    ]);
    const [{ shape }] = inputs;
    if (shape.length !== 2) {
      throw new ShapeError(`softmaxCrossEntropy: logits ${showShape(shape)} must be [batch, classes]`);
    }
    return [
      { shape: [], dtype: "f32" },
      { shape, dtype: "f32" },
    ];
  },
  reference([logits, targets], [loss, gradient]) {
    const [batch, classes] = logits.shape;
    const [z, t, slope] = [logits.data, targets.data, gradient.data];
    let total = 0;
    for (let first = 0; first < z.length; first += classes) {
      let top = first;
      for (let k = first; k < first + classes; k++) if (z[k] > z[top]) top = k;
      // Kept apart from the largest: where that is all but certain, 1 minus its probability is as small as this.
      let others = 0;
      let mass = 0;
      for (let k = first; k < first + classes; k++) {
        if (k !== top) others += Math.exp(z[k] - z[top]);
        mass += t[k];
        total -= t[k] * (z[k] - z[top]);
      }
      total += mass * Math.log1p(others);
      const sum = 1 + others;
      for (let k = first; k < first + classes; k++) {
        const own = Math.exp(z[k] - z[top]);
        const rest = k === top ? others : sum - own;
        slope[k] = ((mass - t[k]) * own - t[k] * rest) / sum / batch;
      }
    }
    loss.data[0] = total / batch;
  },
  candidates([logits]) {
    const [batch, classes] = logits.shape;
    return [
      {
        name: "rows",
        temporaries: [{ shape: [batch], dtype: "f32" }, scratchOf(batch)],
        launches: [
          {
            kernel: "softmaxCrossEntropy",
            bind: { logits: input(0), targets: input(1), loss: temporary(0), gradient: output(1) },
            sizes: { rows: batch, classes, scale: 1 / batch },
          },
          ...scaledSum(temporary(0), output(0), batch, 1 / batch, temporary(1)),
        ],
      },
    ];
  },
};
