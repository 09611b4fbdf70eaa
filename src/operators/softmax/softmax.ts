// Softmax along the last axis and its logarithm, of numbers to which a mask may be added.

import { broadcastStrides, stridesOf } from "../../tensor/shape.ts";
import type { HostTensor } from "../../tensor/host.ts";
import { input, output, type Operator } from "../operator.ts";
import type { NoAttributes } from "../elementwise/unary.ts";
import { eachRun } from "../strided-iteration.ts";
import { expectRows, maskRowsOf, rowsAlong, softmaxCandidates } from "./rows.ts";

function along(name: "softmax" | "logSoftmax", fill: (l: Float64Array) => void): Operator<NoAttributes> {
  return {
    name,
    infer(inputs) {
      expectRows(name, inputs);
      return [{ shape: inputs[0].shape, dtype: "f32" }];
    },
    reference([x, mask], [y]: readonly HostTensor[]) {
      const masked = mask as HostTensor | undefined;
      const repeated = masked === undefined ? x.shape.map(() => 0) : broadcastStrides(masked.shape, x.shape);
      const step = repeated.at(-1) ?? 0;
      const row = new Float64Array(rowsAlong(x).columns);
      eachRun({ extents: x.shape, strides: [stridesOf(x.shape), repeated] }, ([from, of]) => {
        for (let k = 0; k < row.length; k++) row[k] = x.data[from + k] + (masked?.data[of + k * step] ?? 0);
        fill(row);
        y.data.set(row, from);
      });
    },
    candidates([x, mask], _, adapter) {
      const masked = mask as HostTensor | undefined;
      return softmaxCandidates(
        {
          ...rowsAlong(x),
          scale: 1,
          logarithm: name === "logSoftmax",
          mask: masked === undefined ? undefined : maskRowsOf(masked.shape, x.shape),
        },
        { x: input(0), mask: masked === undefined ? undefined : input(1), y: output(0) },
        adapter,
      );
    },
  };
}

/** The largest number of a row; NaN where there is one, and where Infinity leaves nothing to compare. */
function largestOf(row: Float64Array): number {
  const largest = row.reduce((found, value) => Math.max(found, value), -Infinity);
  return largest === Infinity ? NaN : largest;
}

/**
 * Inputs x [..., n] and, if there is a second one, a mask that broadcasts to it; output softmax(x + mask) along the last axis.
 * A row that is -Infinity throughout gives zeros.
 */
export const softmax = along("softmax", (row) => {
  const largest = largestOf(row);
  if (largest === -Infinity) {
    row.fill(0);
    return;
  }
  let sum = 0;
  for (let k = 0; k < row.length; k++) sum += row[k] = Math.exp(row[k] - largest);
  for (let k = 0; k < row.length; k++) row[k] /= sum;
});

/** The same, log(softmax(x + mask)). A row that is -Infinity throughout gives -Infinity. */
export const logSoftmax = along("logSoftmax", (row) => {
  const largest = largestOf(row);
  if (largest === -Infinity) return;
  const top = row.indexOf(largest);
  let others = 0;
  for (let k = 0; k < row.length; k++) if (k !== top) others += Math.exp(row[k] - largest);
  for (let k = 0; k < row.length; k++) row[k] = row[k] - largest - Math.log1p(others);
});
