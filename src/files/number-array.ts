// An array of numbers as it lies in a file, whatever the file's format: what its elements are, and how one of them is read.

/** An array of numbers, still as bytes. */
export interface NumberArray {
  /** NumPy's word for an element: "u1" is an unsigned byte, "i8" a signed number of eight, "f4" a float of four. */
  readonly type: NumberType;
  readonly shape: readonly number[];
  /** Row-major elements. */
  readonly content: Uint8Array;
  readonly littleEndian: boolean;
}

interface Kind {
  /** Of several elements, in messages. */
  readonly words: string;
  readonly read: (view: DataView, at: number, littleEndian: boolean) => number;
}

/** Every kind of element; numbers of 8 bytes beyond 2^53 lose their last digits, which no label and no pixel reaches. */
const kinds = {
  b1: { words: "booleans", read: (view, at) => view.getUint8(at) },
  u1: { words: "unsigned bytes", read: (view, at) => view.getUint8(at) },
  i1: { words: "signed bytes", read: (view, at) => view.getInt8(at) },
  u2: { words: "unsigned 16-bit integers", read: (view, at, little) => view.getUint16(at, little) },
  i2: { words: "16-bit integers", read: (view, at, little) => view.getInt16(at, little) },
  u4: { words: "unsigned 32-bit integers", read: (view, at, little) => view.getUint32(at, little) },
  i4: { words: "32-bit integers", read: (view, at, little) => view.getInt32(at, little) },
  u8: {
    words: "unsigned 64-bit integers",
    read: (view, at, little) => Number(view.getBigUint64(at, little)),
  },
  i8: { words: "64-bit integers", read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  f4: { words: "32-bit floats", read: (view, at, little) => view.getFloat32(at, little) },
  f8: { words: "64-bit floats", read: (view, at, little) => view.getFloat64(at, little) },
} as const satisfies Record<string, Kind>;
export type NumberType = keyof typeof kinds;

export function isNumberType(type: string): type is NumberType {
  return Object.hasOwn(kinds, type);
}

/** Bytes of one element. */
export function sizeOf(type: NumberType): number {
  return Number(type[1]);
}

/** What the elements are, for messages: "32-bit integers". */
export function elementWords(type: NumberType): string {
  return kinds[type].words;
}

/** Element i of an array, in row-major order. */
export function elementReader({ type, content, littleEndian }: NumberArray): (i: number) => number {
  if (type === "u1" || type === "b1") return (i) => content[i];
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const { read }: Kind = kinds[type];
  const size = sizeOf(type);
  return (i) => read(view, i * size, littleEndian);
}

/** How many elements a shape has. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** As NumPy writes a shape: (1080, 28, 28, 3). */
export function describeShape(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}
