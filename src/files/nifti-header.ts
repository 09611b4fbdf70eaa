// Reads the header of a NIfTI file (.nii), version 1 or 2, in either byte order, and believes nothing in it before it is checked.
import { DataError } from "../errors/data-errors.ts";
import { mostArrayBytes } from "./limits.ts";
import { quaternionAffine, voxelSides, voxelVolumeOf } from "./nifti-affine.ts";
import type { Affine } from "./nifti-affine.ts";
import { niftiFieldReader, niftiLayouts } from "./nifti-fields.ts";
import type { NiftiField } from "./nifti-fields.ts";
import { elementWords, sizeOf } from "./number-array.ts";
import type { NumberType } from "./number-array.ts";

export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** As it stands in the file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Voxels along each axis; the first axis changes fastest in the file. */
  readonly shape: readonly [number, number, number];
  readonly type: NumberType;
  /** The first byte of the voxels in the (unpacked) file. */
  readonly start: number;
  /** What a voxel stands for is slope * number + intercept. */
  readonly slope: number;
  readonly intercept: number;
  /** From its sform, else its qform, else its voxel sides alone. */
  readonly affine: Affine;
  /** Whether the header says how the volume lies in the patient, by an sform or a qform. */
  readonly oriented: boolean;
}

/** By NIfTI's code. */
const types = new Map<number, NumberType>([
  [2, "u1"],
  [4, "i2"],
  [8, "i4"],
  [16, "f4"],
  [64, "f8"],
  [256, "i1"],
  [512, "u2"],
  [768, "u4"],
  [1024, "i8"],
  [1280, "u8"],
]);

const otherTypes = new Map([
  [1, "single bits"],
  [32, "complex numbers"],
  [128, "RGB colours"],
  [1536, "128-bit floats"],
  [1792, "complex numbers"],
  [2048, "complex numbers"],
  [2304, "RGBA colours"],
]);

/** Millimetres in a unit of length, by its code; 0 is unknown, and taken for millimetres, as every program does. */
const millimetres = new Map([
  [0, 1],
  [1, 1000],
  [2, 1],
  [3, 0.001],
]);

/** No voxel of a patient's scan is longer or thinner; numbers beyond come from damaged headers. */
const sideLimits = { least: 1e-6, most: 1e4 };

/**
 * @param bytes the beginning of the (unpacked) file, 540 bytes or all of a shorter one
 * @throws DataError naming the file, for bytes that are no header, and for what is not read or cannot be meant
 */
export function readNiftiHeader(file: string, bytes: Uint8Array): NiftiHeader {
  const { version, littleEndian } = formOf(file, bytes);
  const { size } = niftiLayouts[version];
  const fail = (reason: string): DataError => new DataError(file, reason);
  const header = new Uint8Array(bytes.subarray(0, size));
  const field = niftiFieldReader(header, version, littleEndian);
  const shape = shapeOf(field, fail);
  const type = typeOf(field("datatype"), fail);
  const start = field("start");
  if (!Number.isInteger(start) || start < size + 4 || start > mostArrayBytes) {
    throw fail(
      `says that its voxels start at byte ${start}; they start at a whole number from ${size + 4}: its header is damaged`,
    );
  }
  const promised = shape[0] * shape[1] * shape[2] * sizeOf(type);
  if (promised > mostArrayBytes) {
    throw fail(
      `claims ${shape.join(" x ")} voxels of ${elementWords(type)}, ${promised} bytes; at most ${mostArrayBytes} are ` +
        "read of one volume: cut it into several",
    );
  }
  const oriented = field("sformCode") > 0 || field("qformCode") > 0;
  return {
    ...{ version, littleEndian, bytes: header, shape, type, start, oriented },
    ...scaleOf(field, fail),
    affine: affineOf(field, fail),
  };
}

/** Bytes that the voxels take in the file. */
export function voxelBytes({ shape, type }: Pick<NiftiHeader, "shape" | "type">): number {
  return shape[0] * shape[1] * shape[2] * sizeOf(type);
}

/** Whether bytes begin like a NIfTI header of any kind, so that what is wrong with it is worth telling. */
export function isNifti(bytes: Uint8Array): boolean {
  return [1, 2].some((version) => {
    const { magic } = niftiLayouts[version as 1 | 2];
    const found = textOf(bytes, magic.at, 4);
    return found === magic.single.slice(0, 4) || found === magic.pair.slice(0, 4);
  });
}

type Fail = (reason: string) => DataError;
type Field = (field: NiftiField, i?: number) => number;

const textOf = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));

