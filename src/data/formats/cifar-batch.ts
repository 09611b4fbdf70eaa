// A file of CIFAR-10 or CIFAR-100 in the binary version, whatever it was read from: records of label bytes and a 32 x 32 image, plane by
// plane.
import { DataError } from "../../errors/data-errors.ts";
import type { PixelArray } from "../catalogue/listing.ts";
import { cifar100Coarse, cifar100Fine, cifar10Classes } from "./cifar-names.ts";

const side = 32;
const area = side * side;

/** A byte in front of an image. */
export interface LabelByte {
  readonly kind: "class" | "coarse" | "fine";
  readonly names: readonly string[];
}

/** The label bytes in front of each image, in order. */
export const variants = {
  cifar10: [{ kind: "class", names: cifar10Classes }],
  cifar100: [
    { kind: "coarse", names: cifar100Coarse },
    { kind: "fine", names: cifar100Fine },
  ],
} as const satisfies Record<string, readonly LabelByte[]>;
export type Variant = keyof typeof variants;

/** The images and labels of one file. */
export interface Batch {
  readonly array: PixelArray;
  /** For each label byte of the variant, the one of every image. */
  readonly labels: readonly Uint8Array[];
}

/** @throws DataError when the file is no whole number of records, or holds a label that there is not */
export function parseBatch(file: string, bytes: Uint8Array, variant: Variant): Batch {
  const bytesOfLabels: readonly LabelByte[] = variants[variant];
  const first = bytesOfLabels.length;
  const recordLength = first + 3 * area;
  const other = whyNotBinary(bytes, variant);
  if (other !== undefined) throw new DataError(file, other);
  const count = bytes.length / recordLength;
  if (!Number.isInteger(count) || count === 0) {
    const likely = likelyVariant(bytes.length);
    throw new DataError(
      file,
      `holds ${bytes.length} bytes, which is not a whole number of ${variant} records of ${recordLength}` +
        (likely === undefined ? "" : `; it looks like ${likely}: set the variant`),
    );
  }

  const pixels = new Uint8Array(count * 3 * area);
  const labels = bytesOfLabels.map(() => new Uint8Array(count));
  for (let record = 0; record < count; record++) {
    const start = record * recordLength;
    for (const [i, { kind, names }] of bytesOfLabels.entries()) {
      const label = bytes[start + i];
      if (label >= names.length) {
        throw new DataError(
          file,
          `has ${kind} label ${label}, but ${variant} has labels 0 to ${names.length - 1}`,
          { record },
        );
      }
      labels[i][record] = label;
    }
    // All red, then all green, then all blue becomes red, green, blue of each pixel.
    for (let channel = 0; channel < 3; channel++) {
      const plane = start + first + channel * area;
      let to = record * 3 * area + channel;
      for (let pixel = 0; pixel < area; pixel++, to += 3) pixels[to] = bytes[plane + pixel];
    }
  }
  return { array: { file, count, height: side, width: side, channels: 3, pixels }, labels };
}

/** The variant whose records fill a file of so many bytes. */
export function likelyVariant(length: number): Variant | undefined {
  const names = Object.keys(variants) as Variant[];
  return names.find((name) => length > 0 && length % (variants[name].length + 3 * area) === 0);
}

/** What a file of the other editions of CIFAR is, and which file to take; undefined for all others. */
function whyNotBinary(bytes: Uint8Array, variant: Variant): string | undefined {
  const text = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  const edition = variant === "cifar10" ? "cifar-10-binary.tar.gz" : "cifar-100-binary.tar.gz";
  const member = variant === "cifar10" ? "data_batch_1.bin" : "train.bin";
  // No record starts with these bytes: its first is a class, 19 at most.
  if (/^(?:\x80[\x02-\x05]|\(dp)/u.test(text(0, 3))) {
    return `is a Python pickle (the "python version" of CIFAR), which is not read: take ${member} of ${edition}, the "binary version"`;
  }
  if (text(257, 262) === "ustar") return `is a tar archive: unpack it, and name ${member} or its like`;
  if (text(0, 8) === "MATLAB 5") {
    return `is the "Matlab version" of CIFAR, which is not read: take ${member} of ${edition}, the "binary version"`;
  }
  return undefined;
}
