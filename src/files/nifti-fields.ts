// Where the fields of a NIfTI header lie, in both versions of the format, and how one of them is read or written.
// Sources: nifti1.h (Cox et al., NIMH 2003) and nifti2.h (2011), https://nifti.nimh.nih.gov/
import { elementReader, sizeOf } from "./number-array.ts";
import type { NumberType } from "./number-array.ts";

/** A field: its first byte and its type; fields of several numbers have them one after the other. */
type Place = readonly [at: number, type: NumberType];

interface Layout {
  /** Bytes of the header, which its first four bytes say too. */
  readonly size: 348 | 540;
  /** The bytes that name the format: of a file that holds header and voxels, and of a header beside an .img file. */
  readonly magic: { readonly at: number; readonly single: string; readonly pair: string };
  /** Texts: first byte and length. */
  readonly texts: Readonly<Record<"description" | "auxiliaryFile" | "intentName", readonly [number, number]>>;
  readonly numbers: Readonly<Record<NiftiField, Place>>;
}

export type NiftiField =
  | "dim"
  | "intentParameters"
  | "intentCode"
  | "datatype"
  | "bits"
  | "pixdim"
  | "start"
  | "slope"
  | "intercept"
  | "units"
  | "shownMost"
  | "shownLeast"
  | "qformCode"
  | "sformCode"
  /** Quaternion b, c, d, then the offsets x, y, z. */
  | "qform"
  /** Three rows of four numbers. */
  | "sform";

/** By the version of the format. */
export const niftiLayouts: Readonly<Record<1 | 2, Layout>> = {
  1: {
    size: 348,
    magic: { at: 344, single: "n+1\0", pair: "ni1\0" },
    texts: { description: [148, 80], auxiliaryFile: [228, 24], intentName: [328, 16] },
    numbers: {
      dim: [40, "i2"],
      intentParameters: [56, "f4"],
      intentCode: [68, "i2"],
      datatype: [70, "i2"],
      bits: [72, "i2"],
      pixdim: [76, "f4"],
      start: [108, "f4"],
      slope: [112, "f4"],
      intercept: [116, "f4"],
      units: [123, "u1"],
      shownMost: [124, "f4"],
      shownLeast: [128, "f4"],
      qformCode: [252, "i2"],
      sformCode: [254, "i2"],
      qform: [256, "f4"],
      sform: [280, "f4"],
    },
  },
  2: {
    size: 540,
    magic: { at: 4, single: "n+2\0\r\n\x1a\n", pair: "ni2\0\r\n\x1a\n" },
    texts: { description: [240, 80], auxiliaryFile: [320, 24], intentName: [508, 16] },
    numbers: {
      dim: [16, "i8"],
      intentParameters: [80, "f8"],
      intentCode: [504, "i4"],
      datatype: [12, "i2"],
      bits: [14, "i2"],
      pixdim: [104, "f8"],
      start: [168, "i8"],
      slope: [176, "f8"],
      intercept: [184, "f8"],
      units: [500, "i4"],
      shownMost: [192, "f8"],
      shownLeast: [200, "f8"],
      qformCode: [344, "i4"],
      sformCode: [348, "i4"],
      qform: [352, "f8"],
      sform: [400, "f8"],
    },
  },
};

/** The largest header of both versions. */
export const largestNiftiHeader = 540;

/** The numbers of each field of a header. */
export function niftiFieldReader(
  bytes: Uint8Array,
  version: 1 | 2,
  littleEndian: boolean,
): (field: NiftiField, i?: number) => number {
  const { numbers } = niftiLayouts[version];
  return (field, i = 0) => {
    const [at, type] = numbers[field];
    return elementReader({ type, shape: [], content: bytes.subarray(at), littleEndian })(i);
  };
}

/** Writes numbers into the fields of a header. */
export function niftiFieldWriter(
  bytes: Uint8Array,
  version: 1 | 2,
  littleEndian: boolean,
): (field: NiftiField, value: number, i?: number) => void {
  const { numbers } = niftiLayouts[version];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (field, value, i = 0) => {
    const [first, type] = numbers[field];
    const at = first + i * sizeOf(type);
    if (type === "i2") view.setInt16(at, value, littleEndian);
    else if (type === "i4") view.setInt32(at, value, littleEndian);
    else if (type === "i8") view.setBigInt64(at, BigInt(value), littleEndian);
    else if (type === "f4") view.setFloat32(at, value, littleEndian);
    else if (type === "f8") view.setFloat64(at, value, littleEndian);
    else view.setUint8(at, value);
  };
}
