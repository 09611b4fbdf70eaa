// Reads NumPy's .npy arrays of whole numbers (format versions 1, 2 and 3), without trusting or evaluating their header.
import { z } from "zod";
import { DataError } from "../errors/data-errors.ts";

/** An array of whole numbers, still as bytes. */
export interface NpyArray {
  /** NumPy's word for an element: "u1" is an unsigned byte, "i8" a signed number of eight. */
  readonly type: IntegerType;
  readonly shape: readonly number[];
  /** Row-major elements. */
  readonly content: Uint8Array;
  readonly littleEndian: boolean;
}

type Read = (view: DataView, at: number, littleEndian: boolean) => number;

/** How an element is read; numbers of 8 bytes beyond 2^53 lose their last digits, which no label reaches. */
const integers = {
  b1: (view, at) => view.getUint8(at),
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  i2: (view, at, little) => view.getInt16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
} as const satisfies Record<string, Read>;
export type IntegerType = keyof typeof integers;

const magic = [0x93, ...Buffer.from("NUMPY")];

/** NumPy itself writes under 200 bytes. */
const longestHeader = 2 ** 16;

const headerSchema = z.strictObject({
  descr: z.string(),
  fortran_order: z.boolean(),
  shape: z.array(z.int().min(0)).max(32),
});

/**
 * @param file the file that it lies in, and
 * @param member what it is called there, for messages
 * @throws DataError when the bytes are no such array, hold numbers with a fraction or text, lie column by column, or are
 *   more or fewer than the shape promises
 */
export function parseNpy(file: string, member: string, bytes: Uint8Array): NpyArray {
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
  const header = headerSchema.safeParse(plainObject(text));
  if (!header.success) {
    throw fail(
      `has a header that does not describe a plain array: ${JSON.stringify(text.trim().slice(0, 80))}`,
    );
  }
  const { descr, fortran_order: byColumns, shape } = header.data;
  const order = /^[<>|=]?/u.exec(descr)?.[0];
  const type = descr.slice(order?.length ?? 0);
  if (!isInteger(type)) {
    throw fail(`holds elements of type ${descr}; whole numbers are read (uint8, int64 and the like)`);
  }
  const size = Number(type[1]);
  if (byColumns && shape.filter((length) => length > 1).length > 1) {
    throw fail("lies column by column (fortran_order); save it with np.ascontiguousarray");
  }
  const promised = shape.reduce((product, length) => product * length, size);
  if (promised !== bytes.length - start) {
    throw fail(
      `holds ${bytes.length - start} bytes where its header promises ${promised} (${describeShape(shape)} of ${type})`,
    );
  }
  return { type, shape, content: bytes.subarray(start), littleEndian: order !== ">" };
}

/** Element i of an array, in row-major order. */
export function elementReader({ type, content, littleEndian }: NpyArray): (i: number) => number {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const read: Read = integers[type];
  const size = Number(type[1]);
  return (i) => read(view, i * size, littleEndian);
}

/** As NumPy writes a shape: (1080, 28, 28, 3). */
export function describeShape(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

function isInteger(type: string): type is IntegerType {
  return Object.hasOwn(integers, type);
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
