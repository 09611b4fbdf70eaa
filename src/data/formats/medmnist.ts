// Reads MedMNIST's .npz files: a zip of six NumPy arrays, the images and the labels of each part of the official split.
import { basename } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { names, path } from "../manifest/fields.ts";
import { readBytes } from "../../files/bytes.ts";
import { checkListing } from "../../files/limits.ts";
import { describeShape, elementReader, parseNpy } from "../../files/npy.ts";
import { openZip, readMember } from "../../files/zip.ts";
import type { ZipArchive } from "../../files/zip.ts";
import { mostLabels } from "../catalogue/listing.ts";
import type { ListContext, ListedRecord, Listing, Part, PixelArray } from "../catalogue/listing.ts";
import { classCount, numbered, numberedNames, oneClassEach } from "./class-labels.ts";
import type { ClassLabels } from "./class-labels.ts";
import type { Format } from "./format.ts";
import { namesOfSet, namesVolumes } from "./medmnist-names.ts";

/** The parts of the split by their key in the file. */
const partOfKey = { train: "train", val: "validation", test: "test" } as const satisfies Record<string, Part>;
const keys = ["train", "val", "test"] as const;
type Key = (typeof keys)[number];

const fields = {
  /** The .npz file below the data root, of any image size. */
  file: path,
  /**
   * What label 0, 1, 2, ... (or label column 0, 1, 2, ...) is called. Default: the published names where the file is
   * named after a set ("chestmnist_64.npz") and has its labels, otherwise the numbers "0", "1", "2", ...
   */
  labelNames: names.optional(),
};

/** The two-dimensional sets of MedMNIST, and files made like them. */
export const medmnist: Format<typeof fields> = {
  fields,
  exhaustive: true,
  patients: "entry",
  list: async (entry, context): Promise<Listing> => {
    const { locate, once } = context;
    const file = await locate(entry.file);
    const content = await once(JSON.stringify(["medmnist", file]), () => readMedmnist(file));
    const records: ListedRecord[] = [];
    for (const { key, array } of content.splits) {
      for (let at = 0; at < array.count; at++) {
        records.push({ id: `${key}/${at}`, image: { kind: "array", array, at }, part: partOfKey[key] });
      }
    }
    return { ...nameLabels(content, entry.labelNames, context), records };
  },
};

/** The images and labels of one part. */
interface Split {
  readonly key: Key;
  readonly array: PixelArray;
  /** [count, columns]: a class number in a single column, or 0 and 1 in each of several. */
  readonly labels: Uint16Array;
}

interface Content {
  readonly file: string;
  /** 1 when each image shows one class. */
  readonly columns: number;
  readonly splits: readonly Split[];
}

async function readMedmnist(file: string): Promise<Content> {
  if (namesVolumes(basename(file))) throw volumes(file, "is named after a set of volumes");
  const archive = openZip(file, await readBytes(file));
  const read = keys.map((key) => {
    const labels = readLabels(archive, key);
    return {
      key,
      labels: labels.values,
      columns: labels.columns,
      array: readImages(archive, key, labels.count),
    };
  });

  const [first, ...others] = read;
  for (const { key, columns, array } of others) {
    if (columns !== first.columns) {
      throw new DataError(
        file,
        `member ${key}_labels.npy has ${columns} label columns, but that of ${first.key} has ${first.columns}`,
      );
    }
    const [size, firstSize] = [array, first.array].map((a) => `${a.height} x ${a.width} x ${a.channels}`);
    if (size !== firstSize) {
      throw new DataError(
        file,
        `member ${key}_images.npy has images of ${size}, but that of ${first.key} of ${firstSize}`,
      );
    }
  }
  const count = read.reduce((sum, { array }) => sum + array.count, 0);
  if (count === 0) throw new DataError(file, "holds no image");
  return { file, columns: first.columns, splits: read };
}

