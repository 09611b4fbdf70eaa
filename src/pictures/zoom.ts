// Small images larger, large ones smaller, for people to look at.

import type { Cell } from "./contact-sheet.ts";

/** Means of squares of `factor` x `factor` pixels; at the right and lower edge, of what there is. */
export function shrunk(cell: Cell, factor: number): Cell {
  if (factor === 1) return cell;
  const { channels } = cell;
  const height = Math.ceil(cell.height / factor);
  const width = Math.ceil(cell.width / factor);
  const pixels = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const rows = Math.min(factor, cell.height - y * factor);
    for (let x = 0; x < width; x++) {
      const columns = Math.min(factor, cell.width - x * factor);
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            sum += cell.pixels[((y * factor + i) * cell.width + x * factor + j) * channels + c];
          }
        }
        pixels[(y * width + x) * channels + c] = Math.round(sum / (rows * columns));
      }
    }
  }
  return { ...cell, height, width, pixels };
}

/** A label map of a shrunk image: of each square of `factor` x `factor` pixels the one in its middle. */
export function shrunkMap(map: Uint8Array, height: number, width: number, factor: number): Uint8Array {
  if (factor === 1) return map;
  const small = new Uint8Array(Math.ceil(height / factor) * Math.ceil(width / factor));
  const middle = Math.floor(factor / 2);
  let to = 0;
  for (let y = 0; y < height; y += factor) {
    const row = Math.min(y + middle, height - 1) * width;
    for (let x = 0; x < width; x += factor) small[to++] = map[row + Math.min(x + middle, width - 1)];
  }
  return small;
}

/**
 * How an image is shown at about a width: enlarged a whole number of times, or shrunk to at most it.
 * @returns zoom: n for n times as large, 1 / n for an n-th
 */
export const zoomTo = (width: number, shown: number): number =>
  width <= shown ? Math.max(1, Math.floor(shown / width)) : 1 / Math.ceil(width / shown);
