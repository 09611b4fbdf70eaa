// A sum over rows as the last launches of a loss, and the count of the rows that are in it.

import { ignored } from "../../labels/label-map.ts";
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

/** The number of classes [rows], u32, that are not ignored, as f32. */
export function countOfEntries(
  targets: Slot,
  entries: Slot,
  rows: number,
  which: { readonly ignores: number; readonly ignore: number },
  scratch: Slot,
): Launch[] {
  return counts({ targets, each: 1, ...which }, entries, rows, scratch);
}

/** The number of labels of maps, u8, that are not ignored, as f32. */
export function countOfLabels(labels: Slot, entries: Slot, count: number, scratch: Slot): Launch[] {
  return counts({ targets: labels, each: 4, ignores: 1, ignore: ignored }, entries, count, scratch);
}

interface Counted {
  readonly targets: Slot;
  /** Of them in a word of 32 bits. */
  readonly each: 1 | 4;
  readonly ignores: number;
  readonly ignore: number;
}

function counts(
  { targets, each, ignores, ignore }: Counted,
  entries: Slot,
  rows: number,
  scratch: Slot,
): Launch[] {
  const chunks = chunksOf(rows);
  const count = (to: Slot): Launch => ({
    kernel: "countEntries",
    knobs: { EACH: each },
    bind: { targets, entries: to },
    sizes: { rows, length: chunk, ignores, ignore },
  });
  if (chunks === 1) return [count(entries)];
  return [count(scratch), sum(scratch, entries, { count: chunks, length: chunks, scale: 1 })];
}

/** Room for the sums of chunks. */
export function scratchOf(count: number): TensorSpec {
  return { shape: [chunksOf(count)], dtype: "f32" };
}
