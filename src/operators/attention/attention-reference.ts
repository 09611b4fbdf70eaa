// Attention and its gradients in float64 with plain loops: their definition.

import type { HostArray } from "../../tensor/host.ts";
import { maskStart, type AttentionAttributes, type AttentionExtents } from "./attention-extents.ts";

/** What stands for the log-sum-exp of a row whose keys are all left out: their exponentials relative to this are 0. */
const allLeftOut = 3.4028234663852886e38;

/** sum over c of a[aAt + c] b[bAt + c] */
function innerProduct(a: HostArray, aAt: number, b: HostArray, bAt: number, length: number): number {
  let sum = 0;
  for (let c = 0; c < length; c++) sum += a[aAt + c] * b[bAt + c];
  return sum;
}

/** Calls `visit` for each key that a row sees, with the key's row of k (or v) and the score after scale and mask. */
function eachScore(
  extents: AttentionExtents,
  { scale, causal }: AttentionAttributes,
  { q, k, mask }: { readonly q: HostArray; readonly k: HostArray; readonly mask: HostArray | undefined },
  row: number,
  visit: (key: number, score: number) => void,
): void {
  const { rows, columns, width } = extents;
  const first = Math.floor(row / rows) * columns;
  const end = causal ? Math.min(columns, (row % rows) + 1) : columns;
  const maskAt = maskStart(extents, row);
  const step = extents.mask?.maskColumnStride ?? 0;
  for (let column = 0; column < end; column++) {
    const added = mask?.[maskAt + column * step] ?? 0;
    if (added === -Infinity) continue;
    visit(first + column, scale * innerProduct(q, row * width, k, (first + column) * width, width) + added);
  }
}

/** Fills y [batch, rows, valueWidth] and the log-sum-exp of each row. */
export function attend(
  extents: AttentionExtents,
  attributes: AttentionAttributes,
  inputs: {
    readonly q: HostArray;
    readonly k: HostArray;
    readonly v: HostArray;
    readonly mask: HostArray | undefined;
  },
  y: HostArray,
  logSums: HostArray,
): void {
  const { batch, rows, valueWidth } = extents;
  for (let row = 0; row < batch * rows; row++) {
    const seen: { key: number; score: number }[] = [];
    eachScore(extents, attributes, inputs, row, (key, score) => seen.push({ key, score }));
    const largest = seen.reduce((most, { score }) => (score > most ? score : most), -allLeftOut);
    const total = seen.reduce((sum, { score }) => sum + Math.exp(score - largest), 0);
    logSums[row] = total === 0 ? allLeftOut : largest + Math.log(total);
    if (total === 0) continue;
    for (const { key, score } of seen) {
      const probability = Math.exp(score - largest) / total;
      for (let c = 0; c < valueWidth; c++)
        y[row * valueWidth + c] += probability * inputs.v[key * valueWidth + c];
    }
  }
}

/** Adds the gradients to dq, dk and dv. */
export function attendBackward(
  extents: AttentionExtents,
  attributes: AttentionAttributes,
  inputs: {
    readonly q: HostArray;
    readonly k: HostArray;
    readonly v: HostArray;
    readonly mask: HostArray | undefined;
    readonly y: HostArray;
    readonly logSums: HostArray;
    readonly dy: HostArray;
  },
  [dq, dk, dv]: readonly HostArray[],
): void {
  const { batch, rows, width, valueWidth } = extents;
  const { q, k, v, y, logSums, dy } = inputs;
  for (let row = 0; row < batch * rows; row++) {
    const at = row * valueWidth;
    const mean = innerProduct(dy, at, y, at, valueWidth);
    eachScore(extents, attributes, inputs, row, (key, score) => {
      const probability = Math.exp(score - logSums[row]);
      const slope =
        attributes.scale * probability * (innerProduct(dy, at, v, key * valueWidth, valueWidth) - mean);
      for (let c = 0; c < valueWidth; c++) dv[key * valueWidth + c] += probability * dy[at + c];
      for (let c = 0; c < width; c++) {
        dq[row * width + c] += slope * k[key * width + c];
        dk[key * width + c] += slope * q[row * width + c];
      }
    });
  }
}
