// Reads the binary version of CIFAR-10 and CIFAR-100: records of label bytes and a 32 x 32 image, plane by plane.
import { z } from "zod";
import { ManifestError } from "../../errors/data-errors.ts";
import { oneOf } from "../manifest/fields.ts";
import { path } from "../manifest/path-field.ts";
import { readBytes } from "../../files/bytes.ts";
import { checkListing } from "../../files/limits.ts";
import type { ListedRecord, Listing } from "../catalogue/listing.ts";
import { parseBatch, variants, type Batch, type LabelByte } from "./cifar-batch.ts";
import { oneClassEach } from "./class-labels.ts";
import type { Format } from "./format.ts";

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
      const batch = await once(JSON.stringify(["cifar", variant, file]), async () =>
        parseBatch(file, await readBytes(file), variant),
      );
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
