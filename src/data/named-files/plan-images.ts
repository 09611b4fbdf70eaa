// From files to a plan of labelled images: what they are, how many, which labels they have, and how many bytes they will take. No image
// is decoded, except one where no size is given.
import { decodeImage } from "#decode";
import { aRecord, expectArgument, expectOptions } from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { counted } from "../../errors/counted.ts";
import { checkListing, mostArrayBytes } from "../../files/limits.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import { joinSpellings } from "../catalogue/identities.ts";
import { type ListContext, type Listing, type Part } from "../catalogue/listing.ts";
import { isImageName } from "../images/image-names.ts";
import { largestImageFile } from "../images/image.ts";
import type { FittedSize } from "../images/image.ts";
import { listCifar, listIdx, listNpz } from "./array-files.ts";
import {
  filesChecks,
  sizeChecks,
  tableChecks,
  type FileFormat,
  type ImageFilesOptions,
} from "./file-options.ts";
import { isTableName, listFolder, listTableFiles } from "./image-files.ts";
import { byPath, contentOf, lastOf, namedFiles, startOf, type NamedFile } from "./named-file.ts";

/** A label of the files, in their own words. */
export interface PlannedLabel {
  readonly name: string;
  /** Images that are positive for it. */
  readonly count: number;
}

/** What files hold, and what it takes to load them. */
export interface ImagePlan {
  readonly source: string;
  readonly format: FileFormat;
  readonly labels: readonly PlannedLabel[];
  /** Images, without those that are left out. */
  readonly count: number;
  /** Images of each part, where the files say the part. */
  readonly parts?: Readonly<Record<Part, number>>;
  /** What images are brought to. */
  readonly image: FittedSize;
  /** Bytes that the images and their labels take once they are loaded. */
  readonly bytes: number;
  /** What was guessed or joined, a sentence each. */
  readonly remarks: readonly string[];
  /** What was left out, with `skipBad`. */
  readonly skipped: readonly DataError[];
}

/** What a plan was made of. */
export interface Planned {
  readonly listing: Listing;
  readonly files: ReadonlyMap<string, NamedFile>;
  readonly most: number;
  readonly skipBad: boolean;
  /** Whether the size was told; else images of another are refused. */
  readonly fitted: boolean;
}

const plans = new WeakMap<ImagePlan, Planned>();

/** @returns undefined for what `planImages` has not given */
export const plannedOf = (plan: ImagePlan): Planned | undefined => plans.get(plan);

/**
 * Looks at files and tells what labelled images they are: a folder of image files a class, images beside a CSV table, IDX pairs (MNIST),
 * CIFAR's binary files, or an .npz archive. `loadImages` loads what is planned.
 *
 * @param files with their paths; gzip'd ones are recognised by their content
 * @returns how many images there are, of which labels and parts, and the bytes that they will take
 * @throws DataError in one line, naming the file, for files that are none of these, and for a class, label, image or pair that is missing
 * @throws UsageError for arguments that are not what they must be
 */
export async function planImages(
  files: readonly NamedFile[],
  options: ImageFilesOptions = {},
): Promise<ImagePlan> {
  expectArgument("planImages", "the files", files, namedFiles);
  expectOptions("planImages", options, filesChecks);
  if (options.table !== undefined) expectOptions("planImages: table", options.table, tableChecks);
  if (options.image !== undefined) expectOptions("planImages: image", options.image, sizeChecks);
  const { source = "files", most = mostArrayBytes, skipBad = false } = options;
  const given = byPath(files);
  const format = options.format ?? (await recognised(given, source));
  const remarks: string[] = [];
  const skipped: DataError[] = [];
  const context = contextOf(
    source,
    (sentence) => remarks.push(sentence),
    (error) => {
      if (!skipBad) throw error;
      skipped.push(error);
    },
  );
  const ofFormat = new Map([...given].filter(([path]) => format !== "npz" || isArchive(path)));
  if (ofFormat.size === 0) throw new DataError(source, `holds no ${format === "npz" ? ".npz " : ""}file`);
  const listed = await listers[format](ofFormat, options, context);
  const listing = joinSpellings(listed, source, context.remark);
  const { records, labelNames } = listing;
  const kept = records.filter(({ leftOut }) => leftOut === undefined);
  if (kept.length === 0)
    throw new DataError(source, `holds no image${skipped.length === 0 ? "" : " that can be listed"}`);
  if (labelNames.length === 0) throw new DataError(source, "has no label: there is no class to learn");
  checkListing(source, records.length, labelNames.length);
  const image = options.image ?? (await ownSize(kept[0], given));
  const plan: ImagePlan = {
    ...{ source, format },
    labels: countedLabels(listing),
    count: kept.length,
    ...(kept.some(({ part }) => part !== undefined) ? { parts: partCounts(kept) } : {}),
    image,
    bytes: kept.length * (image.height * image.width * image.channels + labelNames.length),
    ...{ remarks, skipped },
  };
  plans.set(plan, { listing, files: given, most, skipBad, fitted: options.image !== undefined });
  return plan;
}

