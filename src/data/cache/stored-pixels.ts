// Pixels that are not all in memory: images of one size, each in a file of the cache or in an array, read by index.
import { close, open, read } from "node:fs";
import { promisify } from "node:util";
import { DataError } from "../../errors/data-errors.ts";
import { messageOf } from "../../files/causes.ts";
import { inLanes } from "./lanes.ts";
import { areInArrays, ArrayPixels, PixelsOnDemand, type PixelRow } from "./pixel-rows.ts";

/** Files kept open at once; the usual limit of a process is 1,024. */
const mostOpen = 256;
/** Reads under way at once: the threads that Node reads files with. */
const lanes = 4;
/** Most bytes that one read asks for. */
const largestRead = 2 ** 24;

// Plain numbers instead of FileHandle, whose collection would print a warning in the middle of a run.
const openFile = promisify(open);
const closeFile = promisify(close);
const readFile = promisify(read);

/** The pixels of a set as rows, which stay where they are. */
export function pixelsAt(bytesEach: number, rows: readonly PixelRow[]): ArrayPixels | StoredPixels {
  return areInArrays(rows) ? new ArrayPixels(bytesEach, rows) : new StoredPixels(bytesEach, rows);
}

/** Images that are read on demand. It holds only a few bytes for each image, and open files. */
export class StoredPixels extends PixelsOnDemand {
  readonly #open = new Map<string, Promise<number>>();

  /**
   * Copies of the images at `indices`, [indices, bytesEach].
   * @throws DataError when a file of the cache was changed or removed meanwhile
   */
  async read(indices: Uint32Array): Promise<Uint8Array> {
    const { bytesEach } = this;
    const pixels = new Uint8Array(indices.length * bytesEach);
    const runs = this.runs(indices, Math.max(1, Math.floor(largestRead / bytesEach)));
    await inLanes(lanes, runs, async ({ first, count }) => {
      const { home, slot } = this.row(indices[first]);
      const target = pixels.subarray(first * bytesEach, (first + count) * bytesEach);
      if (typeof home === "string") await this.#readFile(home, slot * bytesEach, target);
      else target.set(home.subarray(slot * bytesEach, (slot + count) * bytesEach));
    });
    return pixels;
  }

  ofRows(bytesEach: number, rows: readonly PixelRow[]): StoredPixels {
    return new StoredPixels(bytesEach, rows);
  }

  /** Closes its files, which are opened again when needed. No read may be under way. */
  async close(): Promise<void> {
    const opened = [...this.#open.values()];
    this.#open.clear();
    for (const file of opened) await file.then(closeFile, () => undefined);
  }

  async #readFile(file: string, from: number, target: Uint8Array): Promise<void> {
    const gone = (reason: string, cause?: unknown): DataError =>
      new DataError(file, `${reason} while it was in use; run again, and it is made anew`, { cause });
    const kept = this.#open.has(file) || this.#open.size < mostOpen;
    const opening = this.#open.get(file) ?? openFile(file, "r");
    if (kept) this.#open.set(file, opening);
    let opened: number | undefined;
    try {
      opened = await opening;
      for (let filled = 0; filled < target.length;) {
        const { bytesRead } = await readFile(opened, target, filled, target.length - filled, from + filled);
        if (bytesRead === 0) throw gone("became shorter");
        filled += bytesRead;
      }
    } catch (cause) {
      if (opened === undefined) this.#open.delete(file);
      if (cause instanceof DataError) throw cause;
      throw gone(`could not be read (${messageOf(cause)})`, cause);
    } finally {
      if (!kept && opened !== undefined) await closeFile(opened);
    }
  }
}
