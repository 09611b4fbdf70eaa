// Label maps as PNG: the number of a class is its place in the palette, so that programs read numbers and people see colours.

import { crc32, deflateSync } from "node:zlib";
import { liesOnItsSide, turn, type Orientation } from "../data/images/orientation.ts";
import { TesseraError } from "../errors/errors.ts";
import { filed, filedNumbers } from "../labels/label-map.ts";
import { classColour } from "./class-colours.ts";
import type { Colour } from "./contact-sheet.ts";

export interface PngSize {
  readonly height: number;
  readonly width: number;
  /**
   * How EXIF turns the image that is labelled upright: the rows of the file are then as the image's own, and it says the same of
   * itself. Default: it is upright.
   */
  readonly orientation?: Orientation | undefined;
}

/** The palette: black, a colour for each class, and light grey for what nobody labelled. */
const classPalette: readonly Colour[] = Array.from({ length: filed.ignored + 1 }, (_, number) =>
  number === filed.background
    ? [0, 0, 0]
    : number === filed.ignored
      ? [160, 160, 160]
      : classColour(number - 1),
);

/** By `pixelOrigins`: greys, since a colour would be taken for the class that has it in the map beside. */
export const originPalette: readonly Colour[] = [
  [0, 0, 0],
  [85, 85, 85],
  [255, 255, 255],
  [190, 190, 190],
];

/**
 * A label map as an 8-bit PNG with a palette: 0 background, 1 to K the classes in their colours, 255 ignored.
 *
 * @param map [height, width] upright: numbers of classes, background, ignored (labels/label-map.ts)
 * @param size of the upright map
 */
export const labelPng = (map: Uint8Array, size: PngSize): Buffer =>
  palettePng(filedNumbers(map), size, classPalette);

/** A map of where pixels are from, 0 to 3 (`pixelOrigins`), as a PNG with a palette of four greys. */
export const originPng = (map: Uint8Array, size: PngSize): Buffer => palettePng(map, size, originPalette);

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

// pngjs writes no palettes, and other libraries choose one by the colours and so lose the numbers.
function palettePng(numbers: Uint8Array, size: PngSize, palette: readonly Colour[]): Buffer {
  if (numbers.length !== size.height * size.width) {
    throw new TesseraError(`a map of ${numbers.length} pixels is not one of ${size.height} x ${size.width}`);
  }
  const { orientation = 1 } = size;
  const { pixels, height, width } = asFiled(numbers, size, orientation);
  const rows = Buffer.alloc(height * (1 + width)); // each begins with its filter: none, which suits numbers best
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (1 + width) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8); // bits; places in a palette
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flat())),
    ...(orientation === 1 ? [] : [chunk("eXIf", exifOf(orientation))]),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Orientations that undo each other; the others undo themselves. */
const undone: Partial<Record<Orientation, Orientation>> = { 6: 8, 8: 6 };

/** An upright map in the rows of the file that the orientation turns upright. */
function asFiled(
  numbers: Uint8Array,
  { height, width }: PngSize,
  orientation: Orientation,
): { readonly pixels: Uint8Array; readonly height: number; readonly width: number } {
  if (orientation === 1) return { pixels: numbers, height, width };
  const pixels = new Uint8Array(numbers.length);
  turn(numbers, pixels, { height, width, channels: 1 }, undone[orientation] ?? orientation);
  return liesOnItsSide(orientation) ? { pixels, height: width, width: height } : { pixels, height, width };
}

/** EXIF with one entry, in the byte order of Motorola (TIFF 6.0; tag 0x112, one number of 16 bits). */
function exifOf(orientation: Orientation): Buffer {
  const exif = Buffer.alloc(26);
  exif.write("MM\0*", 0, "latin1");
  exif.writeUInt32BE(8, 4);
  exif.writeUInt16BE(1, 8);
  exif.writeUInt16BE(0x0112, 10);
  exif.writeUInt16BE(3, 12);
  exif.writeUInt32BE(1, 14);
  exif.writeUInt16BE(orientation, 18);
  return exif;
}

function chunk(type: string, content: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + content.length);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, "latin1");
  content.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length);
  return bytes;
}
