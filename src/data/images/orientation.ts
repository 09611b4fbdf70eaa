// The orientation that EXIF gives an image: which way up a viewer shows it.

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
    return isOrientation(value) ? value : 1;
  }
  return 1;
}

export const isOrientation = (value: number): value is Orientation =>
  Number.isInteger(value) && value >= 1 && value <= 8;

/** Whether height and width change places. */
export const liesOnItsSide = (orientation: Orientation): boolean => orientation >= 5;

/** Height and width of what an orientation turns upright. */
export function turnedSize(
  { height, width }: { readonly height: number; readonly width: number },
  orientation: Orientation,
): { readonly height: number; readonly width: number } {
  return liesOnItsSide(orientation) ? { height: width, width: height } : { height, width };
}

/**
 * Copies samples [height, width, channels] to where they are upright.
 * @param turned as many samples, in the size that `turnedSize` tells
 */
export function turn(
  samples: ArrayLike<number>,
  turned: { [at: number]: number },
  { height, width, channels }: { readonly height: number; readonly width: number; readonly channels: number },
  orientation: Orientation,
): void {
  const sideways = liesOnItsSide(orientation);
  const size = turnedSize({ height, width }, orientation);
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  for (let y = 0, to = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, to += channels) {
      // The pixel of the file that belongs here: its axes are swapped where the image lies on its side.
      const [across, down] = sideways ? [y, x] : [x, y];
      const column = fromRight ? width - 1 - across : across;
      const row = fromBottom ? height - 1 - down : down;
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) turned[to + channel] = samples[from + channel];
    }
  }
}