type Files = ReadonlyMap<string, NamedFile>;

const listers: Readonly<
  Record<
    FileFormat,
    (files: Files, options: ImageFilesOptions, context: ListContext) => Listing | Promise<Listing>
  >
> = { folder: listFolder, table: listTableFiles, idx: listIdx, cifar: listCifar, npz: listNpz };

const isArchive = (path: string): boolean => /\.npz$/iu.test(path);

/** What files look like, by their names, and where these say nothing by their first bytes. */
async function recognised(files: Files, source: string): Promise<FileFormat> {
  const paths = [...files.keys()];
  if (paths.some(isArchive)) return "npz";
  if (paths.some(isImageName)) return paths.some(isTableName) ? "table" : "folder";
  const names = paths.map((path) => lastOf(path).toLowerCase());
  if (names.some((name) => /idx\d|ubyte/u.test(name))) return "idx";
  if (names.some((name) => /\.bin(?:\.gz)?$/u.test(name))) return "cifar";
  for (const file of files.values()) {
    const [first, second, type, axes] = await startOf(file, 4);
    if (first === 0 && second === 0 && type >= 8 && type <= 14 && axes >= 1 && axes <= 8) return "idx";
  }
  const shown = paths.slice(0, 3).map((path) => JSON.stringify(path));
  throw new DataError(
    source,
    `holds ${paths.length === 0 ? "no file" : `${counted(paths.length, "file")} (${shown.join(", ")}${paths.length > 3 ? ", ..." : ""})`}: ` +
      "give a folder of images a class, images with a .csv table, IDX files of images and labels, CIFAR's .bin files, or an .npz file",
  );
}

/** The context of a listing that stands in no manifest. */
function contextOf(
  source: string,
  tell: (sentence: string) => void,
  bad: (error: DataError) => void,
): ListContext {
  const nowhere = (path: string): never => {
    throw new Error(`${path} is looked up in no folder`);
  };
  return {
    ...{
      entry: source,
      classes: [],
      wanted: [],
      image: { height: 1, width: 1, channels: 1 },
      seed: 0,
      limit: Infinity,
    },
    bad,
    remark: ({ sentence }) => tell(sentence),
    locate: nowhere,
    once: (_, read) => read(),
  };
}

/** The size of the first image, which all must have where no size is told. */
async function ownSize({ image }: Listing["records"][number], files: Files): Promise<FittedSize> {
  if (image.kind === "array") {
    const { height, width, channels } = image.array;
    return { height, width, channels };
  }
  const bytes = await contentOf(image.file, files.get(image.file) as NamedFile, largestImageFile);
  const { height, width, channels } = await decodeImage(bytes, image.file);
  return { height, width, channels };
}

function countedLabels({ labelNames, rawLabels, records }: Listing): PlannedLabel[] {
  const counts = new Uint32Array(labelNames.length);
  for (const [at, code] of rawLabels.entries()) {
    const record = records[Math.floor(at / counts.length)];
    if (code === rawLabel.positive && record.leftOut === undefined) counts[at % counts.length]++;
  }
  return labelNames.map((name, k) => ({ name, count: counts[k] }));
}

function partCounts(records: Listing["records"]): Record<Part, number> {
  const counts: Record<Part, number> = { train: 0, validation: 0, test: 0 };
  for (const { part = "train" } of records) counts[part]++;
  return counts;
}

/** As an argument. */
export const aPlan = {
  words: "a plan, as planImages gives it",
  fits: (value: unknown): boolean => aRecord.fits(value) && plans.has(value as ImagePlan),
};
