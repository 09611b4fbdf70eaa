// Brings a decoded image to the size and channels of an assembly.
import { resize } from "#resize";
import { ShapeError } from "../../errors/errors.ts";
import type { DecodedImage, Fit, FittedSize } from "./image.ts";

/**
 * Brings an image to a size, in the way that the size names. One kernel for all, the cubic of Catmull and Rom, widened where it shrinks so that it does not alias; it rings less than Lanczos at the hard edges
 * of burnt-in letters. Grey of RGB is the luma of Rec. 601, 0.299 R + 0.587 G + 0.114 B; RGB of grey is it three times.
 *
 * @returns [height, width, channels], 0..255; the image's own pixels, not a copy, when it fits already
 * @throws ShapeError when channels is neither 1 nor 3
 */
export async function fitImage(image: DecodedImage, size: FittedSize): Promise<Uint8Array<ArrayBuffer>> {
  const { channels, fit = "stretch" } = size;
  if (channels !== 1 && channels !== 3) {
    throw new ShapeError(`an image has 1 channel (grey) or 3 (red, green, blue), not ${channels}`);
  }
  const worked = channels === 1 && image.channels === 3 ? toGrey(image) : image;
  const pixels = await fitters[fit](worked, size);
  return channels === 3 && worked.channels === 1 ? thrice(pixels) : pixels;
}

interface Shape {
  readonly height: number;
  readonly width: number;
}

/** A rectangle of pixels. */
export interface Box extends Shape {
  readonly top: number;
  readonly left: number;
}

/** Each keeps the channels of the image. */
const fitters: Readonly<
  Record<Fit, (image: DecodedImage, shape: Shape) => Promise<Uint8Array<ArrayBuffer>>>
> = { stretch: resize, crop: (image, shape) => resize(middle(image, shape), shape), pad };

/** The part of an image that is seen in a size, and where it lies there. */
export function seenBox(
  image: Shape,
  { height, width, fit = "stretch" }: FittedSize,
): { from: Box; to: Box } {
  const shape = { height, width };
  const whole = ({ height, width }: Shape): Box => ({ top: 0, left: 0, height, width });
  return {
    from: fit === "crop" ? cropBox(image, shape) : whole(image),
    to: fit === "pad" ? padBox(image, shape) : whole(shape),
  };
}

/** The largest part of an image that has a shape, to the pixel nearest, from its middle. */
function cropBox(image: Shape, shape: Shape): Box {
  const height = Math.min(image.height, Math.max(1, Math.round((image.width * shape.height) / shape.width)));
  const width = Math.min(image.width, Math.max(1, Math.round((image.height * shape.width) / shape.height)));
  return inMiddle({ height, width }, image);
}

/** Where an image lies that is scaled whole until it fits into a shape. */
function padBox(image: Shape, shape: Shape): Box {
  const scale = Math.min(shape.height / image.height, shape.width / image.width);
  const height = Math.max(1, Math.round(image.height * scale));
  const width = Math.max(1, Math.round(image.width * scale));
  return inMiddle({ height, width }, shape);
}

const inMiddle = ({ height, width }: Shape, of: Shape): Box => ({
  ...{ height, width },
  top: Math.floor((of.height - height) / 2),
  left: Math.floor((of.width - width) / 2),
});

function middle(image: DecodedImage, shape: Shape): DecodedImage {
  const { top, left, height, width } = cropBox(image, shape);
  if (height === image.height && width === image.width) return image;
  const { channels } = image;
  const pixels = new Uint8Array(height * width * channels);
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * image.width + left) * channels;
    pixels.set(image.pixels.subarray(from, from + width * channels), row * width * channels);
  }
  return { height, width, channels, pixels };
}

async function pad(image: DecodedImage, shape: Shape): Promise<Uint8Array<ArrayBuffer>> {
  const { top, left, height, width } = padBox(image, shape);
  const scaled = await resize(image, { height, width });
  if (height === shape.height && width === shape.width) return scaled;
  const { channels } = image;
  const pixels = new Uint8Array(shape.height * shape.width * channels); // black
  for (let row = 0; row < height; row++) {
    const part = scaled.subarray(row * width * channels, (row + 1) * width * channels);
    pixels.set(part, ((top + row) * shape.width + left) * channels);
  }
  return pixels;
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
