// Images: from the bytes of a file to pixels of one kind, to the size of an assembly, and to a hash that finds copies.
import { DataError } from "../../errors/data-errors.ts";
import { readBytes } from "../../files/bytes.ts";
import { openBmp } from "./bmp.ts";
import { openDicom } from "./dicom.ts";
import { isDicom } from "./dicom-elements.ts";
import { largestImageFile, type DecodedImage, type ImageReading, type OpenedImage } from "./image.ts";
import { openJpeg } from "./jpeg.ts";
import { isBmp, isGif, isJpeg, isPng, isTiff, isWebp, lookAlike } from "./kinds.ts";
import { openPng } from "./png.ts";
import { openWithSharp } from "./sharp-kinds.ts";

export { fitImage } from "./fit.ts";
export { canonicalImage, fits, hashPixels, readingKey } from "./image.ts";
export type { DecodedImage, Fit, FittedSize, ImageReading } from "./image.ts";

const throughSharp = [
  ["TIFF", isTiff],
  ["WebP", isWebp],
  ["GIF", isGif],
] as const;

/** The kinds that are read, in words. */
const readKinds = "PNG, JPEG, TIFF, WebP, GIF, BMP nor DICOM";

/** An image file as it was read. */
export interface PackedImage extends OpenedImage {
  readonly bytes: Uint8Array;
}

/**
 * Decodes an image file; its content says of what kind it is.
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
  return await (await openImage(bytes, file, reading)).decode();
}

/**
 * Reads an image file and checks its header; everything that opens image files uses this.
 * @throws DataError as readBytes, and where its header says that it cannot be decoded
 */
export async function readImage(file: string, reading: ImageReading = {}): Promise<PackedImage> {
  const bytes = await readBytes(file, { most: largestImageFile });
  return { bytes, ...(await openImage(bytes, file, reading)) };
}

async function openImage(bytes: Uint8Array, file: string, reading: ImageReading): Promise<OpenedImage> {
  if (isPng(bytes)) return openPng(bytes, file, reading);
  if (isJpeg(bytes)) return openJpeg(bytes, file, reading);
  // Before TIFF: a DICOM file may begin with anything, also as a TIFF does.
  if (isDicom(bytes)) return openDicom(bytes, file, reading);
  if (isBmp(bytes)) return openBmp(bytes, file, reading);
  for (const [kind, matches] of throughSharp) {
    if (matches(bytes)) return await openWithSharp(kind, bytes, file, reading);
  }
  throw new DataError(file, `is neither ${readKinds}: it looks like ${lookAlike(bytes)}`);
}
