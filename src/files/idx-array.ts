// The arrays of IDX files (MNIST's format), trusting no length in them before it is checked.
import { DataError } from "../errors/data-errors.ts";
import { elementCount, elementWords, sizeOf } from "./number-array.ts";
import type { NumberArray, NumberType } from "./number-array.ts";

/** The third byte of the magic number; the first two are zero, and the fourth is the number of axes. */
const typeOfByte = new Map<number, NumberType>([
  [0x08, "u1"],
  [0x09, "i1"],
  [0x0b, "i2"],
  [0x0c, "i4"],
  [0x0d, "f4"],
  [0x0e, "f8"],
]);

/** Arrays of more axes are nothing that anyone writes: a damaged header claims them. */
const mostAxes = 8;

/**
 * @param file its name, for messages
 * @throws DataError naming the file, for a header that is none, and content of another length than it promises
 */
export function parseIdx(file: string, bytes: Uint8Array): NumberArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (reason: string): DataError => new DataError(file, reason);
  if (bytes.length < 4)
    throw fail(`ends after ${bytes.length} bytes; an IDX file starts with 4 that name its kind`);
  const type = typeOfByte.get(bytes[2]);
  const axes = bytes[3];
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined || axes < 1 || axes > mostAxes) {
    const found = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const known = [...typeOfByte.keys()].map((byte) => byte.toString(16).padStart(2, "0")).join(", ");
    throw fail(
      `is no IDX file: one starts with the bytes 00 00, its element type (${known}) and its number of axes, ` +
        `but this one with ${found}${lookAlike(bytes)}`,
    );
  }
  const headerLength = 4 + 4 * axes;
  if (bytes.length < headerLength) {
    throw fail(`ends after ${bytes.length} bytes; its header alone should have ${headerLength}`);
  }
  const shape = Array.from({ length: axes }, (_, i) => view.getUint32(4 + 4 * i));
  const array = { type, shape, content: bytes.subarray(headerLength), littleEndian: false };
  const promised = elementCount(shape) * sizeOf(type);
  if (promised === 0) throw fail(`is empty: its header says ${describeIdx(array)}`);
  if (array.content.length !== promised) {
    throw fail(
      `holds ${array.content.length} bytes where its header promises ${promised} (${describeIdx(array)})`,
    );
  }
  return array;
}

/** What an array is, in words: "5 images of 3 x 4 unsigned bytes", "60000 rows of 8 32-bit integers". */
export function describeIdx({ type, shape: [count, ...size] }: Pick<NumberArray, "type" | "shape">): string {
  if (size.length === 0) return `${count} ${elementWords(type)}`;
  if (size.length === 1) return `${count} rows of ${size[0]} ${elementWords(type)}`;
  return `${count} images of ${size.join(" x ")} ${elementWords(type)}`;
}

/** What people take for an IDX file, and what it is. */
function lookAlike(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 6));
  if (start.startsWith("PK\x03\x04")) return "; it looks like a zip archive: unpack it";
  if (start === "\xfd7zXZ\0") return "; it looks like an .xz file: unpack it with unxz";
  if (start === "\x93NUMPY")
    return "; it looks like a NumPy array, which the format medmnist reads from an .npz file";
  if (/^\s*<(?:!|h)/iu.test(start)) return "; it looks like a web page: the download went wrong";
  return "";
}
