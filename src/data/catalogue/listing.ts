// What every dataset format reads: which images there are and what the source itself says of each. No pixel of an image
// file is decoded, nothing is mapped to classes yet: that is catalogue.ts.
import type { z } from "zod";
import type { DataError } from "../../errors/data-errors.ts";

/** The most labels of one source: over ten times what the largest published set has; a damaged file may claim anything. */
export const mostLabels = 1000;

/** Images that lie in one array, all of one size. */
export interface PixelArray {
  /** For messages. */
  readonly file: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1 grey, 3 red, green, blue. */
  readonly channels: 1 | 3;
  /** [count, height, width, channels], 0..255. */
  readonly pixels: Uint8Array;
}

/** Where the pixels of a sample are. */
export type ImagePlace =
  | { readonly kind: "array"; readonly array: PixelArray; readonly at: number }
  /** An image file by its absolute path; what kind it is, its content says. */
  | { readonly kind: "file"; readonly file: string };

/** The parts of a split. */
export const parts = ["train", "validation", "test"] as const;
export type Part = (typeof parts)[number];

export interface ListedRecord {
  /** Unique in its source, for messages and tables: a file name, or the number in an array file ("17"). */
  readonly id: string;
  readonly image: ImagePlace;
  /** Images of one patient (lesion, eye, person) are never torn apart by a split. */
  readonly patient?: string;
  /** Where the publishers of the dataset put it, for formats that say so. */
  readonly part?: Part;
  /** The table's row by column, for filters. */
  readonly row?: Readonly<Record<string, string>>;
}

export interface Listing {
  /** Everything the source can speak of, in its own words. */
  readonly labelNames: readonly string[];
  readonly records: readonly ListedRecord[];
  /** [records, labelNames]: one of `rawLabel`. */
  readonly rawLabels: Uint8Array;
}

/** What a format may ask while it lists. */
export interface ListContext {
  /** Name of the entry in the manifest. */
  readonly entry: string;
  readonly classes: readonly string[];
  readonly image: { readonly height: number; readonly width: number; readonly channels: number };
  /** For what is drawn, not read. */
  readonly seed: number;
  /** At most so many records matter; Infinity where all do. For what is drawn, not read. */
  readonly limit: number;
  /**
   * Labels that the manifest speaks of: those under `mapping`, and classes under `knows` that no label is mapped to. For
   * formats whose labels are the words that occur: class-labels.ts.
   */
  readonly wanted: readonly string[];
  /**
   * Takes the fault of one record of many: throws it, unless bad records are to be left out. The format then goes on without
   * that record. What is wrong with a whole file is thrown by the format itself.
   */
  readonly bad: (error: DataError) => void;
  /**
   * The absolute path of a file or folder that the manifest names.
   * @throws DataError when it does not exist, naming it and the data root
   */
  readonly locate: (path: string) => Promise<string>;
  /** Reads a file that several entries share once. */
  readonly once: <Content>(key: string, read: () => Promise<Content>) => Promise<Content>;
  /** Told of each image that is drawn: of what has to be made, not read, so that it takes a while. */
  readonly drawn?: ((done: number, total: number) => void) | undefined;
}

/** One dataset format: its fields in a manifest, and how to list it. */
export interface Format<Fields extends z.ZodRawShape> {
  /** With `format: z.literal(name)` among them. */
  readonly fields: Fields;
  /** @throws DataError naming file and record */
  readonly list: (entry: z.output<z.ZodObject<Fields>>, context: ListContext) => Promise<Listing>;
}
