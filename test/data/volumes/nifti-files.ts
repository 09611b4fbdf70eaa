// Makes NIfTI files for tests, byte by byte and without the code under test.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export interface MadeVolume {
  readonly shape: readonly number[];
  readonly values: readonly number[] | Uint8Array;
  readonly type?: keyof typeof codes;
  readonly version?: 1 | 2;
  readonly big?: boolean;
  /** Three rows of four. */
  readonly sform?: readonly (readonly number[])[] | undefined;
  /** b, c, d, x, y, z. */
  readonly qform?: readonly number[];
  readonly pixdim?: readonly number[];
  readonly units?: number;
  readonly slope?: number;
  readonly intercept?: number;
  /** Changes the header before it is used. */
  readonly change?: (view: DataView) => void;
}

const codes = { u1: 2, i2: 4, i4: 8, f4: 16, f8: 64, i1: 256, u2: 512, u4: 768, i8: 1024, u8: 1280 } as const;

export const straight = (x: number, y: number, z: number): number[][] => [
  [x, 0, 0, -10],
  [0, y, 0, -20],
  [0, 0, z, -30],
];

export function niftiBytes(made: MadeVolume): Uint8Array<ArrayBuffer> {
  const { shape, values, type = "u1", version = 1, big = false, sform, qform, units = 2, slope = 0 } = made;
  const { pixdim = [1, 2, 3, 4], intercept = 0 } = made;
  const little = !big;
  const size = Number(type[1]);
  const start = version === 1 ? 352 : 544;
  const bytes = new Uint8Array(start + values.length * size);
  const view = new DataView(bytes.buffer);
  const dims = [shape.length, ...shape, ...Array<number>(7 - shape.length).fill(1)];
  if (version === 1) {
    view.setInt32(0, 348, little);
    dims.forEach((each, i) => view.setInt16(40 + 2 * i, each, little));
    view.setInt16(70, codes[type], little);
    view.setInt16(72, 8 * size, little);
    pixdim.forEach((each, i) => view.setFloat32(76 + 4 * i, each, little));
    view.setFloat32(108, start, little);
    view.setFloat32(112, slope, little);
    view.setFloat32(116, intercept, little);
    view.setUint8(123, units);
    bytes.set(Buffer.from("a secret name"), 148);
    if (qform) view.setInt16(252, 1, little);
    qform?.forEach((each, i) => view.setFloat32(256 + 4 * i, each, little));
    if (sform) view.setInt16(254, 2, little);
    sform?.flat().forEach((each, i) => view.setFloat32(280 + 4 * i, each, little));
    bytes.set(Buffer.from("n+1\0"), 344);
  } else {
    view.setInt32(0, 540, little);
    bytes.set(Buffer.from("n+2\0\r\n\x1a\n", "latin1"), 4);
    view.setInt16(12, codes[type], little);
    view.setInt16(14, 8 * size, little);
    dims.forEach((each, i) => view.setBigInt64(16 + 8 * i, BigInt(each), little));
    pixdim.forEach((each, i) => view.setFloat64(104 + 8 * i, each, little));
    view.setBigInt64(168, BigInt(start), little);
    view.setFloat64(176, slope, little);
    view.setFloat64(184, intercept, little);
    if (qform) view.setInt32(344, 1, little);
    qform?.forEach((each, i) => view.setFloat64(352 + 8 * i, each, little));
    if (sform) view.setInt32(348, 2, little);
    sform?.flat().forEach((each, i) => view.setFloat64(400 + 8 * i, each, little));
    view.setInt32(500, units, little);
  }
  const set = {
    u1: (at: number, value: number) => view.setUint8(at, value),
    i1: (at: number, value: number) => view.setInt8(at, value),
    u2: (at: number, value: number) => view.setUint16(at, value, little),
    i2: (at: number, value: number) => view.setInt16(at, value, little),
    u4: (at: number, value: number) => view.setUint32(at, value, little),
    i4: (at: number, value: number) => view.setInt32(at, value, little),
    u8: (at: number, value: number) => view.setBigUint64(at, BigInt(value), little),
    i8: (at: number, value: number) => view.setBigInt64(at, BigInt(value), little),
    f4: (at: number, value: number) => view.setFloat32(at, value, little),
    f8: (at: number, value: number) => view.setFloat64(at, value, little),
  }[type];
  values.forEach((value, i) => set(start + i * size, value));
  made.change?.(view);
  return bytes;
}

/** Writes a volume, packed where the name ends in .gz. @returns its path */
export function writeNifti(folder: string, name: string, made: MadeVolume): string {
  const bytes = niftiBytes(made);
  const file = join(folder, name);
  writeFileSync(file, name.endsWith(".gz") ? gzipSync(bytes) : bytes);
  return file;
}
