// From a plan to labelled images in memory, as the loaders of manifests give them: images are decoded and brought to the plan's size,
// labels become label states of classes.
import { decodeImage } from "#decode";
import {
  aFunction,
  aNumber,
  anything,
  aRecord,
  aSignal,
  expectArgument,
  expectOptions,
  oneOf,
  strings,
  type OptionChecks,
  wholeFrom,
} from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import { mostArrayBytes } from "../../files/limits.ts";
import { placeOf, visible } from "../../labels/wording.ts";
import { imageSet, type ImageSet } from "../assembly/assembly.ts";
import { parts, type ListedRecord, type Listing, type Part } from "../catalogue/listing.ts";
import { combineLabels, mapLabels, settle } from "../catalogue/mapping.ts";
import { splitByImage, splitByPatient, splitOfficially } from "../catalogue/splits.ts";
import { fitImage } from "../images/fit.ts";
import { largestImageFile, type DecodedImage, type FittedSize } from "../images/image.ts";
import { sizeChecks } from "./file-options.ts";
import { aNamedFile, contentOf, type NamedFile } from "./named-file.ts";
import { aPlan, plannedOf, type ImagePlan, type Planned } from "./plan-images.ts";

/** Shares of the images that are set apart; the rest trains. Drawn by names and seed alone, as in a manifest. */
export interface DrawnSplit {
  readonly validation?: number;
  readonly test?: number;
  /** Default: 0 */
  readonly seed?: number;
  /** What is drawn: patients, so that none is in two parts, or images. Default: "patient", an image where none is named. */
  readonly by?: "patient" | "image";
}

