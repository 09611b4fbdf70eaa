// Reads .npz files (a zip of NumPy arrays) of images and labels: MedMNIST's, with the parts of its official split, and files
// made like them.
import { basename } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { names } from "../manifest/fields.ts";
import { path } from "../manifest/path-field.ts";
import { readBytes } from "../../files/bytes.ts";
import { checkListing } from "../../files/limits.ts";
import { describeShape, elementReader } from "../../files/number-array.ts";
import type { NumberArray } from "../../files/number-array.ts";
import { parseNpy } from "../../files/npy.ts";
import { openZip, readMember } from "../../files/zip.ts";
import type { ZipArchive } from "../../files/zip.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import { mostLabels } from "../catalogue/listing.ts";
import type { ListContext, ListedRecord, Listing, PixelArray } from "../catalogue/listing.ts";
import { toPixelArrays } from "./array-images.ts";
import type { RemarkFor, StoredImages, Window } from "./array-images.ts";
import { classCount, numbered } from "./class-labels.ts";
import type { ClassLabels } from "./class-labels.ts";
import { classNumber, labelsOfNumbers, noLabel } from "./label-numbers.ts";
import type { RecordFault } from "./label-numbers.ts";
import type { Format } from "./format.ts";
import { namesOfSet, namesVolumes } from "./medmnist-names.ts";
import { membersField, partMembers } from "./npz-members.ts";
import type { PartMembers } from "./npz-members.ts";

const fields = {
  /** The .npz file below the data root, of any image size, grey or colour. A part that it does not have is empty. */
  file: path,
  /**
   * Which arrays are the images and the labels of which part, where they are not called as MedMNIST calls them:
   * `{ train: [x_train, y_train], test: [x_test, y_test] }`, or `{ all: [X, y] }` for a file without parts.
   */
  members: membersField.optional(),
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
  arrayWindow: true,
  patients: "entry",
  list: async (entry, context): Promise<Listing> => {
    const { locate, once } = context;
    const file = await locate(entry.file);
    if (namesVolumes(basename(file))) throw volumes(file, "is named after a set of volumes");
    const key = JSON.stringify(["medmnist", file, entry.members, context.window]);
    const content = await once(key, async () => {
      const archive = openZip(file, await readBytes(file));
      const { members, remarks } = partMembers(
        file,
        [...archive.members.keys()],
        entry.members,
        context.entry,
      );
      const content = readContent(archive, members, context.window);
      return { ...content, remarks: [...remarks, ...content.remarks] };
    });
    for (const remark of content.remarks) context.remark(remark(context.entry));
    const records: ListedRecord[] = [];
    for (const { key, part, array } of content.splits) {
      for (let at = 0; at < array.count; at++) {
        const id = key === "" ? String(at) : `${key}/${at}`;
        records.push({ id, image: { kind: "array", array, at }, ...(part === undefined ? {} : { part }) });
      }
    }
    return { ...nameLabels(content, entry.labelNames, context), records };
  },
};

/** The images and labels of one part. */
interface Split extends PartMembers, SplitLabels {
  readonly array: PixelArray;
}

interface SplitLabels {
  readonly count: number;
  readonly columns: number;
  /** [count, columns]: a class number in a single column, or 0 and 1 in each of several; `noLabel` where there is none. */
  readonly numbers: Uint16Array;
}

interface Content {
  readonly file: string;
  /** 1 when each image shows one class. */
  readonly columns: number;
  readonly splits: readonly Split[];
  readonly remarks: readonly RemarkFor[];
}

function readContent(
  archive: ZipArchive,
  members: readonly PartMembers[],
  window: Window | undefined,
): Content {
  const { file } = archive;
  const read = members.map((part) => ({ ...part, ...readLabels(archive, part.labels) }));
  const stored = read.map((part) => readImages(archive, part.images, part.labels, part.count));
  const { arrays, remarks } = toPixelArrays(stored, { window });
  const splits = read.map((part, i) => ({ ...part, array: arrays[i] }));
  const [first, ...others] = splits;
  for (const other of others) {
    if (other.columns !== first.columns) {
      throw new DataError(
        file,
        `member ${other.labels} has ${other.columns} label columns, but ${first.labels} has ${first.columns}`,
      );
    }
    const [size, firstSize] = [other.array, first.array].map(
      (a) => `${a.height} x ${a.width} x ${a.channels}`,
    );
    if (size !== firstSize) {
      throw new DataError(
        file,
        `member ${other.images} has images of ${size}, but ${first.images} has images of ${firstSize}`,
      );
    }
  }
  if (splits.every(({ count }) => count === 0)) throw new DataError(file, "holds no image");
  return { file, columns: first.columns, splits, remarks };
}

