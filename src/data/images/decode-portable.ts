// Decodes images without Node, as index.ts does: PNG, JPEG and WebP of 8 bits a sample by the browser, BMP by bmp.ts. What a browser
// cannot decode to the same pixels is refused by name.
import { DataError } from "../../errors/data-errors.ts";
import { messageOf } from "../../files/causes.ts";
import { openBmp } from "./bmp.ts";
import { checkSize, readingKey, type DecodedImage, type ImageReading } from "./image.ts";
import { earlyEnd, readFrame } from "./jpeg-frame.ts";
import { isBmp, isGif, isJpeg, isPng, isTiff, isWebp, lookAlike } from "./kinds.ts";
import { turnedSize } from "./orientation.ts";
import { readLayout } from "./png-layout.ts";
import { imageOf } from "./samples.ts";

/** Of the browser's interfaces what is used here; see https://html.spec.whatwg.org. */
interface Browser {
  createImageBitmap?: (file: Blob, options: Readonly<Record<string, string>>) => Promise<Bitmap>;
  OffscreenCanvas?: new (width: number, height: number) => { getContext(...kind: unknown[]): Context | null };
}
interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}
interface Context {
  drawImage(image: Bitmap, x: number, y: number): void;
  getImageData(x: number, y: number, width: number, height: number): { readonly data: ArrayLike<number> };
}

/** What a header says of the size, upright; undefined where the browser alone knows it. */
type Size = Pick<DecodedImage, "height" | "width">;

/**
 * As `decodeImage` of index.ts, for PNG, JPEG, WebP and BMP.
 * @throws DataError for other kinds, for samples of more than 8 bits, of fewer bits than they take, and of CMYK
 */
export async function decodeImage(
  bytes: Uint8Array,
  file: string,
  reading: ImageReading = {},
): Promise<DecodedImage> {
  if (isBmp(bytes)) return openBmp(bytes, file, reading).decode();
  const size = sizeIn(bytes, file, reading);
  const values = await drawn(bytes, file, size);
  return imageOf({ ...values, each: 4, depth: 8 }, reading, file);
}

/** Checks a file's header as far as it can be. @throws DataError as decodeImage */
function sizeIn(bytes: Uint8Array, file: string, reading: ImageReading): Size | undefined {
  const refuse = (what: string): never => {
    throw new DataError(
      file,
      `is ${what}, which a browser does not show as it is: save it as a PNG of 8 bits`,
    );
  };
  if (isPng(bytes)) {
    const { height, width, depth, significant, orientation } = readLayout(bytes, file, reading);
    if (depth === 16) refuse("a PNG of 16 bits a sample");
    if (significant.length > 0) refuse(`a PNG whose samples have ${significant[0]} bits`);
    if (depth < 8 && readingKey(reading) !== "") refuse(`a PNG of ${depth} bits a sample`);
    return turnedSize({ height, width }, orientation);
  }
  if (isJpeg(bytes)) {
    const { height, width, components, orientation, at } = readFrame(bytes, file);
    checkSize(file, height, width, 8 * height * width);
    if (components !== 1 && components !== 3) refuse(`a JPEG of ${components} components`);
    // Browsers show what is there of a file that breaks off.
    if (!endsWithMarker(bytes, at)) throw new DataError(file, earlyEnd);
    return turnedSize({ height, width }, orientation);
  }
  if (isWebp(bytes)) {
    const isExtended = String.fromCharCode(...bytes.subarray(12, 16)) === "VP8X";
    if (isExtended && (bytes[20] & 2) !== 0) refuse("a WebP of several frames");
    return undefined;
  }
  if (isTiff(bytes)) refuse("a TIFF");
  if (isGif(bytes)) refuse("a GIF");
  if (String.fromCharCode(...bytes.subarray(128, 132)) === "DICM") refuse("a DICOM file");
  throw new DataError(file, `is neither PNG, JPEG, WebP nor BMP: it looks like ${lookAlike(bytes)}`);
}

/** Whether the marker that ends a JPEG (EOI) stands behind a place. */
function endsWithMarker(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.length - 1; at > from; at--) {
    if (bytes[at] === 0xd9 && bytes[at - 1] === 0xff) return true;
  }
  return false;
}

/** Red, green, blue and opacity of each pixel, as the file has them: no profile is applied, and no opacity. */
async function drawn(
  bytes: Uint8Array,
  file: string,
  size: Size | undefined,
): Promise<Size & { readonly values: Uint8Array }> {
  const { createImageBitmap: decode, OffscreenCanvas: Canvas } = globalThis as unknown as Browser;
  if (decode === undefined || Canvas === undefined) {
    throw new DataError(
      file,
      "cannot be decoded here: there is neither createImageBitmap nor OffscreenCanvas",
    );
  }
  let bitmap: Bitmap;
  try {
    const options = {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
      imageOrientation: "from-image",
    };
    bitmap = await decode(new Blob([new Uint8Array(bytes)]), options);
  } catch (cause) {
    throw new DataError(file, `is damaged, or of a sort that is not read: ${messageOf(cause)}`, { cause });
  }
  try {
    const { height, width } = bitmap;
    checkSize(file, height, width, 8 * height * width);
    if (size !== undefined && (size.height !== height || size.width !== width)) {
      throw new DataError(
        file,
        `is shown by this browser in ${width} x ${height} pixels where its header says ${size.width} x ${size.height}`,
      );
    }
    // On the CPU, where what is drawn is what is read.
    const context = new Canvas(width, height).getContext("2d", { willReadFrequently: true });
    if (context === null)
      throw new DataError(file, `cannot be decoded here: no canvas of ${width} x ${height}`);
    context.drawImage(bitmap, 0, 0);
    return { height, width, values: Uint8Array.from(context.getImageData(0, 0, width, height).data) };
  } finally {
    bitmap.close();
  }
}
