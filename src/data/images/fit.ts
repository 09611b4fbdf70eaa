// Brings a decoded image to the size and channels of an assembly.
import sharp from "sharp";
import { ShapeError } from "../../errors/errors.ts";
import type { DecodedImage } from "./image.ts";

export interface FittedSize {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 3 red, green, blue; nothing else is supported. */
  readonly channels: number;
}

/**
 * Squeezes or stretches a whole image to a size: nothing is cut off and no border added. One kernel for all, the cubic
 * of Catmull and Rom, widened where it shrinks so that it does not alias; it rings less than Lanczos at the hard edges
 * of burnt-in letters. Grey of RGB is the luma of Rec. 601, 0.299 R + 0.587 G + 0.114 B; RGB of grey is it three times.
 *
 * @returns [height, width, channels], 0..255; the image's own pixels, not a copy, when it fits already
 * @throws ShapeError when channels is neither 1 nor 3
 */
export async function fitImage(image: DecodedImage, size: FittedSize): Promise<Uint8Array<ArrayBuffer>> {
  const { height, width, channels } = size;
  if (channels !== 1 && channels !== 3) {
    throw new ShapeError(`an image has 1 channel (grey) or 3 (red, green, blue), not ${channels}`);
  }
  const worked = channels === 1 && image.channels === 3 ? toGrey(image) : image;
  const pixels =
    worked.height === height && worked.width === width ? worked.pixels : await resize(worked, size);
  return channels === 3 && worked.channels === 1 ? thrice(pixels) : pixels;
}

async function resize(image: DecodedImage, { height, width }: FittedSize): Promise<Uint8Array<ArrayBuffer>> {
  const resized = sharp(image.pixels, {
    raw: { height: image.height, width: image.width, channels: image.channels },
    limitInputPixels: false, // they are in memory already
  })
    .resize({ height, width, fit: "fill", kernel: "cubic" })
    .toColourspace(image.channels === 1 ? "b-w" : "srgb");
  // A copy, since sharp's own memory cannot be handed from a worker to another thread.
  return new Uint8Array(await resized.raw().toBuffer());
}

function toGrey({ height, width, pixels }: DecodedImage): DecodedImage {
  const grey = new Uint8Array(height * width);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3) {
    grey[i] = Math.round((299 * pixels[at] + 587 * pixels[at + 1] + 114 * pixels[at + 2]) / 1000);
  }
  return { height, width, channels: 1, pixels: grey };
}

function thrice(grey: Uint8Array): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(3 * grey.length);
  for (let i = 0; i < grey.length; i++) pixels.fill(grey[i], 3 * i, 3 * i + 3);
  return pixels;
}
