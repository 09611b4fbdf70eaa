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

const types = {
  u1: [0x08, 1],
  i1: [0x09, 1],
  i2: [0x0b, 2],
  i4: [0x0c, 4],
  f4: [0x0d, 4],
  f8: [0x0e, 8],
} as const;

/** An IDX file of numbers of any type of the format. */
export function idxNumbers(
  type: keyof typeof types,
  dimensions: readonly number[],
  values: readonly number[],
): Uint8Array {
  const [code, size] = types[type];
  const content = new DataView(new ArrayBuffer(values.length * size));
  for (const [i, value] of values.entries()) {
    const at = i * size;
    if (type === "f8") content.setFloat64(at, value);
    else if (type === "f4") content.setFloat32(at, value);
    else if (type === "i4") content.setInt32(at, value);
    else if (type === "i2") content.setInt16(at, value);
    else content.setUint8(at, value);
  }
  const bytes = idxBytes(dimensions, new Uint8Array(content.buffer));
  bytes[2] = code;
  return bytes;
}

/** Writes `bytes`, gzip'd or as they are, and returns the path. */
export function writeIdx(folder: string, name: string, bytes: Uint8Array, zipped = true): string {
  const file = join(folder, name);
  writeFileSync(file, zipped ? gzipSync(bytes) : bytes);
  return file;
}
