// The result of every dataset format: which images there are, and the source's own labels of each. No image file is decoded
// yet, and nothing is mapped to classes: that is done in catalogue.ts.
import type { Dirent } from "node:fs";
import type { DataError } from "../../errors/data-errors.ts";
import type { MaskPlaces } from "../manifest/mask-fields.ts";
import type { ImageReading } from "../images/image.ts";
import type { Remark } from "./remarks.ts";

/** The most labels of one source: over ten times what the largest published set has; a damaged file may claim anything. */
export const mostLabels = 1000;

/** Images that lie in one array, all of one size. */
export interface PixelArray {
  /** For messages. */
  readonly file: string;
  /** The array's name in a file of several, for messages. */
  readonly member?: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1 grey, 3 red, green, blue. */
  readonly channels: 1 | 3;
  /** [count, height, width, channels], 0..255. */
  readonly pixels: Uint8Array;
  /**
   * Set where `pixels` are read from the file whenever they are asked for, since those of all arrays together may not fit into
   * memory: a word that two arrays of one file have in common where their images are the same. Where it differs, they are cut
   * from one volume across two axes, and each image of one crosses each of the other.
   */
  readonly onDemand?: string;
}

/** Where the pixels of a sample are. */
export type ImagePlace =
  | { readonly kind: "array"; readonly array: PixelArray; readonly at: number }
  /** An image file by its absolute path; what kind it is, its content says. One file read in two ways is two images. */
  | ImageFile;

export interface ImageFile {
  readonly kind: "file";
  readonly file: string;
  /** What the manifest says of its numbers. */
  readonly reading?: ImageReading;
}

/** Masks that lie in one array, all of one size: a number of the source's own for each pixel. */
export interface MaskArray {
  /** For messages. */
  readonly file: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** [count, height, width] whole numbers; of label volumes, read from the file whenever they are asked for. */
  readonly values: Uint8Array | Uint16Array | Int32Array;
}

/** Where the mask of a sample is. */
export type MaskPlace =
  | { readonly kind: "array"; readonly array: MaskArray; readonly at: number }
  /** An image file by its absolute path. */
  | { readonly kind: "file"; readonly file: string };

/** The parts of a split. */
export const parts = ["train", "validation", "test"] as const;
export type Part = (typeof parts)[number];

export interface ListedRecord {
  /** Unique in its source, for messages and tables: a file name, or the number in an array file ("17"). */
  readonly id: string;
  readonly image: ImagePlace;
  /** Where its pixels are labelled, for segmentation. */
  readonly mask?: MaskPlace;
  /** Cubic millimetres that one pixel of the image (as it is before it is fitted) stands for, of a slice of a volume. */
  readonly voxelVolume?: number;
  /** Images of one patient (lesion, eye, person) are never torn apart by a split. */
  readonly patient?: string;
  /** Its part in the publishers' own split, for formats that have one. */
  readonly part?: Part;
  /** The table's row by column, for filters; the first of them where the image has several. */
  readonly row?: Readonly<Record<string, string>>;
  /** The other rows of the image, in which filters must not find another thing than in the first. */
  readonly otherRows?: readonly Readonly<Record<string, string>>[];
  /**
   * Set on an image that is there and cannot be used, since one of its rows is bad: no entry takes it. It keeps its place, so
   * that what is left out changes neither the split nor the share of what stays.
   */
  readonly leftOut?: true;
}

export interface Listing {
  /** All labels of the source, in its own words. */
  readonly labelNames: readonly string[];
  readonly records: readonly ListedRecord[];
  /** [records, labelNames]: one of `rawLabel`. */
  readonly rawLabels: Uint8Array;
  /** Set where the labels are the words that occur, whatever they are, so that what no class takes is worth a look. */
  readonly wordsOccur?: true;
  /** By a number of its masks, the label that it means: for formats that know it themselves. */
  readonly maskLabels?: ReadonlyMap<number, string>;
  /** True where the source lists what an image shows, so that a negative label is one that is not listed and never said. */
  readonly unlisted?: boolean;
}

/** What is asked of every file and folder before it is read: `locate` asks for what the manifest names, the catalogue for each record's. */
export interface Links {
  /** @throws ManifestError for a path below the data root that a symbolic link leads out of it */
  readonly refuse: (path: string) => void;
  /** Told of folders that were listed, so that not each of their files is looked at. */
  readonly listed: (folder: string, entries: readonly Dirent[]) => void;
}

/** What a format may use while it lists. */
export interface ListContext {
  /** Name of the entry in the manifest. */
  readonly entry: string;
  readonly classes: readonly string[];
  /** The class above each class, and -1 for none; undefined where classes are a flat list. */
  readonly parents?: readonly number[];
  readonly image: { readonly height: number; readonly width: number; readonly channels: number };
  /** Seed, for formats that draw their images. */
  readonly seed: number;
  /** At most this many records are needed; Infinity for all. For formats that draw their images. */
  readonly limit: number;
  /** Whether labels are in masks, so that a format lists images without labels of their own. */
  readonly masked?: boolean;
  /** Where the entry says that its masks are, for formats that have places of their own for them. */
  readonly masks?: MaskPlaces | undefined;
  /** The numbers that become black and white, for formats of arrays. */
  readonly window?: readonly [low: number, high: number] | undefined;
  /**
   * Labels that the manifest names: those under `mapping`, and classes under `knows` without a mapped label. For formats whose
   * labels are the words that occur: class-labels.ts.
   */
  readonly wanted: readonly string[];
  /** Labels that the manifest says mean something else than every class. */
  readonly others?: readonly string[];
  /**
   * Called with the fault of one record: throws it, unless bad records are left out, and then the format goes on without that
   * record. A fault of a whole file is thrown by the format itself.
   */
  readonly bad: (error: DataError) => void;
  /** Told of what was guessed, joined or left out, and of what no class takes; the source's name is added. */
  readonly remark: (remark: Omit<Remark, "source">) => void;
  /**
   * The absolute path of a file or folder that the manifest names.
   * @throws DataError when it does not exist, naming it and the data root
   */
  readonly locate: (path: string) => Promise<string>;
  /** Refuses what links lead to out of the data root; undefined where links are followed wherever they lead. */
  readonly links?: Links | undefined;
  /** Reads a file that several entries share once. */
  readonly once: <Content>(key: string, read: () => Promise<Content>) => Promise<Content>;
  /** Called after each image that a format draws, since drawing takes a while. */
  readonly drawn?: ((done: number, total: number) => void) | undefined;
}
