// Decodes TIFF, WebP and GIF with sharp (libvips), once their headers are within the limits.
import type { Metadata } from "sharp";
import { DataError } from "../../errors/data-errors.ts";
import { messageOf } from "../../files/causes.ts";
import { checkSize, mostPixels, type DecodedImage, type ImageReading, type OpenedImage } from "./image.ts";
import { isOrientation } from "./orientation.ts";
import { imageOf } from "./samples.ts";
import { loadSharp } from "./sharp-package.ts";

/** As for JPEG: no honest file within the limits takes so long. */
const mostSeconds = 60;

/** How the pixels of each kind of numbers come out of sharp: bits a sample, and the name that sharp has for them. */
const depths = { uchar: { depth: 8, raw: "uchar" }, ushort: { depth: 16, raw: "ushort" } } as const;

type Numbers = (typeof depths)[keyof typeof depths];

/** Colours that are shown as they are, or turned into red, green, blue; all others are refused by name. */
const spaces = ["b-w", "grey16", "srgb", "rgb", "rgb16", "cmyk"];

/** What holds more than one image is called by these words. */
const several: Readonly<Record<string, string>> = { TIFF: "pages", GIF: "frames", WebP: "frames" };

/**
 * @param kind "TIFF", "WebP" or "GIF", whose signature the bytes start with
 * @throws DataError for a damaged header, one that claims too much, several images in one file, and numbers or colours that
 *   are no grey levels
 */
export async function openWithSharp(
  kind: string,
  bytes: Uint8Array,
  file: string,
  reading: ImageReading,
): Promise<OpenedImage> {
  const {
    width,
    height,
    channels,
    depth,
    space,
    pages = 1,
    autoOrient,
    orientation = 1,
  } = await metadata(kind, bytes, file);
  if (pages > 1) {
    throw new DataError(
      file,
      `is a ${kind} of ${pages} ${several[kind]}; a file is one image here: save the one that is meant by itself`,
    );
  }
  const numbers: Numbers | undefined = Object.hasOwn(depths, depth)
    ? depths[depth as keyof typeof depths]
    : undefined;
  if (numbers === undefined) {
    throw new DataError(
      file,
      `is a ${kind} whose samples are ${describe(depth)}; whole numbers of 1 to 8 and of 16 bits are read: save it as these`,
    );
  }
  if (!spaces.includes(space) || channels > 5) {
    throw new DataError(
      file,
      `is a ${kind} of ${channels} channels in the colours ${space}: save it as grey or RGB`,
    );
  }
  // What sharp decodes, turned upright, in its own memory and in what it hands over; then the pixels.
  const memory = bytes.length + height * width * ((3 * channels * numbers.depth) / 8 + 4);
  checkSize(file, height, width, memory);
  return {
    ...{ height: autoOrient.height, width: autoOrient.width, memory },
    ...(isOrientation(orientation) && orientation !== 1 ? { orientation } : {}),
    decode: () =>
      decode(kind, bytes, file, { numbers, grey: space === "b-w" || space === "grey16" }, reading),
  };
}

async function metadata(kind: string, bytes: Uint8Array, file: string): Promise<Metadata> {
  const sharp = await loadSharp(`${file}: is a ${kind}`);
  try {
    return await sharp(bytes, options).metadata();
  } catch (cause) {
    throw new DataError(file, explain(kind, cause), { cause });
  }
}

const options = {
  failOn: "error",
  limitInputPixels: mostPixels,
  sequentialRead: true,
  ignoreIcc: true,
} as const;

async function decode(
  kind: string,
  bytes: Uint8Array,
  file: string,
  { numbers, grey }: { readonly numbers: Numbers; readonly grey: boolean },
  reading: ImageReading,
): Promise<DecodedImage> {
  const { depth, raw } = numbers;
  const sharp = await loadSharp(`${file}: is a ${kind}`);
  const space = depth === 16 ? (grey ? "grey16" : "rgb16") : grey ? "b-w" : "srgb";
  try {
    const { data, info } = await sharp(bytes, options)
      .autoOrient()
      .toColourspace(space)
      .timeout({ seconds: mostSeconds })
      .raw({ depth: raw })
      .toBuffer({ resolveWithObject: true });
    const { height, width, channels: each } = info;
    const values = depth === 8 ? data : new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    return imageOf({ height, width, each, values, depth }, reading, file);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(file, explain(kind, cause), { cause });
  }
}

function explain(kind: string, cause: unknown): string {
  const message = messageOf(cause)
    .split("\n", 1)[0]
    .replace(/^Input buffer (?:has corrupt header: |contains )/u, "");
  if (/premature end|truncated|out of data|unexpected end|eof/iu.test(message)) {
    return `is a ${kind} that breaks off early; was the download cut short?`;
  }
  return `is a damaged ${kind}, or of a sort that is not read: ${message}`;
}

/** Names of numbers in sharp, in words. */
function describe(depth: string): string {
  if (depth === "float" || depth === "double") return "floating-point numbers";
  if (depth === "complex" || depth === "dpcomplex") return "complex numbers";
  return depth === "char" || depth === "short" ? "numbers with a sign" : "numbers of 32 bits";
}