function readImages(archive: ZipArchive, key: Key, count: number): PixelArray {
  const { file } = archive;
  const member = `${key}_images.npy`;
  const { type, shape, content } = parseNpy(file, member, readMember(archive, member));
  const fail = (reason: string): DataError => new DataError(file, `member ${member} ${reason}`);
  if (type !== "u1") throw fail(`holds ${type} elements; images are u1 (uint8), 0 to 255`);
  if (shape.length === 5 || (shape.length === 4 && shape[3] > 4)) {
    throw volumes(file, `holds volumes: member ${member} has the shape ${describeShape(shape)}`);
  }
  const [images, height, width, channels = 1] = shape;
  const isGrey = shape.length === 3;
  const isColour = shape.length === 4 && channels === 3;
  if (!(isGrey || isColour) || height === 0 || width === 0) {
    throw fail(
      `has the shape ${describeShape(shape)}; images are (N, height, width) or (N, height, width, 3)`,
    );
  }
  if (images !== count) throw fail(`holds ${images} images for the ${count} labels of ${key}_labels.npy`);
  return { file, count, height, width, channels: isColour ? 3 : 1, pixels: content };
}

function readLabels(
  archive: ZipArchive,
  key: Key,
): { readonly count: number; readonly columns: number; readonly values: Uint16Array } {
  const { file } = archive;
  const member = `${key}_labels.npy`;
  const array = parseNpy(file, member, readMember(archive, member));
  const [count = 0, columns = 1] = array.shape;
  if (array.shape.length < 1 || array.shape.length > 2 || columns < 1 || columns > mostLabels) {
    throw new DataError(
      file,
      `member ${member} has the shape ${describeShape(array.shape)}; labels are (N,), (N, 1) or (N, up to ${mostLabels})`,
    );
  }
  checkListing(file, count, columns);
  const most = columns === 1 ? mostLabels - 1 : 1;
  const values = new Uint16Array(count * columns);
  const element = elementReader(array);
  for (let i = 0; i < values.length; i++) {
    const value = element(i);
    if (!(value >= 0 && value <= most)) {
      const record = Math.floor(i / columns);
      const where = columns === 1 ? "" : ` in column ${i % columns}`;
      const expected = columns === 1 ? `class numbers from 0 to ${most}` : "0 and 1 in several columns";
      throw new DataError(file, `member ${member} has label ${value}${where}; labels are ${expected}`, {
        record,
      });
    }
    values[i] = value;
  }
  return { count, columns, values };
}

/** Names the labels of all parts, in their order. @throws DataError when a label has no name among those given */
function nameLabels(
  { file, columns, splits }: Content,
  names: readonly string[] | undefined,
  context: Pick<ListContext, "wanted" | "entry" | "remark">,
): ClassLabels {
  const count = splits.reduce((sum, { array }) => sum + array.count, 0);
  const labels = new Uint16Array(count * columns);
  let filled = 0;
  for (const split of splits) {
    labels.set(split.labels, filled);
    filled += split.labels.length;
  }

  const classes = columns === 1 ? classCount(labels) : columns;
  const labelNames =
    names ??
    namesOfSet(basename(file), columns, classes) ??
    (columns === 1 ? numberedNames(labels, mostLabels - 1, context) : numbered(classes));
  if (columns > 1) {
    if (labelNames.length !== columns || new Set(labelNames).size !== columns) {
      throw new DataError(
        file,
        `has ${columns} label columns, for which labelNames must have as many different names, not ${labelNames.length}`,
      );
    }
    return { labelNames, rawLabels: Uint8Array.from(labels) }; // 0 and 1 are `rawLabel`'s negative and positive
  }

  for (const { key, labels } of splits) {
    const record = labels.findIndex((label) => label >= labelNames.length);
    if (record === -1) continue;
    throw new DataError(
      file,
      `member ${key}_labels.npy has label ${labels[record]}, but labelNames has ${labelNames.length} names`,
      { record },
    );
  }
  checkListing(file, count, labelNames.length);
  return oneClassEach(labels, labelNames, context);
}

function volumes(file: string, why: string): DataError {
  return new DataError(file, `${why}, which are not read; take one of the two-dimensional sets of MedMNIST`);
}
