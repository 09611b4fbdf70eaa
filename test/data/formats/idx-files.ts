// Writes small IDX files into a temporary folder, so that no test needs a real dataset.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "tessera-data-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** An IDX file of u8: magic number, dimensions, content. */
export function idxBytes(dimensions: readonly number[], content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dimensions.length + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 | dimensions.length);
  for (const [i, dimension] of dimensions.entries()) view.setUint32(4 + 4 * i, dimension);
  bytes.set(content, 4 + 4 * dimensions.length);
  return bytes;
}

/** Writes `bytes`, gzip'd or as they are, and returns the path. */
export function writeIdx(folder: string, name: string, bytes: Uint8Array, zipped = true): string {
  const file = join(folder, name);
  writeFileSync(file, zipped ? gzipSync(bytes) : bytes);
  return file;
}
