// Scales pixels, in Node by sharp. Imported as #resize, for which a browser has resize-portable.ts (package.json, "imports").
import type { DecodedImage } from "./image.ts";
import { loadSharp } from "./sharp-package.ts";

/**
 * Stretches or squeezes an image, by the cubic of Catmull and Rom, widened where it shrinks.
 * @returns [height, width, channels of the image]; its own pixels where it has the size already
 * @throws UsageError where sharp is not installed
 */
export async function resize(
  image: DecodedImage,
  { height, width }: { readonly height: number; readonly width: number },
): Promise<Uint8Array<ArrayBuffer>> {
  if (image.height === height && image.width === width) return image.pixels;
  const sharp = await loadSharp(
    `an image of ${image.height} x ${image.width} is scaled to ${height} x ${width}`,
  );
  const resized = sharp(image.pixels, {
    raw: { height: image.height, width: image.width, channels: image.channels },
    limitInputPixels: false, // they are in memory already
  })
    .resize({ height, width, fit: "fill", kernel: "cubic" })
    .toColourspace(image.channels === 1 ? "b-w" : "srgb");
  // A copy, since sharp's own memory cannot be handed from a worker to another thread.
  return new Uint8Array(await resized.raw().toBuffer());
}