/** What labels mean, and which part an image is in; all may be left out. */
export interface LoadImagesOptions {
  /** The classes, in their order. Those that are no label of the files are absent on all images. Default: the labels. */
  readonly classes?: readonly string[];
  /** Labels that are called otherwise than their class: { "NORMAL": "healthy" }. */
  readonly mapping?: Readonly<Record<string, string>>;
  /** Labels that mean none of the classes; any other label that is no class is an error. */
  readonly others?: readonly string[];
  /** "official": the parts that the files say, which is the default where they say any; "none": all images train. */
  readonly split?: DrawnSplit | "official" | "none";
  /** What a label becomes that is uncertain: absent, or a certain state, or the probability of a soft one. Default: "absent" */
  readonly uncertain?: "absent" | "positive" | "negative" | number;
  /** What a blank label becomes. Default: "absent" */
  readonly blank?: "absent" | "negative";
  /** The most bytes that the images may take. Default: as in the plan. */
  readonly most?: number;
  /** Called after each image. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Labelled images of files. */
export interface LoadedImages {
  readonly classes: readonly string[];
  /** By part; one without an image is left out. */
  readonly sets: Partial<Readonly<Record<Part, ImageSet<Uint8Array>>>>;
  /** What was left out, with `skipBad`: that of the plan, and images that could not be decoded. */
  readonly skipped: readonly DataError[];
}

const loadChecks: OptionChecks<LoadImagesOptions> = {
  classes: strings,
  mapping: aRecord,
  others: strings,
  split: {
    words: '"official", "none", or shares such as { test: 0.2 }',
    fits: (value) => value === "official" || value === "none" || aRecord.fits(value),
  },
  uncertain: anything,
  blank: oneOf(["absent", "negative"]),
  most: aNumber,
  onProgress: aFunction,
  signal: aSignal,
};

const splitChecks: OptionChecks<DrawnSplit> = {
  validation: aNumber,
  test: aNumber,
  seed: wholeFrom(0),
  by: oneOf(["patient", "image"]),
};

/** Images decoded at a time: a browser decodes beside the thread that asks. */
const lanes = 4;

/**
 * Loads what `planImages` has planned: the same pixels and label states that a manifest with the same words gives. Of PNG, BMP and
 * arrays that holds bit for bit; a browser decodes JPEG and WebP itself, and scales as docs/browser.md says.
 *
 * @throws DataError in one line, naming the file: for more bytes than `most`, before any image is decoded; for an image that cannot be
 *   decoded, or is of another size where no size was told; and for a label that is no class
 */
export async function loadImages(plan: ImagePlan, options: LoadImagesOptions = {}): Promise<LoadedImages> {
  expectArgument("loadImages", "the plan", plan, aPlan);
  expectOptions("loadImages", options, loadChecks);
  const { split } = options;
  if (typeof split === "object") expectOptions("loadImages: split", split, splitChecks);
  const planned = plannedOf(plan) as Planned;
  checkBudget(plan, options.most ?? planned.most);
  const { listing } = planned;
  const classes = options.classes ?? listing.labelNames;
  const states = statesOf(plan.source, listing, classes, options);
  const partOf = partsOf(plan, listing.records, split);

  const { signal, onProgress } = options;
  const kept = [...listing.records.keys()].filter((at) => listing.records[at].leftOut === undefined);
  const pixels = new Map<number, Uint8Array>();
  const skipped = [...plan.skipped];
  let done = 0;
  const waiting = kept[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (const at of waiting) {
      signal?.throwIfAborted();
      try {
        pixels.set(at, await pixelsOf(listing.records[at], plan.image, planned));
      } catch (error) {
        if (!planned.skipBad || !(error instanceof DataError)) throw error;
        skipped.push(error);
      }
      onProgress?.(++done, kept.length);
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));

  const sets: Partial<Record<Part, ImageSet<Uint8Array>>> = {};
  for (const part of parts) {
    const rows = kept.filter((at) => partOf[at] === part && pixels.has(at));
    if (rows.length > 0) sets[part] = setOf(plan, listing, rows, pixels, states, classes.length);
  }
  if (Object.keys(sets).length === 0) {
    throw new DataError(
      plan.source,
      `none of its ${kept.length} images can be decoded: ${skipped[0].message}`,
    );
  }
  return { classes, sets, skipped };
}

/** @throws DataError for more bytes than are allowed */
function checkBudget({ source, bytes, count, image }: ImagePlan, most: number): void {
  if (bytes <= most && bytes <= mostArrayBytes) return;
  const mebibytes = (each: number): string => `${(each / 2 ** 20).toFixed(1)} MiB`;
  throw new DataError(
    source,
    `needs ${mebibytes(bytes)} for ${count} images of ${image.height} x ${image.width} x ${image.channels}, and ` +
      `${mebibytes(Math.min(most, mostArrayBytes))} are allowed: give fewer images, or a smaller size under image`,
  );
}

/** [records, K] label states. @throws DataError for a label that is no class */
function statesOf(
  source: string,
  listing: Listing,
  classes: readonly string[],
  { mapping, others = [], uncertain = "absent", blank = "absent" }: LoadImagesOptions,
): Uint8Array {
  const { labelNames } = listing;
  if (classes.length === 0) throw new DataError(source, "is loaded without a class: name some under classes");
  const target = Object.entries(mapping ?? {}).find(([, name]) => !classes.includes(name));
  if (target !== undefined) {
    throw new DataError(
      source,
      `mapping gives ${visible(target[0])} the class ${visible(target[1])}, which there is not${suggestion(target[1], classes)}`,
    );
  }
  const mapped = mapLabels(labelNames, classes, { mapping, others }, (path, reason) => {
    throw new DataError(source, path.length === 0 ? reason : `${path.join(".")} ${reason}`);
  });
  const isOther = placeOf(others);
  const unknown = labelNames.find((label, i) => mapped.columns[i] < 0 && isOther(label) < 0);
  if (unknown !== undefined) {
    throw new DataError(
      source,
      `has the label ${visible(unknown)}, which is none of the classes ${classes.join(", ")}: say under mapping which class it means, or ` +
        "name it under others",
    );
  }
  return settle(combineLabels(listing.rawLabels, mapped), classes, mapped, { uncertain, blank });
}

/** The part of each image. @throws DataError for shares that are none, and an official split that nobody says */
function partsOf(
  plan: ImagePlan,
  records: readonly ListedRecord[],
  split: LoadImagesOptions["split"],
): Part[] {
  if (split === undefined)
    return plan.parts === undefined ? records.map(() => "train") : splitOfficially(records);
  if (split === "none") return records.map(() => "train");
  if (split === "official") {
    if (plan.parts !== undefined) return splitOfficially(records);
    throw new DataError(
      plan.source,
      'says no part of any image: split is "official", and may be shares such as { test: 0.2 }',
    );
  }
  const { validation = 0, test = 0, seed = 0, by = "patient" } = split;
  const train = 1 - validation - test;
  if (validation < 0 || test < 0 || !(train >= 0)) {
    throw new DataError(
      plan.source,
      `split has the shares ${validation} and ${test}: each is from 0 to 1, and so is their sum`,
    );
  }
  const shares = { train, validation, test, seed };
  const drawn = by === "patient" ? splitByPatient(records, shares) : splitByImage(records, shares);
  const empty = parts.find((part) => shares[part] > 0 && !drawn.includes(part));
  if (empty === undefined) return drawn;
  throw new DataError(
    plan.source,
    `split leaves the part ${empty} empty: no image is drawn into it with a share of ${shares[empty]}; give another seed, or a larger share`,
  );
}

/** [height, width, channels] of the plan's size. */
async function pixelsOf(record: ListedRecord, size: FittedSize, planned: Planned): Promise<Uint8Array> {
  const { image, id } = record;
  if (image.kind === "array") {
    const { array, at } = image;
    const each = array.height * array.width * array.channels;
    const pixels = new Uint8Array(array.pixels.subarray(at * each, (at + 1) * each));
    return fitted({ ...array, pixels }, size, planned.fitted, `${array.file}, image ${id}`);
  }
  const { file } = image;
  const bytes = await contentOf(file, planned.files.get(file) as NamedFile, largestImageFile);
  return fitted(await decodeImage(bytes, file, image.reading), size, planned.fitted, file);
}

/** Brings an image to a size. @throws DataError where no size was told, and the image has another */
function fitted(image: DecodedImage, size: FittedSize, isTold: boolean, file: string): Promise<Uint8Array> {
  const { height, width, channels } = image;
  if (!isTold && (height !== size.height || width !== size.width || channels !== size.channels)) {
    throw new DataError(
      file,
      `is ${height} x ${width} x ${channels}, and the first image is ${size.height} x ${size.width} x ${size.channels}: say what all ` +
        `are brought to, as in image: { height: ${size.height}, width: ${size.width}, channels: ${size.channels} }`,
    );
  }
  return fitImage({ height, width, channels, pixels: image.pixels }, size);
}

/** The images of a part. */
function setOf(
  { source, image }: ImagePlan,
  { records }: Listing,
  rows: readonly number[],
  pixels: ReadonlyMap<number, Uint8Array>,
  states: Uint8Array,
  width: number,
): ImageSet<Uint8Array> {
  const { height, width: columns, channels } = image;
  const each = height * columns * channels;
  const all = new Uint8Array(rows.length * each);
  const own = new Uint8Array(rows.length * width);
  for (const [i, at] of rows.entries()) {
    all.set(pixels.get(at) as Uint8Array, i * each);
    own.set(states.subarray(at * width, (at + 1) * width), i * width);
  }
  // Names of patients are often numbers, which mean different people in different sources.
  const patients = rows.map((at) => {
    const { patient } = records[at];
    return patient === undefined ? undefined : `${source}/${patient}`;
  });
  const set = {
    ...{ source, count: rows.length, height, width: columns, channels, pixels: all, states: own },
    ids: rows.map((at) => records[at].id),
    ...(patients.every((name) => name === undefined) ? {} : { patients }),
  };
  return imageSet(set, width);
}

/**
 * Decodes one image file, and brings it to a size where one is given: to classify it, say.
 *
 * @returns [height, width, channels], 0..255; 1 channel where the image is grey, else 3, unless the size says so
 * @throws DataError in one line, naming the file, for what is no image that is read here
 */
export async function imageOfFile(file: NamedFile, size?: FittedSize): Promise<DecodedImage> {
  expectArgument("imageOfFile", "the file", file, aNamedFile);
  if (size !== undefined) expectOptions("imageOfFile", size, sizeChecks);
  const image = await decodeImage(await contentOf(file.path, file, largestImageFile), file.path);
  if (size === undefined) return image;
  const channels = size.channels === 1 ? 1 : 3;
  return { height: size.height, width: size.width, channels, pixels: await fitImage(image, size) };
}
