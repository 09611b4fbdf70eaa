// Reads the binary version of CIFAR-10 and CIFAR-100: records of label bytes and a 32 x 32 image, plane by plane.
import { z } from "zod";
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { oneOf } from "../manifest/fields.ts";
import { path } from "../manifest/path-field.ts";
import { readBytes } from "../../files/bytes.ts";
import { checkListing } from "../../files/limits.ts";
import type { ListedRecord, Listing, PixelArray } from "../catalogue/listing.ts";
import { cifar100Coarse, cifar100Fine, cifar10Classes } from "./cifar-names.ts";
import { oneClassEach } from "./class-labels.ts";
import type { Format } from "./format.ts";

const side = 32;
const area = side * side;

interface LabelByte {
  readonly kind: "class" | "coarse" | "fine";
  readonly names: readonly string[];
}

/** The label bytes in front of each image, in order. */
const variants = {
  cifar10: [{ kind: "class", names: cifar10Classes }],
  cifar100: [
    { kind: "coarse", names: cifar100Coarse },
    { kind: "fine", names: cifar100Fine },
  ],
} as const satisfies Record<string, readonly LabelByte[]>;
type Variant = keyof typeof variants;

const fields = {
  /** The files below the data root, read one after the other; gzip is recognised by its content. */
  files: z
    .array(path)
    .min(1)
    .refine((files) => new Set(files).size === files.length, "names a file twice"),
  variant: oneOf(["cifar10", "cifar100"]).default("cifar10"),
  /** Which of the two labels of CIFAR-100 is meant: one of 100 classes (the default), or one of 20 groups of them. */
  labels: oneOf(["fine", "coarse"]).optional(),
};

/** CIFAR-10 and CIFAR-100 in their binary version. */
export const cifar: Format<typeof fields> = {
  fields,
  exhaustive: true,
  patients: "entry",
  list: async ({ files, variant, labels }, { entry, locate, once }): Promise<Listing> => {
    if (variant === "cifar10" && labels !== undefined) {
      throw new ManifestError(
        entry,
        "labels",
        "is for the variant cifar100; CIFAR-10 has labels of one kind",
      );
    }
    const bytesOfLabels: readonly LabelByte[] = variants[variant];
    const wanted = variant === "cifar10" ? "class" : (labels ?? "fine");
    const column = bytesOfLabels.findIndex(({ kind }) => kind === wanted);
    const batches: (Batch & { readonly path: string })[] = [];
    let count = 0;
    const located = new Set<string>();
    for (const [i, path] of files.entries()) {
      const file = await locate(path);
      if (located.has(file)) throw new ManifestError(entry, `files.${i}`, `names ${file} again`);
      located.add(file);
      const batch = await once(JSON.stringify(["cifar", variant, file]), () => readBatch(file, variant));
      batches.push({ path, ...batch });
      count += batch.array.count;
      checkListing(file, count, bytesOfLabels[column].names.length);
    }

    const classes = new Uint8Array(count);
    const records: ListedRecord[] = [];
    for (const { path, array, labels } of batches) {
      classes.set(labels[column], records.length);
      for (let at = 0; at < array.count; at++) {
        const id = files.length === 1 ? String(at) : `${path}/${at}`;
        records.push({ id, image: { kind: "array", array, at } });
      }
    }
    return { ...oneClassEach(classes, bytesOfLabels[column].names), records };
  },
};

interface Batch {
  readonly array: PixelArray;
  /** For each label byte of the variant, the one of every image. */
  readonly labels: readonly Uint8Array[];
}

/** @throws DataError when the file is no whole number of records, or holds a label that there is not */
async function readBatch(file: string, variant: Variant): Promise<Batch> {
  const bytesOfLabels: readonly LabelByte[] = variants[variant];
  const first = bytesOfLabels.length;
  const recordLength = first + 3 * area;
  const bytes = await readBytes(file);
  const other = whyNotBinary(bytes, variant);
  if (other !== undefined) throw new DataError(file, other);
  const count = bytes.length / recordLength;
  if (!Number.isInteger(count) || count === 0) {
    const likely = (Object.keys(variants) as Variant[]).find(
      (name) => bytes.length > 0 && bytes.length % (variants[name].length + 3 * area) === 0,
    );
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

/** What a file of the other editions of CIFAR is, and which file to take; undefined for all others. */
function whyNotBinary(bytes: Uint8Array, variant: Variant): string | undefined {
  const text = (from: number, to: number): string => Buffer.from(bytes.subarray(from, to)).toString("latin1");
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
