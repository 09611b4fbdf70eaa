// Some rows of pixels or label maps, wherever they are held.

import { ArrayPixels } from "../cache/pixel-rows.ts";
import type { Pixels } from "./assembly.ts";

/** The bytes of some images, or of their label maps: one part for each row. @param each bytes of a row */
export async function bytesAt(from: Pixels, each: number, rows: readonly number[]): Promise<Uint8Array[]> {
  if (from instanceof Uint8Array) return rows.map((row) => from.subarray(row * each, (row + 1) * each));
  const read = from instanceof ArrayPixels ? from.copy(rows) : await from.read(Uint32Array.from(rows));
  return rows.map((_, i) => read.subarray(i * each, (i + 1) * each));
}