function formOf(
  file: string,
  bytes: Uint8Array,
): { readonly version: 1 | 2; readonly littleEndian: boolean } {
  const fail = (reason: string): DataError => new DataError(file, reason);
  if (bytes.length < 348) {
    throw fail(`ends after ${bytes.length} bytes; the header of a NIfTI file has 348 or 540`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const version of [1, 2] as const) {
    const { size, magic } = niftiLayouts[version];
    for (const littleEndian of [true, false]) {
      if (view.getInt32(0, littleEndian) !== size) continue;
      if (bytes.length < size) throw fail(`ends after ${bytes.length} bytes; its header has ${size}`);
      const found = textOf(bytes, magic.at, magic.single.length);
      if (found === magic.single) return { version, littleEndian };
      if (found === magic.pair) {
        throw fail(
          "is the header of a pair of files (.hdr and .img), which are not read; make one file of them, such as with " +
            "nibabel: nib.save(nib.load('a.hdr'), 'a.nii.gz')",
        );
      }
      const analyze = version === 1 && /^\0{4}$/u.test(found);
      throw fail(
        analyze
          ? "is in the ANALYZE format, of which nobody knows left from right; convert it to NIfTI"
          : `is no NIfTI file: where it should say ${JSON.stringify(magic.single)} it says ${JSON.stringify(found)}`,
      );
    }
  }
  const dicom = textOf(bytes, 128, 4) === "DICM";
  throw fail(
    dicom
      ? "is DICOM, of which volumes are not read; convert the series with dcm2niix: dcm2niix -z y -o OUT FOLDER"
      : "is no NIfTI file: its first number is neither 348 nor 540",
  );
}

function shapeOf(field: Field, fail: Fail): [number, number, number] {
  const axes = field("dim");
  if (!(axes >= 1 && axes <= 7)) throw fail(`says that it has ${axes} axes; NIfTI has 1 to 7: it is damaged`);
  const all = Array.from({ length: axes }, (_, i) => field("dim", i + 1));
  const wrong = all.find((length) => !(Number.isSafeInteger(length) && length >= 1));
  if (wrong !== undefined) {
    throw fail(`claims ${all.join(" x ")} voxels; no axis has a length of ${wrong}: its header is damaged`);
  }
  if (axes < 2) throw fail(`has one axis of ${all[0]} voxels; a volume has three`);
  if (all.slice(3).some((length) => length > 1)) {
    throw fail(
      `has ${all.join(" x ")} voxels; volumes have three axes, and a fourth of 1 at most: save each of its volumes as a ` +
        "file of its own (a series over time or directions, or channels)",
    );
  }
  return [all[0], all[1], all[2] ?? 1];
}

function typeOf(code: number, fail: Fail): NumberType {
  const type = types.get(code);
  if (type !== undefined) return type;
  const other = otherTypes.get(code);
  throw fail(
    other === undefined
      ? `says that its voxels are of type ${code}, which NIfTI does not have: its header is damaged`
      : `holds ${other} (type ${code}), which are not read; volumes are whole numbers or floats of one channel`,
  );
}

/** A slope of 0 means none, and so does one that is no number, as nibabel writes and reads it. */
function scaleOf(field: Field, fail: Fail): Pick<NiftiHeader, "slope" | "intercept"> {
  const [slope, intercept] = [field("slope"), field("intercept")];
  if (slope === 0 || !Number.isFinite(slope)) return { slope: 1, intercept: 0 };
  if (!Number.isFinite(intercept)) {
    throw fail(
      `has the slope ${slope} (scl_slope) with the intercept ${intercept} (scl_inter): it is damaged`,
    );
  }
  return { slope, intercept };
}

/** nifti1.h's methods 3, 2 and 1, in this order, as nibabel and ITK take them. */
function affineOf(field: Field, fail: Fail): Affine {
  const unit = field("units") & 7;
  const scale = millimetres.get(unit);
  if (scale === undefined) throw fail(`measures lengths in unit ${unit}, which NIfTI does not have`);
  const sides = [1, 2, 3].map((i) => field("pixdim", i) * scale);
  const handedness = field("pixdim") < 0 ? -1 : 1;
  if (field("sformCode") > 0) {
    const row = (r: number): [number, number, number, number] => {
      const at = (i: number): number => field("sform", 4 * r + i) * scale;
      return [at(0), at(1), at(2), at(3)];
    };
    return checkedAffine("sform", [row(0), row(1), row(2)], fail);
  }
  // A plane has no third side that anybody must have written.
  const depth = field("dim") < 3 && !(sides[2] > 0) ? 1 : sides[2];
  const lengths = [sides[0], sides[1], depth];
  const wrong = lengths.findIndex((side) => !(side >= sideLimits.least && side <= sideLimits.most));
  if (wrong >= 0) {
    throw fail(
      `has voxels of ${lengths.join(" x ")} mm (pixdim), which cannot be; write the true sides into its header`,
    );
  }
  if (field("qformCode") > 0) {
    const [b, c, d, ...offsets] = [0, 1, 2, 3, 4, 5].map((i) => field("qform", i));
    const made = quaternionAffine(
      [b, c, d],
      offsets.map((each) => each * scale),
      lengths,
      handedness,
    );
    if (made === undefined) {
      throw fail(`has a qform with the quaternion ${b}, ${c}, ${d}, which is no rotation: it is damaged`);
    }
    return checkedAffine("qform", made, fail);
  }
  return [
    [lengths[0], 0, 0, 0],
    [0, lengths[1], 0, 0],
    [0, 0, lengths[2], 0],
  ];
}

function checkedAffine(name: string, affine: Affine, fail: Fail): Affine {
  const sides = voxelSides(affine);
  const box = sides[0] * sides[1] * sides[2];
  const far = affine.some((row) => row.some((each) => !(Math.abs(each) < 1e7)));
  const wrong = sides.some((side) => !(side >= sideLimits.least && side <= sideLimits.most));
  // An oblique scan is not so skewed that its voxels are flat.
  if (far || wrong || voxelVolumeOf(affine) < 1e-3 * box) {
    const rows = affine.map((row) => row.map((each) => Number(each.toPrecision(6))).join(" ")).join("; ");
    throw fail(
      `has ${name === "sform" ? "an" : "a"} ${name} that puts its voxels nowhere (${rows}): write the true one into its header`,
    );
  }
  return affine;
}
