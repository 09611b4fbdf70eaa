// Decodes JPEG, baseline and progressive, with sharp (libvips, libjpeg-turbo), once its header is within the limits.
import { DataError } from "../../errors/data-errors.ts";
import { messageOf } from "../../files/causes.ts";
import { checkSize, mostPixels } from "./image.ts";
import type { DecodedImage, ImageReading, OpenedImage } from "./image.ts";
import { earlyEnd, readFrame } from "./jpeg-frame.ts";
import { turnedSize } from "./orientation.ts";
import { imageOf } from "./samples.ts";
import { loadSharp } from "./sharp-package.ts";

/** No honest JPEG within the limits takes so long; one made of endless passes over its pixels would. */
const mostSeconds = 60;

/**
 * @param bytes a file that starts with the signature of JPEG
 * @throws DataError for a damaged header, or one that claims too much
 */
export function openJpeg(bytes: Uint8Array, file: string, reading: ImageReading): OpenedImage {
  const { height, width, components, progressive, orientation } = readFrame(bytes, file);
  // Progressive ones are held as 16-bit coefficients; then come the colours, turned upright, and the copy returned.
  const bytesPerPixel = (progressive ? 2 * components : 0) + 3 * (components === 1 ? 1 : 3);
  const memory = bytes.length + height * width * bytesPerPixel;
  checkSize(file, height, width, memory);
  return {
    ...turnedSize({ height, width }, orientation),
    ...(orientation === 1 ? {} : { orientation }),
    memory,
    decode: () => decodeJpeg(bytes, file, reading),
  };
}

/**
 * @returns turned upright as its EXIF orientation says, as viewers show it; CMYK as RGB; colour profiles of RGB and grey
 *   are not applied (no common training pipeline does)
 */
async function decodeJpeg(bytes: Uint8Array, file: string, reading: ImageReading): Promise<DecodedImage> {
  const sharp = await loadSharp(`${file}: is a JPEG`);
  try {
    const { data, info } = await sharp(bytes, {
      failOn: "error",
      limitInputPixels: mostPixels,
      sequentialRead: true,
      ignoreIcc: true,
    })
      .autoOrient()
      .toColourspace("srgb")
      .timeout({ seconds: mostSeconds })
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 1 && info.channels !== 3) throw new Error(`it has ${info.channels} channels`);
    const { height, width, channels: each } = info;
    return imageOf({ height, width, each, values: data, depth: 8 }, reading, file);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(file, explain(cause), { cause });
  }
}

function explain(cause: unknown): string {
  const message = messageOf(cause).split("\n", 1)[0];
  if (/premature end|truncated|out of data/iu.test(message)) return earlyEnd;
  return `is a damaged JPEG: ${message.replace(/^VipsJpeg: /u, "")}`;
}