function readImages(archive: ZipArchive, member: string, labels: string, count: number): StoredImages {
  const { file } = archive;
  const array = parseNpy(file, member, readMember(archive, member));
  const fail: StoredImages["fail"] = (reason, options) =>
    new DataError(file, `member ${member} ${reason}`, options);
  const { shape } = array;
  if (shape.length === 5 || (shape.length === 4 && shape[3] > 4 && shape[1] !== 1 && shape[1] !== 3)) {
    throw volumes(file, `holds volumes: member ${member} has the shape ${describeShape(shape)}`);
  }
  if (shape.length > 0 && shape[0] !== count) {
    throw fail(`holds ${shape[0]} images for the ${count} labels of ${labels}`);
  }
  return { array, file, member, fail };
}

function readLabels(archive: ZipArchive, member: string): SplitLabels {
  const { file } = archive;
  const array = parseNpy(file, member, readMember(archive, member));
  const [count = 0, columns = 1] = array.shape;
  if (array.shape.length < 1 || array.shape.length > 2 || columns < 1 || columns > mostLabels) {
    throw new DataError(
      file,
      `member ${member} has the shape ${describeShape(array.shape)}; labels are (N,), (N, 1) or (N, up to ${mostLabels})`,
    );
  }
  checkListing(file, count, columns);
  const fault: RecordFault = (reason, record) =>
    new DataError(file, `member ${member} ${reason}`, { record });
  return { count, columns, numbers: readNumbers(array, count, columns, fault) };
}

function readNumbers(array: NumberArray, count: number, columns: number, fault: RecordFault): Uint16Array {
  const element = elementReader(array);
  const numbers = new Uint16Array(count * columns);
  for (let i = 0; i < numbers.length; i++) {
    const value = element(i);
    const record = Math.floor(i / columns);
    if (Number.isNaN(value)) numbers[i] = noLabel;
    else if (columns === 1) numbers[i] = classNumber(value, record, fault);
    else if (value === 0 || value === 1) numbers[i] = value;
    else {
      const remedy =
        value > 0 && value < 1
          ? "; round probabilities, and write NaN where nobody is sure"
          : value === -1
            ? "; write NaN into an array of floats where nobody has looked"
            : "";
      throw fault(
        `has label ${Number(value.toPrecision(6))} in column ${i % columns}; labels are 0 and 1 in several columns${remedy}`,
        record,
      );
    }
  }
  return numbers;
}

/** Names the labels of all parts, in their order. @throws DataError when a label has no name among those given */
function nameLabels(
  content: Content,
  stated: readonly string[] | undefined,
  context: ListContext,
): ClassLabels {
  const { file, columns, splits } = content;
  const count = splits.reduce((sum, part) => sum + part.count, 0);
  const numbers = new Uint16Array(count * columns);
  let filled = 0;
  for (const part of splits) {
    numbers.set(part.numbers, filled);
    filled += part.numbers.length;
  }
  const labelled = numbers.filter((number) => number !== noLabel);
  const classes = columns === 1 ? classCount(labelled) : columns;
  const names = stated ?? namesOfSet(basename(file), columns, classes);
  if (columns === 1) {
    const fault: RecordFault = (reason, index) => {
      let start = 0;
      for (const { labels, count } of splits) {
        if (index < start + count) {
          return new DataError(file, `member ${labels} ${reason}`, { record: index - start });
        }
        start += count;
      }
      return new DataError(file, reason);
    };
    return labelsOfNumbers(numbers, { file, fault, names }, context);
  }
  const labelNames = names ?? numbered(columns);
  if (labelNames.length !== columns || new Set(labelNames).size !== columns) {
    throw new DataError(
      file,
      `has ${columns} label columns, for which labelNames must have as many different names, not ${labelNames.length}`,
    );
  }
  // 0 and 1 are `rawLabel`'s negative and positive.
  const rawLabels = Uint8Array.from(numbers, (number) => (number === noLabel ? rawLabel.blank : number));
  return { labelNames, rawLabels };
}

function volumes(file: string, why: string): DataError {
  return new DataError(file, `${why}, which are not read; take one of the two-dimensional sets of MedMNIST`);
}
