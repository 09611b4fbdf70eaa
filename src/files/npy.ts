// Reads NumPy's .npy arrays of numbers (format versions 1, 2 and 3), without trusting or evaluating their header.
import { DataError } from "../errors/data-errors.ts";
import { describeShape, elementCount, isNumberType, sizeOf } from "./number-array.ts";
import type { NumberArray } from "./number-array.ts";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // then "NUMPY"

/** NumPy itself writes under 200 bytes. */
const longestHeader = 2 ** 16;

interface Header {
  readonly descr: string;
  readonly fortran_order: boolean;
  readonly shape: readonly number[];
}

const mostAxes = 32;

/** Whether a header says these three things, and nothing else. */
function isHeader(value: unknown): value is Header {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 3) return false;
  const { descr, fortran_order: byColumns, shape } = value as Partial<Header>;
  return (
    typeof descr === "string" &&
    typeof byColumns === "boolean" &&
    Array.isArray(shape) &&
    shape.length <= mostAxes &&
    shape.every((length) => Number.isSafeInteger(length) && length >= 0)
  );
}

/**
 * @param file the file that it lies in, and
 * @param member what it is called there, for messages
 * @throws DataError when the bytes are no such array, hold something else than numbers, or are more or fewer
 *   than the shape promises
 */
export function parseNpy(file: string, member: string, bytes: Uint8Array): NumberArray {
  const fail = (reason: string): DataError => new DataError(file, `member ${member} ${reason}`);
  if (magic.some((byte, i) => bytes[i] !== byte)) throw fail("is not a NumPy array (.npy)");
  const version = bytes[6];
  if (version !== 1 && version !== 2 && version !== 3) {
    throw fail(`is a NumPy array of format version ${version ?? "nothing"}; 1, 2 and 3 are read`);
  }
  const headerStart = version === 1 ? 10 : 12;
  if (bytes.length < headerStart) throw fail("ends in its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = headerStart + headerLength;
  if (headerLength > longestHeader || start > bytes.length) {
    throw fail(`claims a header of ${headerLength} bytes, which it cannot have`);
  }

  const text = new TextDecoder().decode(bytes.subarray(headerStart, start));
  const header = plainObject(text);
  if (!isHeader(header)) {
    throw fail(
      `has a header that does not describe a plain array: ${JSON.stringify(text.trim().slice(0, 80))}`,
    );
  }
  const { descr, fortran_order: byColumns, shape } = header;
  const order = /^[<>|=]?/u.exec(descr)?.[0];
  const type = descr.slice(order?.length ?? 0);
  if (!isNumberType(type)) throw fail(`holds elements of type ${descr}${remedyFor(type)}`);
  const promised = elementCount(shape) * sizeOf(type);
  if (promised !== bytes.length - start) {
    throw fail(
      `holds ${bytes.length - start} bytes where its header promises ${promised} (${describeShape(shape)} of ${type})`,
    );
  }
  const content = bytes.subarray(start);
  const inOrder = byColumns && elementCount(shape) > 0 ? byRows(content, shape, sizeOf(type)) : content;
  return { type, shape, content: inOrder, littleEndian: order !== ">" };
}

/** Elements that lie column by column (fortran_order), as those of pandas tables do, row by row. */
function byRows(content: Uint8Array, shape: readonly number[], size: number): Uint8Array {
  if (shape.filter((length) => length > 1).length < 2) return content; // no order at all
  const rows = new Uint8Array(content.length);
  const strides = shape.map((_, axis) => size * elementCount(shape.slice(0, axis)));
  const place = shape.map(() => 0);
  for (let to = 0, from = 0; to < rows.length; to += size) {
    for (let byte = 0; byte < size; byte++) rows[to + byte] = content[from + byte];
    // The next element: the last axis goes on; one that is through starts again, and that before it goes on.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      place[axis] = 0;
    }
  }
  return rows;
}

/** What can be done about elements that are not read. */
function remedyFor(type: string): string {
  if (type === "f2") return " (16-bit floats), which are not read; save it with .astype(np.float32)";
  if (/^[USa]\d*$/u.test(type)) return ", which is text; save numbers, and name them with labelNames";
  if (type === "O") return ", which are Python objects; save numbers, such as with .astype(np.int64)";
  return "; numbers are read (uint8, int64, float32 and the like)";
}

/** The header's Python dictionary, whose few kinds of value JSON has too; undefined when it has others. */
function plainObject(text: string): unknown {
  const json = text
    .replaceAll("'", '"')
    .replaceAll("(", "[")
    .replaceAll(")", "]")
    .replace(/\bTrue\b/gu, "true")
    .replace(/\bFalse\b/gu, "false")
    .replace(/(\d)L\b/gu, "$1") // Python 2 marks long numbers
    .replace(/,\s*([\]}])/gu, "$1");
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined; // the caller shows the header
  }
}
