// Softmax cross entropy from the classes themselves, with its gradient.

import { ShapeError } from "../../errors/errors.ts";
import { input, output, temporary, type Candidate, type Launch, type Operator } from "../operator.ts";
import { equalShapes, showShape, sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { expectAttribute, expectRoles } from "../roles.ts";
import { rowCandidates } from "../softmax/rows.ts";
import { countOfEntries, scaledSum, scratchOf } from "./scaled-sum.ts";

export interface CrossEntropyAttributes {
  /** The class of entries that count for nothing; null where all count. */
  readonly ignore: number | null;
  /** The share of the target that is spread evenly over all classes, in [0, 1]. */
  readonly labelSmoothing: number;
}

/** @throws ShapeError unless there is a class for each row of logits */
function expectClasses(logits: TensorSpec, classes: TensorSpec): void {
  const rows = logits.shape.slice(0, -1);
  if (logits.shape.length > 0 && equalShapes(classes.shape, rows)) return;
  throw new ShapeError(
    "crossEntropy: takes logits [..., classes], the classes along the last axis, and u32 of the other axes, got logits " +
      `${showShape(logits.shape)} and classes ${showShape(classes.shape)}`,
  );
}

/**
 * Inputs logits [..., K] and classes u32 [...]; outputs loss [], the mean over the entries that are not ignored of sum over k of
 * t_k (log(sum over j of exp(z_j)) - z_k) with t_k = (1 - s) (1 where k is the class, else 0) + s / K, and gradient [..., K], the
 * derivative of the loss with respect to the logits. A class that is neither below K nor ignored makes the loss and its row of
 * the gradient NaN. Without an entry that counts both are 0.
 */
export const crossEntropy: Operator<CrossEntropyAttributes> = {
  name: "crossEntropy",
  infer(inputs, { ignore, labelSmoothing }) {
    const [logits, classes] = inputs as readonly (TensorSpec | undefined)[];
    if (logits?.dtype === "f32" && classes?.dtype === "u32") expectClasses(logits, classes);
    expectRoles("crossEntropy", inputs, [
      { role: "logits" },
      { role: "classes", dtype: "u32", shape: logits?.shape.slice(0, -1) ?? [] },
    ]);
    const [{ shape }] = inputs;
    const isClass = ignore === null || (Number.isInteger(ignore) && ignore >= 0 && ignore < 2 ** 32);
    expectAttribute(
      "crossEntropy",
      "ignore",
      ignore ?? 0,
      isClass,
      "a whole number from 0 below 2^32, such as 255",
    );
    const isShare = labelSmoothing >= 0 && labelSmoothing <= 1;
    expectAttribute("crossEntropy", "labelSmoothing", labelSmoothing, isShare, "in [0, 1]");
    return [
      { shape: [], dtype: "f32" },
      { shape, dtype: "f32" },
    ];
  },
  reference([logits, classes], [loss, gradient], { ignore, labelSmoothing }) {
    const count = logits.shape[logits.shape.length - 1];
    const [z, slope] = [logits.data, gradient.data];
    const entries = Array.from(classes.data).filter((each) => each !== ignore).length;
    const share = 1 / Math.max(entries, 1);
    const spread = labelSmoothing / count;
    let total = 0;
    classes.data.forEach((wanted: number, row: number) => {
      if (wanted === ignore) return;
      const first = row * count;
      const end = first + count;
      if (wanted >= count) {
        slope.fill(NaN, first, end);
        total = NaN;
        return;
      }
      let top = first;
      for (let k = first; k < end; k++) if (z[k] > z[top]) top = k;
      // Kept apart from the largest: where that is all but certain, 1 minus its probability is as small as this.
      let others = z[top] === Infinity ? NaN : 0;
      let relatives = 0;
      for (let k = first; k < end; k++) {
        if (k !== top) others += Math.exp(z[k] - z[top]);
        relatives += z[k] - z[top];
      }
      total += Math.log1p(others) - (1 - labelSmoothing) * (z[first + wanted] - z[top]);
      if (labelSmoothing > 0) total -= spread * relatives;
      const sum = 1 + others;
      for (let k = first; k < end; k++) {
        const own = Math.exp(z[k] - z[top]);
        const rest = k === top ? others : sum - own;
        const goal = spread + (k === first + wanted ? 1 - labelSmoothing : 0);
        slope[k] = (((1 - goal) * own - goal * rest) / sum) * share;
      }
    });
    loss.data[0] = total * share;
  },
  candidates([{ shape }], { ignore, labelSmoothing }, adapter) {
    const classes = shape[shape.length - 1];
    const rows = sizeOf(shape) / classes;
    const ignored = { ignores: ignore === null ? 0 : 1, ignore: ignore ?? 0 };
    const [entries, losses, own, scratch] = [0, 1, 2, 3].map(temporary);
    const perRow: TensorSpec = { shape: [rows], dtype: "f32" };
    return rowCandidates(classes, adapter, ({ name, Element, steps, registers, lanes }): Candidate => {
      const knobs = { Element, VALUES: classes / steps };
      const bind = { logits: input(0), targets: input(1), entries, loss: losses, own, gradient: output(1) };
      const sizes = { rows, columns: steps, ...ignored, smoothing: labelSmoothing, nan: 0x7fc00000 };
      const launch: Launch =
        registers === undefined
          ? { kernel: "crossEntropy", knobs: { ...knobs, ...lanes }, bind, sizes }
          : { kernel: "crossEntropySubgroups", knobs: { ...knobs, ...registers }, bind, sizes };
      return {
        name,
        temporaries: [{ shape: [1], dtype: "f32" }, perRow, perRow, scratchOf(rows)],
        launches: [
          ...countOfEntries(input(1), entries, rows, ignored, scratch),
          launch,
          {
            kernel: "placeColumn",
            bind: { places: input(1), own, y: output(1) },
            sizes: { rows, columns: classes },
          },
          ...scaledSum(losses, output(0), rows, 1, scratch),
        ],
      };
    });
  },
};
