// A sum over rows as the last launches of a loss, and the count of the rows that are in it.

import type { Launch, Slot } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";

/** Numbers that one workgroup adds up: more would keep the rest of a GPU waiting. */
const chunk = 4096;

/** How many chunks there are: temporaries have room for as many numbers. */
export function chunksOf(count: number): number {
  return Math.ceil(count / chunk);
}

const sum = (from: Slot, to: Slot, sizes: Launch["sizes"]): Launch => ({
  kernel: "scaledSum",
  bind: { x: from, total: to },
  sizes,
});

/** total = scale * (sum of x), in a fixed order: one launch, or two where there are many numbers. */
export function scaledSum(x: Slot, total: Slot, count: number, scale: number, scratch: Slot): Launch[] {
  const chunks = chunksOf(count);
  if (chunks === 1) return [sum(x, total, { count, length: count, scale })];
  return [
    sum(x, scratch, { count, length: chunk, scale: 1 }),
    sum(scratch, total, { count: chunks, length: chunks, scale }),
  ];
}

/** The number of classes that are not ignored, as f32. */
export function countOfEntries(
  targets: Slot,
  entries: Slot,
  rows: number,
  ignored: { readonly ignores: number; readonly ignore: number },
  scratch: Slot,
): Launch[] {
  const chunks = chunksOf(rows);
  const count = (to: Slot): Launch => ({
    kernel: "countEntries",
    bind: { targets, entries: to },
    sizes: { rows, length: chunk, ...ignored },
  });
  if (chunks === 1) return [count(entries)];
  return [count(scratch), sum(scratch, entries, { count: chunks, length: chunks, scale: 1 })];
}

/** The number of labels of maps that are not ignored, as f32. */
export function countOfLabels(labels: Slot, entries: Slot, count: number, scratch: Slot): Launch[] {
  const chunks = chunksOf(count);
  const counted = (to: Slot): Launch => ({
    kernel: "countLabels",
    bind: { labels, entries: to },
    sizes: { count, length: chunk },
  });
  if (chunks === 1) return [counted(entries)];
  return [counted(scratch), sum(scratch, entries, { count: chunks, length: chunks, scale: 1 })];
}

/** Room for the sums of chunks. */
export function scratchOf(count: number): TensorSpec {
  return { shape: [chunksOf(count)], dtype: "f32" };
}
