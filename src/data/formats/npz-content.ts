// The images and labels of an .npz file (a zip of NumPy arrays), whatever it was read from.
import { DataError } from "../../errors/data-errors.ts";
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
import { namesOfSet } from "./medmnist-names.ts";
import { partMembers } from "./npz-members.ts";
import type { Members, PartMembers } from "./npz-members.ts";

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

/** What an .npz file holds. */
export interface NpzContent {
  readonly file: string;
  /** 1 when each image shows one class. */
  readonly columns: number;
  readonly splits: readonly Split[];
  readonly remarks: readonly RemarkFor[];
}

/**
 * Reads the arrays of an .npz file that are images and labels.
 *
 * @param members which they are, where they are not called as MedMNIST calls them
 * @throws DataError for what is no archive, and for arrays that are no images or labels
 */
export function parseNpz(
  file: string,
  bytes: Uint8Array,
  stated: Members | undefined,
  { entry, window }: Pick<ListContext, "entry" | "window">,
): NpzContent {
  const archive = openZip(file, bytes);
  const { members, remarks } = partMembers(file, [...archive.members.keys()], stated, entry);
  const content = readContent(archive, members, window);
  return { ...content, remarks: [...remarks, ...content.remarks] };
}

type NumbersContext = Pick<ListContext, "entry" | "wanted" | "remark">;

/** The images of all parts, with their labels. @param labelNames as the manifest has them */
export function listContent(
  content: NpzContent,
  labelNames: readonly string[] | undefined,
  context: NumbersContext,
): Listing {
  const records: ListedRecord[] = [];
  for (const { key, part, array } of content.splits) {
    for (let at = 0; at < array.count; at++) {
      const id = key === "" ? String(at) : `${key}/${at}`;
      records.push({ id, image: { kind: "array", array, at }, ...(part === undefined ? {} : { part }) });
    }
  }
  return { ...nameLabels(content, labelNames, context), records };
}

/** A file's name without its folder. */
const lastOf = (file: string): string =>
  file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);

function readContent(
  archive: ZipArchive,
  members: readonly PartMembers[],
  window: Window | undefined,
): NpzContent {
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
  content: NpzContent,
  stated: readonly string[] | undefined,
  context: NumbersContext,
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
  const names = stated ?? namesOfSet(lastOf(file), columns, classes);
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

export function volumes(file: string, why: string): DataError {
  return new DataError(file, `${why}, which are not read; take one of the two-dimensional sets of MedMNIST`);
}
