// One image's mask: read, compared with the image's size, its numbers counted and understood, and brought to the size of the
// assembly. What a mask says of its image as a whole is counted at its own size, where nothing small is lost.
import { background, ignored } from "../../labels/label-map.ts";
import { DataError } from "../../errors/data-errors.ts";
import type { ImagePlace, MaskPlace } from "../catalogue/listing.ts";
import { seenBox } from "../images/fit.ts";
import type { FittedSize } from "../images/image.ts";
import { readImage } from "../images/index.ts";
import { turn, turnedSize, type Orientation } from "../images/orientation.ts";
import { fitMap, pixelsEach } from "./fit-map.ts";
import { readMask } from "./mask-file.ts";
import type { MaskNumbers } from "./mask-numbers.ts";
import { countNumbers, meaning, type Meanings } from "./meaning.ts";

/** How an entry's masks are read. */
export interface MaskReading {
  readonly meanings: Meanings;
  readonly colours: boolean;
  /** [labels] The class that a label means, -1 for none that the entry knows: such pixels are background. */
  readonly classOf: readonly number[];
  readonly size: FittedSize;
}

/** What one mask says. */
export interface ReadMask {
  /** [height, width] of the size: a label map. */
  readonly map: Uint8Array;
  /** Pixels of the mask by label, in the part that is seen; those inside count for the label that they are inside of. */
  readonly pixels: ReadonlyMap<number, number>;
  /** Pixels of the mask in the part that is seen, those that are ignored, and all. */
  readonly ignored: number;
  readonly total: number;
  /** Pixels of the whole mask of each number that means nothing. Where there are any, the map is not to be used. */
  readonly unknown: ReadonlyMap<number, number>;
  /** Pixels of the whole mask. */
  readonly area: number;
  /** Whether the whole mask is background. */
  readonly isEmpty: boolean;
  /** Pixels of the mask that one pixel of the map stands for. */
  readonly pixelsEach: number;
}

/** The record whose mask is read. */
export interface MaskedRecord {
  readonly id: string;
  readonly image: ImagePlace;
  readonly mask: MaskPlace;
  /** The label that is inside, for masks that outline one thing; undefined where nobody says which. */
  readonly inside?: number | undefined;
}

/** @throws DataError for a mask that cannot be read, or is not of the image's size */
export async function readRecordMask(record: MaskedRecord, reading: MaskReading): Promise<ReadMask> {
  const { mask } = record;
  const numbers = await numbersOf(record, reading.colours);
  const { height, width, values } = numbers;
  const whole = countNumbers(values, width, { top: 0, left: 0, height, width });
  const { from } = seenBox(numbers, reading.size);
  const isWhole = from.height === height && from.width === width;
  const seen = isWhole ? whole : countNumbers(values, width, from);

  const unknown = new Map<number, number>();
  const bytes = new Map<number, number>();
  const pixels = new Map<number, number>();
  let ignoredPixels = 0;
  let inside: number | undefined;
  let isEmpty = true;
  for (const [number, count] of whole) {
    const means = reading.meanings(number);
    if (means === meaning.unknown) unknown.set(number, count);
    isEmpty &&= means === meaning.background;
    if (means === meaning.inside) {
      if (inside !== undefined) throw manyInside(mask, whole, reading);
      inside = number;
    }
    const label = means === meaning.inside ? record.inside : means;
    const isIgnored = means === meaning.ignored || label === undefined;
    bytes.set(number, isIgnored ? ignored : label >= 0 ? classByte(reading.classOf[label]) : background);
    const there = seen.get(number) ?? 0;
    if (isIgnored) ignoredPixels += there;
    else if (label >= 0 && there > 0) pixels.set(label, (pixels.get(label) ?? 0) + there);
  }
  const map = new Uint8Array(reading.size.height * reading.size.width);
  fitMap(numbers, byteAt(values, bytes), reading.size, map);
  return {
    ...{ map, pixels, unknown, ignored: ignoredPixels, total: from.height * from.width },
    ...{ area: height * width, isEmpty, pixelsEach: pixelsEach(numbers, reading.size) },
  };
}

