// How much is read at most, in one place: a file may claim anything.
import { DataError } from "../errors/data-errors.ts";

/** 2 GiB, the largest array: over forty times MNIST, and below what one typed array can hold. */
export const mostArrayBytes = 2 ** 31;

/** The most records that a source lists: each takes some hundred bytes beside its pixels. */
const mostRecords = 2 ** 22;

/** Deflate cannot shrink more than this: at best 258 bytes come out of 2 bits. */
export const largestDeflateRatio = 1032;

/**
 * Checks that a listing can be held in memory, before any of it is made.
 *
 * @param file the file that claims so many
 * @throws DataError when it has too many records, or too many labels for them
 */
export function checkListing(file: string, records: number, labels: number): void {
  if (records > mostRecords) {
    throw new DataError(
      file,
      `holds ${records} images; a source lists at most ${mostRecords}: split it into several`,
    );
  }
  if (records * labels > mostArrayBytes) {
    throw new DataError(
      file,
      `holds ${labels} labels of each of ${records} images: more than 2 GiB of labels`,
    );
  }
}
