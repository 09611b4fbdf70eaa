// Images: from the bytes of a file to pixels of one kind, to the size of an assembly, and to a hash that finds copies.
import { DataError } from "../../errors/data-errors.ts";
import { readBytes } from "../../files/bytes.ts";
import { openDicom } from "./dicom.ts";
import { isDicom } from "./dicom-elements.ts";
import type { DecodedImage, ImageReading, OpenedImage } from "./image.ts";
import { openJpeg } from "./jpeg.ts";
import { isJpeg, isPng, lookAlike } from "./kinds.ts";
import { openPng } from "./png.ts";

export { fitImage } from "./fit.ts";
export type { FittedSize } from "./fit.ts";
export { canonicalImage, hashPixels, readingKey } from "./image.ts";
export type { DecodedImage, ImageReading } from "./image.ts";

/** 256 MiB: the largest image within the limits hardly takes more, packed. */
const largestImageFile = 2 ** 28;

/** An image file as it was read. */
export interface PackedImage extends OpenedImage {
  readonly bytes: Uint8Array;
}

/**
 * Decodes a PNG, a JPEG or a DICOM image, distinguished by content.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @param reading what the manifest says of its numbers
 * @returns 8 bits a channel; 1 channel where the image is grey, else 3; upright; transparency on black
 * @throws DataError in one line, naming the file, when it is something else, damaged, cut short, or too large
 */
export async function decodeImage(
  bytes: Uint8Array,
  file: string,
  reading: ImageReading = {},
): Promise<DecodedImage> {
  return await openImage(bytes, file, reading).decode();
}

/**
 * Reads an image file and checks its header; everything that opens image files uses this.
 * @throws DataError as readBytes, and where its header says that it cannot be decoded
 */
export async function readImage(file: string, reading: ImageReading = {}): Promise<PackedImage> {
  const bytes = await readBytes(file, { most: largestImageFile });
  return { bytes, ...openImage(bytes, file, reading) };
}

function openImage(bytes: Uint8Array, file: string, reading: ImageReading): OpenedImage {
  if (isPng(bytes)) return openPng(bytes, file, reading);
  if (isJpeg(bytes)) return openJpeg(bytes, file, reading);
  if (isDicom(bytes)) return openDicom(bytes, file, reading);
  throw new DataError(file, `is neither PNG nor JPEG: it looks like ${lookAlike(bytes)}`);
}
