// The record of a dataset format: all that the rest of the house knows of it. No code asks for a format by its name.
import type { z } from "zod";
import type { ListContext, Listing } from "../catalogue/listing.ts";

/**
 * One dataset format. Its name is its key in the table (formats.ts), and stands under `format` in a manifest.
 *
 * @typeParam Entry what `fields` read
 */
export interface Format<Fields extends z.ZodRawShape, Entry = z.output<z.ZodObject<Fields>>> {
  /** The fields of an entry that are this format's own, beside those that every entry has (../manifest/entry-schema.ts). */
  readonly fields: Fields;
  /**
   * Whether all is known of each image: it shows exactly one of the labels, or was labelled for every one of them, so that
   * what it is not positive for is not there. Sources of such formats can be read once more as if they knew all classes,
   * which is the upper bound that studies compare with. False where what an image shows beside its labels nobody says.
   */
  readonly exhaustive: boolean;
  /** Among which entries a patient's name means one person. An entry's own `patients` goes before it. */
  readonly patients: PatientScope<Entry>;
  /** For a format that draws its images at the manifest's size, and can draw square ones alone. */
  readonly squareImages?: {
    /** Pixels along each side, at least. */
    readonly leastSide: number;
  };
  /** For a format that gives masks without being told where they are. */
  readonly ownMasks?: true;
  /** For a format whose images are slices of volumes, so that those of one patient are nearly the same. */
  readonly slices?: true;
  /** For a format of arrays that takes an entry's `window` for the numbers of its arrays. */
  readonly arrayWindow?: true;
  /** @throws DataError naming file and record */
  readonly list: (entry: Entry, context: ListContext) => Promise<Listing>;
}

/**
 * - `format`: all entries of the format, which is that of one published dataset, and numbers its patients through all tables
 * - `entry`: the entry alone
 * - a function: the entries that have one of these marks in common, such as a table or a folder of images
 */
export type PatientScope<Entry> = "format" | "entry" | ((entry: Entry) => readonly [string, ...string[]]);