const classByte = (k: number): number => (k < 0 ? background : k);

/** The map's byte of each pixel. */
function byteAt(
  values: MaskNumbers["values"],
  bytes: ReadonlyMap<number, number>,
): (index: number) => number {
  if (values instanceof Int32Array) return (index) => bytes.get(values[index]) ?? ignored;
  const table = new Uint8Array(values instanceof Uint8Array ? 256 : 65536);
  for (const [number, byte] of bytes) table[number] = byte;
  return (index) => table[values[index]];
}

function manyInside(
  mask: MaskPlace,
  counts: ReadonlyMap<number, number>,
  { meanings }: MaskReading,
): DataError {
  const numbers = [...counts.keys()].filter((number) => meanings(number) === meaning.inside);
  const shown = `${numbers.slice(0, 3).join(", ")}${numbers.length > 3 ? ", ..." : ""}`;
  return new DataError(
    fileOf(mask),
    `holds ${numbers.length} numbers beside the background (${shown}), and with inside a mask has one: say what they mean under ` +
      "values, or name those that mean nothing under ignore or background",
  );
}

export const fileOf = (mask: MaskPlace): string => (mask.kind === "file" ? mask.file : mask.array.file);

/** The numbers of a record's mask, as its image lies. */
async function numbersOf(record: MaskedRecord, colours: boolean): Promise<MaskNumbers> {
  const { mask, image, id } = record;
  const numbers = mask.kind === "file" ? await readMask(mask.file, colours) : fromArray(mask);
  const shown = await imageSize(image);
  if (shown === undefined) return numbers; // decoding tells what is wrong with the image
  const { orientation = 1 } = shown;
  const made = asItsImage(numbers, shown, orientation);
  if (made === undefined) {
    const wrong = numbers.height !== shown.height || numbers.width !== shown.width;
    throw new DataError(
      fileOf(mask),
      wrong
        ? `is a mask of ${numbers.width} x ${numbers.height} pixels, and its image ${JSON.stringify(id)} has ${shown.width} x ` +
            `${shown.height}: a mask has the size of its image`
        : `does not say which side is up, and its image ${JSON.stringify(id)} is turned by EXIF (orientation ${orientation}): ` +
            "save both upright",
    );
  }
  return made;
}

/** Undefined where sizes differ, or nobody can tell whether the mask was drawn on the turned image. */
function asItsImage(
  numbers: MaskNumbers,
  shown: { readonly height: number; readonly width: number },
  orientation: Orientation,
): MaskNumbers | undefined {
  const fits = (one: { height: number; width: number }): boolean =>
    one.height === shown.height && one.width === shown.width;
  if (orientation === 1 || numbers.isTurned) return fits(numbers) ? numbers : undefined;
  const turned = turnedSize(numbers, orientation);
  // A side that is longer says how the mask lies, unless the image is turned upside down or mirrored.
  if (fits(numbers) && !fits(turned)) return numbers;
  if (!fits(turned) || fits(numbers)) return undefined;
  const values = numbers.values.slice();
  turn(numbers.values, values, { height: numbers.height, width: numbers.width, channels: 1 }, orientation);
  return { ...turned, values, isTurned: true };
}

function fromArray({ array, at }: Extract<MaskPlace, { kind: "array" }>): MaskNumbers {
  const { height, width, count, file } = array;
  const each = height * width;
  if (at >= count || (at + 1) * each > array.values.length) {
    throw new DataError(file, `has no mask ${at}`, { record: at });
  }
  return { height, width, values: array.values.subarray(at * each, (at + 1) * each), isTurned: false };
}

/** Undefined for an image that cannot be read. */
async function imageSize(
  image: ImagePlace,
): Promise<{ height: number; width: number; orientation?: Orientation } | undefined> {
  if (image.kind === "array") return image.array;
  try {
    return await readImage(image.file, image.reading);
  } catch (cause) {
    if (cause instanceof DataError) return undefined;
    throw cause;
  }
}
