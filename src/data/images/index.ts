// Images: from the bytes of a file to pixels of one kind, to the size of an assembly, and to a hash that finds copies.
import { DataError } from "../failures.ts";
import { readBytes } from "../files/bytes.ts";
import type { DecodedImage } from "./image.ts";
import { decodeJpeg } from "./jpeg.ts";
import { isJpeg, isPng, lookAlike } from "./kinds.ts";
import { decodePng } from "./png.ts";

export { fitImage } from "./fit.ts";
export type { FittedSize } from "./fit.ts";
export { canonicalImage, hashPixels } from "./image.ts";
export type { DecodedImage } from "./image.ts";

/** 256 MiB: the largest image within the limits hardly takes more, packed. */
const largestImageFile = 2 ** 28;

/**
 * Decodes a PNG or a JPEG, told apart by their content.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @returns 8 bits a channel; 1 channel where the image is grey, else 3; upright; transparency on black
 * @throws DataError in one line, naming the file, when it is something else, damaged, cut short, or too large
 */
export async function decodeImage(bytes: Uint8Array, file: string): Promise<DecodedImage> {
  if (isPng(bytes)) return decodePng(bytes, file);
  if (isJpeg(bytes)) return await decodeJpeg(bytes, file);
  throw new DataError(file, `is neither PNG nor JPEG: it looks like ${lookAlike(bytes)}`);
}

/** Reads and decodes an image file. @throws DataError as readBytes and decodeImage */
export async function readImage(file: string): Promise<DecodedImage> {
  return await decodeImage(await readBytes(file, { most: largestImageFile }), file);
}
