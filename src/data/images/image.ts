// What a decoded image is, and the one form that images of equal content take whatever file they came from.
import { sha256 } from "#sha256";
import { DataError } from "../../errors/data-errors.ts";
import { turn, turnedSize, type Orientation } from "./orientation.ts";

export interface DecodedImage {
  readonly height: number;
  readonly width: number;
  /** 1 where the image is grey (all three channels equal at every pixel), else 3: red, green, blue. */
  readonly channels: 1 | 3;
  /** [height, width, channels], 0..255. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

/**
 * How the numbers in an image file become grey levels, where the manifest knows it better than the file; all may be left out.
 */
export interface ImageReading {
  /** Bits that a sample really has, 1 to 16: 2^bits - 1 becomes 255. Goes before what the file says of itself. */
  readonly bits?: number | undefined;
  /**
   * In the file's own numbers (of DICOM: after its rescale): `low` and all below become 0, `high` and all above 255, linear
   * between them. Goes before `bits` and before a window of the file.
   */
  readonly window?: readonly [low: number, high: number] | undefined;
}

/** A text that two readings have in common if they give the same pixels of every file; "" for a reading that says nothing. */
export function readingKey({ bits, window }: ImageReading): string {
  return bits === undefined && window === undefined ? "" : JSON.stringify([bits ?? null, window ?? null]);
}

/**
 * How an image of another shape is brought to a size: stretched or squeezed whole; its middle part of the size's shape, scaled;
 * or scaled whole until it fits, in the middle of black.
 */
export const fits = ["stretch", "crop", "pad"] as const;
export type Fit = (typeof fits)[number];

/** What images are brought to. */
export interface FittedSize {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 3 red, green, blue; nothing else is supported. */
  readonly channels: number;
  /** Default: stretch. */
  readonly fit?: Fit;
}

/** An image whose header is known and within the limits. */
export interface OpenedImage {
  /** As it will be decoded: upright. */
  readonly height: number;
  readonly width: number;
  /** How EXIF turns it upright; left out where it does not. */
  readonly orientation?: Orientation;
  /** Bytes that decoding it holds at once, as its header claims: at most 960 MiB. */
  readonly memory: number;
  /**
   * Names the rules that this very file is decoded by and that former versions did not have: what they left in a cache is not
   * taken for it. Undefined where every version has given the same pixels.
   */
  readonly rules?: string;
  /** @throws DataError when it is damaged or cut short, or claims more than is read */
  decode(): Promise<DecodedImage>;
}

/** 256 MiB: the largest image within the limits hardly takes more, packed. */
export const largestImageFile = 2 ** 28;

/** No radiograph, photograph or slide tile is longer; the sides of a damaged header mostly are. */
const longestSide = 32_768;
export const mostPixels = 100_000_000;

/** The most memory that decoding one image may take, in bytes: with the program itself it stays within 1 GiB. */
const mostMemory = 960 * 2 ** 20;

/**
 * Checks what an image's header claims before anything of that size is allocated.
 *
 * @param memory the most bytes that decoding it will hold at once
 * @throws DataError when a side is 0 or over 32,768, the pixels are over 100 million, or the memory is over 960 MiB
 */
export function checkSize(file: string, height: number, width: number, memory: number): void {
  const claim = `claims ${width} x ${height} pixels`;
  if (height === 0 || width === 0) throw new DataError(file, `${claim}: its header is damaged`);
  if (Math.max(height, width) > longestSide || height * width > mostPixels) {
    throw new DataError(
      file,
      `${claim}; sides up to ${longestSide} and at most ${mostPixels} pixels are read: scale it down first`,
    );
  }
  if (memory > mostMemory) {
    const mebibytes = Math.ceil(memory / 2 ** 20);
    throw new DataError(
      file,
      `${claim}, which take ${mebibytes} MiB to decode; at most 960: scale it down first`,
    );
  }
}

/**
 * The canonical form of interleaved pixels: one channel when all three are equal everywhere.
 *
 * @param pixels [height, width, channels]; kept, not copied, when it is canonical already
 */
export function canonicalImage(
  height: number,
  width: number,
  channels: 1 | 3,
  pixels: Uint8Array<ArrayBuffer>,
): DecodedImage {
  if (channels === 1 || !isGrey(pixels, 3)) return { height, width, channels, pixels };
  const grey = new Uint8Array(height * width);
  for (let i = 0; i < grey.length; i++) grey[i] = pixels[3 * i];
  return { height, width, channels: 1, pixels: grey };
}

/** Whether the first three samples of every pixel are equal. */
export function isGrey(pixels: Uint8Array | Uint16Array, samples: number): boolean {
  for (let at = 0; at < pixels.length; at += samples) {
    if (pixels[at] !== pixels[at + 1] || pixels[at] !== pixels[at + 2]) return false;
  }
  return true;
}

/** Turns an image upright; its own pixels, not a copy, where it is. */
export function upright(image: DecodedImage, orientation: Orientation): DecodedImage {
  if (orientation === 1) return image;
  const { height, width, channels } = image;
  const pixels = new Uint8Array(image.pixels.length);
  turn(image.pixels, pixels, { height, width, channels }, orientation);
  return { ...turnedSize({ height, width }, orientation), channels, pixels };
}

/**
 * SHA-256 of an image's size and canonical pixels, in hexadecimal: a PNG, an array and a re-packed copy of the same
 * picture agree, a grey picture kept as RGB among them; a JPEG copy does not.
 */
export function hashPixels(image: DecodedImage): string {
  const { height, width, channels, pixels } = canonicalImage(
    image.height,
    image.width,
    image.channels,
    image.pixels,
  );
  return sha256()
    .update(new TextEncoder().encode(`${height} ${width} ${channels}\n`))
    .update(pixels)
    .hex();
}
