// Files of arrays as listings: IDX pairs, CIFAR's binary files, an .npz archive. What each holds is decoded by the code of its format.
import { DataError } from "../../errors/data-errors.ts";
import { parseIdx } from "../../files/idx-array.ts";
import { mostArrayBytes } from "../../files/limits.ts";
import type { ListContext, ListedRecord, Listing, Part } from "../catalogue/listing.ts";
import { likelyVariant, parseBatch, variants, type LabelByte } from "../formats/cifar-batch.ts";
import { oneClassEach } from "../formats/class-labels.ts";
import { checkPair, idxImages, idxLabels, labelNumbers } from "../formats/idx-pair.ts";
import { labelsOfNumbers } from "../formats/label-numbers.ts";
import { namesVolumes } from "../formats/medmnist-names.ts";
import { listContent, parseNpz, volumes } from "../formats/npz-content.ts";
import type { ImageFilesOptions } from "./file-options.ts";
import { contentOf, lastOf, type NamedFile } from "./named-file.ts";

type Files = ReadonlyMap<string, NamedFile>;

/** The part that the name of a file speaks of, as those of MNIST and CIFAR do. */
function partInName(path: string): Part | undefined {
  const name = lastOf(path).toLowerCase();
  if (/^(?:t10k|test)/u.test(name)) return "test";
  if (/^val/u.test(name)) return "validation";
  return /^(?:train|data_batch)/u.test(name) ? "train" : undefined;
}

/** The parts of files by their names, where all of them say one and they differ. */
function partsOf(paths: readonly string[]): (Part | undefined)[] {
  const parts = paths.map(partInName);
  return parts.includes(undefined) || new Set(parts).size < 2 ? parts.map(() => undefined) : parts;
}

const inOrder = (files: Files): [string, NamedFile][] => [...files].sort(([a], [b]) => (a < b ? -1 : 1));

/** Pairs of image and label arrays. @throws DataError for an array without its pair */
export async function listIdx(
  files: Files,
  options: ImageFilesOptions,
  context: ListContext,
): Promise<Listing> {
  const { most = mostArrayBytes, labelNames, window, transpose } = options;
  const read: { readonly path: string; readonly array: ReturnType<typeof parseIdx> }[] = [];
  for (const [path, file] of inOrder(files)) {
    try {
      read.push({ path, array: parseIdx(path, await contentOf(path, file, most)) });
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      context.bad(error);
    }
  }
  const images = read.filter(({ array }) => array.shape.length > 2);
  const labels = read.filter(({ array }) => array.shape.length <= 2);
  if (images.length === 0)
    throw new DataError(context.entry, "holds no IDX file of images, but labels alone");
  const pairs = images.map((image) => {
    const own = labels.filter(({ path }) => pairName(path) === pairName(image.path));
    const [label] = images.length === 1 && labels.length === 1 ? labels : own;
    if (own.length > 1 || label === undefined) {
      throw new DataError(
        image.path,
        "has no file of labels: that of train-images-idx3-ubyte is train-labels-idx1-ubyte, and the two are given together",
      );
    }
    return { image, label };
  });
  const lost = labels.find((each) => !pairs.some(({ label }) => label === each));
  if (lost !== undefined) throw new DataError(lost.path, "has no file of images of that name");

  const parts = partsOf(pairs.map(({ image }) => image.path));
  const records: ListedRecord[] = [];
  const numbers: Uint16Array[] = [];
  for (const [i, { image, label }] of pairs.entries()) {
    const { array, remarks } = idxImages(image.path, image.array, { window, transpose });
    const rows = idxLabels(label.path, label.array);
    checkPair(array, image.path, rows, label.path);
    for (const remark of remarks) context.remark(remark(context.entry));
    numbers.push(labelNumbers(label.path, rows, undefined, context));
    records.push(...recordsOf(array, pairs.length === 1 ? "" : lastOf(image.path), parts[i]));
  }
  const joined = Uint16Array.from(numbers.flatMap((each) => Array.from(each)));
  const fault = (reason: string, record: number): DataError => {
    let first = 0;
    const at = numbers.findIndex((each) => record < (first += each.length));
    return new DataError(pairs[at].label.path, reason, { record: record - (first - numbers[at].length) });
  };
  const file = pairs[0].label.path;
  return { ...labelsOfNumbers(joined, { file, fault, names: labelNames }, context), records };
}

/** What the names of two files have in common that are a pair: without the words and the number of axes that tell them apart. */
function pairName(path: string): string {
  const name = lastOf(path).toLowerCase().replace(/\.gz$/u, "");
  return path.slice(0, -lastOf(path).length) + name.replace(/images?|labels?/u, "*").replace(/idx\d/u, "idx");
}

/** The images of an array, in order. @param key before the number of an image in its id; "" where numbers alone do */
function recordsOf(
  array: { readonly count: number } & Extract<ListedRecord["image"], { kind: "array" }>["array"],
  key: string,
  part: Part | undefined,
): ListedRecord[] {
  return Array.from({ length: array.count }, (_, at): ListedRecord => {
    const id = key === "" ? String(at) : `${key}/${at}`;
    return { id, image: { kind: "array", array, at }, ...(part === undefined ? {} : { part }) };
  });
}

/** Files of CIFAR-10 or CIFAR-100. */
export async function listCifar(
  files: Files,
  options: ImageFilesOptions,
  context: ListContext,
): Promise<Listing> {
  const { most = mostArrayBytes } = options;
  const given = inOrder(files);
  const parts = partsOf(given.map(([path]) => path));
  const contents = await Promise.all(given.map(([path, file]) => contentOf(path, file, most)));
  const variant = options.variant ?? likelyVariant(contents[0].length) ?? "cifar10";
  if (variant === "cifar10" && options.labels !== undefined) {
    throw new DataError(context.entry, "is CIFAR-10, which has labels of one kind: labels is for CIFAR-100");
  }
  const bytesOfLabels: readonly LabelByte[] = variants[variant];
  const wanted = variant === "cifar10" ? "class" : (options.labels ?? "fine");
  const column = bytesOfLabels.findIndex(({ kind }) => kind === wanted);
  const records: ListedRecord[] = [];
  const classes: number[] = [];
  for (const [i, [path]] of given.entries()) {
    const { array, labels } = parseBatch(path, contents[i], variant);
    records.push(...recordsOf(array, given.length === 1 ? "" : path, parts[i]));
    for (const label of labels[column]) classes.push(label);
  }
  return { ...oneClassEach(classes, bytesOfLabels[column].names), records };
}

/** One .npz archive. */
export async function listNpz(
  files: Files,
  options: ImageFilesOptions,
  context: ListContext,
): Promise<Listing> {
  const [[path, file], ...others] = inOrder(files);
  if (others.length > 0) {
    throw new DataError(context.entry, `holds ${files.size} .npz files; a source is one of them`);
  }
  if (namesVolumes(lastOf(path))) throw volumes(path, "is named after a set of volumes");
  const bytes = await contentOf(path, file, options.most ?? mostArrayBytes);
  const content = parseNpz(path, bytes, options.members, { entry: context.entry, window: options.window });
  for (const remark of content.remarks) context.remark(remark(context.entry));
  return listContent(content, options.labelNames, context);
}
