// The orientation that EXIF gives an image: which way up a viewer shows it.
import type { DecodedImage } from "./image.ts";

/** As EXIF numbers them; 1 is upright already. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const tag = 0x0112;
const short = 3;

/**
 * The orientation in the first directory of EXIF.
 * @param exif from its byte order ("II" or "MM") on
 * @returns 1 where none is said, or the directory is damaged, as viewers take it
 */
export function readOrientation(exif: Uint8Array): Orientation {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (exif.length < 8) return 1;
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return 1;
  const little = order === 0x4949;
  const directory = view.getUint32(4, little);
  if (directory + 2 > exif.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let at = directory + 2, i = 0; i < entries && at + 12 <= exif.length; at += 12, i++) {
    if (view.getUint16(at, little) !== tag) continue;
    const value = view.getUint16(at + 2, little) === short ? view.getUint16(at + 8, little) : 1;
    return value >= 1 && value <= 8 ? (value as Orientation) : 1;
  }
  return 1;
}

/** Whether height and width change places. */
export const liesOnItsSide = (orientation: Orientation): boolean => orientation >= 5;

/** Turns an image upright; its own pixels, not a copy, where it is. */
export function upright(image: DecodedImage, orientation: Orientation): DecodedImage {
  if (orientation === 1) return image;
  const { height, width, channels, pixels } = image;
  const sideways = liesOnItsSide(orientation);
  const size = sideways ? { height: width, width: height } : { height, width };
  const turned = new Uint8Array(pixels.length);
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  for (let y = 0, to = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, to += channels) {
      // The pixel of the file that belongs here: its axes are swapped where the image lies on its side.
      const [across, down] = sideways ? [y, x] : [x, y];
      const column = fromRight ? width - 1 - across : across;
      const row = fromBottom ? height - 1 - down : down;
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) turned[to + channel] = pixels[from + channel];
    }
  }
  return { ...size, channels, pixels: turned };
}
