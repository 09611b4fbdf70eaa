// Decodes JPEG, baseline and progressive, with sharp (libvips, libjpeg-turbo), once its header is within the limits.
import { DataError } from "../../errors/data-errors.ts";
import { messageOf } from "../../files/causes.ts";
import { checkSize, mostPixels } from "./image.ts";
import type { DecodedImage, ImageReading, OpenedImage } from "./image.ts";
import { readOrientation, turnedSize, type Orientation } from "./orientation.ts";
import { imageOf } from "./samples.ts";
import { loadSharp } from "./sharp-package.ts";

/** No honest JPEG within the limits takes so long; one made of endless passes over its pixels would. */
const mostSeconds = 60;

interface Frame {
  readonly height: number;
  readonly width: number;
  readonly components: number;
  readonly progressive: boolean;
  readonly orientation: Orientation;
}

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

/** The first frame header of a JPEG (ITU T.81, B.2.2), and the orientation in what precedes it. */
function readFrame(bytes: Uint8Array, file: string): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation: Orientation = 1;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw damaged(file, "its header is wrong");
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++; // fill
      continue;
    }
    const length = view.getUint16(at + 2);
    if (isFrame(marker)) {
      if (at + 10 > bytes.length) throw cutShort(file);
      return {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: bytes[at + 9],
        progressive: (marker & 3) === 2,
        orientation,
      };
    }
    const startOfScan = marker === 0xda;
    if (startOfScan || length < 2) throw damaged(file, "its header is wrong");
    const segment = bytes.subarray(at + 4, at + 2 + length);
    if (marker === 0xe1 && String.fromCharCode(...segment.subarray(0, 6)) === "Exif\0\0") {
      orientation = readOrientation(segment.subarray(6));
    }
    at += 2 + length;
  }
  throw cutShort(file);
}

/** SOF0 to SOF15, among which lie DHT, JPG and DAC. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function explain(cause: unknown): string {
  const message = messageOf(cause).split("\n", 1)[0];
  if (/premature end|truncated|out of data/iu.test(message)) return earlyEnd;
  return `is a damaged JPEG: ${message.replace(/^VipsJpeg: /u, "")}`;
}

const earlyEnd = "is a JPEG that breaks off early; was the download cut short?";

function cutShort(file: string): DataError {
  return new DataError(file, earlyEnd);
}

function damaged(file: string, how: string): DataError {
  return new DataError(file, `is a damaged JPEG: ${how}`);
}
