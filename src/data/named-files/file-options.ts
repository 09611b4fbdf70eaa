// What a caller may say of files that are to become labelled images, in the words that manifests have for it.
import {
  aFlag,
  aNumber,
  anything,
  aRecord,
  aString,
  oneOf,
  strings,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { numbersInOrder } from "../../errors/arguments.ts";
import { repeatedPolicies, type Repeated } from "../formats/repeated-rows.ts";
import { fits, type FittedSize } from "../images/image.ts";

/** What files can be: a folder a class, images beside a table, IDX arrays, CIFAR's binary files, an .npz archive. */
export const fileFormats = ["folder", "table", "idx", "cifar", "npz"] as const;
export type FileFormat = (typeof fileFormats)[number];

/** How a table of images is read: as in a manifest (docs/manifests.md). What is left out is recognised, and told as a remark. */
export interface TableReading {
  /** The column with the image's file name or path. */
  readonly image?: string;
  /** Appended to a name that does not end in it: ".png". */
  readonly suffix?: string;
  /** The folder of the images. Default: the table's, or wherever one file alone is called so. */
  readonly images?: string;
  /** The column whose words are the labels. */
  readonly label?: string;
  /** The text between two words of one cell. */
  readonly separator?: string;
  /** Words which mean that nobody has looked. */
  readonly unlabelled?: readonly string[];
  /** All words that may be labels; any other is an error. Default: those that occur. */
  readonly words?: readonly string[];
  /** Instead of `label`: columns with one label each, of words for yes and no. */
  readonly columns?: readonly string[];
  /** The words in these columns, where they are others than 1, 0, -1, true, false, yes, no, positive, negative, uncertain. */
  readonly values?: Partial<Readonly<Record<"positive" | "negative" | "uncertain" | "blank", string[]>>>;
  /** Whether numbers from 0 to 1 in these columns are soft labels. */
  readonly probabilities?: boolean;
  /** The column of the patient: a split tears no patient apart. */
  readonly patient?: string;
  /** The column of the official part: train, valid, test and the like. */
  readonly official?: string;
  /** What rows of one image that say different things mean together. */
  readonly repeated?: Repeated;
  readonly delimiter?: "," | ";" | "tab" | "blank";
  /** "none": the first row is data, and columns are called by their numbers, from 1. */
  readonly header?: "none";
}

/** How files are read; all may be left out. */
export interface ImageFilesOptions {
  /** Name of the source, for messages and tables. Default: "files". */
  readonly source?: string;
  /** Default: what the files look like. */
  readonly format?: FileFormat;
  /** The size and channels that all images are brought to. Default: their own, which must be the same then. */
  readonly image?: FittedSize;
  /** For a folder a class: the folder that holds these. Default: the deepest one that holds all images. */
  readonly folder?: string;
  /** For images beside a table. */
  readonly table?: TableReading;
  /** For arrays: what label 0, 1, 2, ... is called. Default: the published names of MedMNIST's sets, or the numbers. */
  readonly labelNames?: readonly string[];
  /** For arrays of other numbers than bytes: the numbers that become black and white. */
  readonly window?: readonly [low: number, high: number];
  /** For IDX: whether rows and columns of each image change places, as in EMNIST. */
  readonly transpose?: boolean;
  /** For .npz: the arrays of each part, or of `all`, where they are not called as MedMNIST calls them. */
  readonly members?: Partial<
    Readonly<Record<"train" | "validation" | "test" | "all", readonly [string, string]>>
  >;
  /** For CIFAR. Default: that whose records fill the files. */
  readonly variant?: "cifar10" | "cifar100";
  /** For CIFAR-100. Default: "fine". */
  readonly labels?: "fine" | "coarse";
  /** The most bytes that the images, and each file of arrays, may take. Default: 2 GiB. */
  readonly most?: number;
  /** Whether files, rows and images that cannot be read are left out; else the first is an error. Default: no. */
  readonly skipBad?: boolean;
}

export const tableChecks: OptionChecks<TableReading> = {
  image: aString,
  suffix: aString,
  images: aString,
  label: aString,
  separator: aString,
  unlabelled: strings,
  words: strings,
  columns: strings,
  values: aRecord,
  probabilities: aFlag,
  patient: aString,
  official: aString,
  repeated: oneOf(repeatedPolicies),
  delimiter: oneOf([",", ";", "tab", "blank"]),
  header: oneOf(["none"]),
};

export const filesChecks: OptionChecks<ImageFilesOptions> = {
  source: aString,
  format: oneOf(fileFormats),
  image: aRecord,
  folder: aString,
  table: aRecord,
  labelNames: strings,
  window: numbersInOrder,
  transpose: aFlag,
  members: aRecord,
  variant: oneOf(["cifar10", "cifar100"]),
  labels: oneOf(["fine", "coarse"]),
  most: aNumber,
  skipBad: aFlag,
};

export const sizeChecks: OptionChecks<FittedSize> = {
  height: { ...wholeFrom(1), required: true },
  width: { ...wholeFrom(1), required: true },
  channels: { ...oneOfNumbers([1, 3]), required: true },
  fit: oneOf(fits),
};

function oneOfNumbers(numbers: readonly number[]): typeof anything {
  return { words: numbers.join(" or "), fits: (value) => numbers.includes(value as number) };
}
