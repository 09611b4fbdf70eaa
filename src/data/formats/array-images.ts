// Code shared by the formats whose images lie in arrays of numbers: which axis is which, and how numbers become grey levels.
import type { DataError } from "../../errors/data-errors.ts";
import { describeShape, elementReader, elementWords } from "../../files/number-array.ts";
import type { NumberArray } from "../../files/number-array.ts";
import type { PixelArray } from "../catalogue/listing.ts";
import type { Remark } from "../catalogue/remarks.ts";
import { levelIn } from "../images/levels.ts";

/** The numbers that become black and white: [low, high] in the array's own numbers, linear between them. */
export type Window = readonly [low: number, high: number];

/** An array of images in a file. */
export interface StoredImages {
  readonly array: NumberArray;
  readonly file: string;
  /** The array's name in a file of several. */
  readonly member?: string;
  /** Makes an error that names the file, and the member. */
  readonly fail: (reason: string, options?: { record?: number }) => DataError;
}

/** Where the elements of an image lie. */
interface Layout {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Elements from an image, row, column or channel to the next. */
  readonly strides: { readonly image: number; readonly y: number; readonly x: number; readonly c: number };
  /** Whether channels are the second axis, as in PyTorch. */
  readonly channelsFirst: boolean;
}

/**
 * (N, H, W), (N, H, W, 1 or 3), or (N, 1 or 3, H, W). An axis of 1 or 3 at both places is refused, since nobody knows which
 * of them is meant.
 */
function layoutOf({ array: { shape }, fail }: StoredImages): Layout {
  const wrong = (why = ""): DataError =>
    fail(
      `has the shape ${describeShape(shape)}; images are (N, height, width) or (N, height, width, 1 or 3)${why}`,
    );
  const areChannels = (length: number): boolean => length === 1 || length === 3;
  if (shape.length === 3 && shape[1] > 0 && shape[2] > 0) {
    const [count, height, width] = shape;
    const strides = { image: height * width, y: width, x: 1, c: 1 };
    return { count, height, width, channels: 1, strides, channelsFirst: false };
  }
  if (shape.length !== 4 || shape.includes(0, 1)) throw wrong();
  const [count, second, third, last] = shape;
  if (!areChannels(last) && !areChannels(second)) {
    throw wrong(last === 4 || second === 4 ? ": save them without the fourth channel" : "");
  }
  if (areChannels(last) && areChannels(second)) {
    throw wrong(", and here either the second axis or the last may be the channels: drop it with np.squeeze");
  }
  const image = second * third * last;
  if (areChannels(last)) {
    const strides = { image, y: third * last, x: last, c: 1 };
    return {
      count,
      height: second,
      width: third,
      channels: last === 1 ? 1 : 3,
      strides,
      channelsFirst: false,
    };
  }
  const strides = { image, y: last, x: 1, c: third * last };
  return { count, height: third, width: last, channels: second === 1 ? 1 : 3, strides, channelsFirst: true };
}

/** What the manifest says of the arrays. */
export interface ArrayReading {
  readonly window?: Window | undefined;
  /** Whether rows and columns change places. */
  readonly transpose?: boolean | undefined;
}

/** A remark, for the entry of this name: several entries may share the arrays. */
export type RemarkFor = (entry: string) => Omit<Remark, "source">;

/**
 * The images of all arrays of a source, 0..255, and what was decided from the numbers themselves.
 *
 * @throws DataError for a shape that holds no images, and for numbers of which nobody knows what is black and white
 */
export function toPixelArrays(
  stored: readonly StoredImages[],
  { window, transpose = false }: ArrayReading,
): { readonly arrays: readonly PixelArray[]; readonly remarks: readonly RemarkFor[] } {
  const layouts = stored.map(layoutOf);
  const windows = windowsOf(stored, window);
  const arrays = stored.map(({ array, file, member }, i): PixelArray => {
    const { count, height, width, channels, strides, channelsFirst } = layouts[i];
    const upright = { file, count, channels, ...(member === undefined ? {} : { member }) };
    if (windows[i] === undefined && !channelsFirst && !transpose) {
      return { ...upright, height, width, pixels: array.content };
    }
    const [rows, columns] = transpose ? [width, height] : [height, width];
    const [down, right] = transpose ? [strides.x, strides.y] : [strides.y, strides.x];
    const level = levelReader(array, windows[i]);
    const pixels = new Uint8Array(count * height * width * channels);
    let to = 0;
    for (let n = 0; n < count; n++)
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++)
          for (let c = 0; c < channels; c++)
            pixels[to++] = level(n * strides.image + y * down + x * right + c * strides.c);
    return { ...upright, height: rows, width: columns, pixels };
  });
  return { arrays, remarks: guessesOf(stored, layouts, window === undefined ? windows : []) };
}

/** The grey level of an element; without a window the elements are grey levels. */
function levelReader(array: NumberArray, window: Window | undefined): (i: number) => number {
  const element = elementReader(array);
  if (window === undefined) return element;
  return (i) => levelIn(window, element(i));
}

/**
 * The window of each array: the manifest's, or that of its type (bytes are grey levels, booleans black and white), or for floats
 * the one of the two that people write that all of them fit: 0 to 1, or whole numbers from 0 to 255.
 */
function windowsOf(stored: readonly StoredImages[], stated: Window | undefined): (Window | undefined)[] {
  for (const images of stored) refuseNoNumbers(images);
  if (stated !== undefined) {
    const other = stored.find(({ array }) => array.type !== stored[0].array.type);
    if (other === undefined) return stored.map(() => stated);
    throw other.fail(
      `holds ${elementWords(other.array.type)}, but ${stored[0].member ?? "the first array"} ` +
        `${elementWords(stored[0].array.type)}: one window cannot be meant for both`,
    );
  }
  const floats = stored.filter(({ array }) => array.type.startsWith("f"));
  const found = extremesOf(floats);
  return stored.map((images) => {
    const { array, fail } = images;
    if (array.type === "u1") return undefined;
    if (array.type === "b1") return [0, 1];
    if (array.type.startsWith("f")) {
      if (found.lowest >= 0 && found.highest <= 1) return [0, 1];
      if (found.lowest >= 0 && found.highest <= 255 && found.whole) return [0, 255];
    }
    const { lowest, highest, whole } = array.type.startsWith("f") ? found : extremesOf([images]);
    const kind = array.type.startsWith("f") && whole ? "whole numbers in " : "";
    const range = lowest > highest ? "" : ` from ${shown(lowest)} to ${shown(highest)}`;
    throw fail(
      `holds ${kind}${elementWords(array.type)}${range}: say which of them are black and white, such as window: ` +
        `[${lowest >= 0 && highest <= 255 ? "0, 255" : `${shown(lowest)}, ${shown(highest)}`}]`,
    );
  });
}

function refuseNoNumbers({ array, fail }: StoredImages): void {
  if (!array.type.startsWith("f")) return;
  const element = elementReader(array);
  const [count, ...size] = array.shape;
  const length = size.reduce((product, side) => product * side, 1);
  for (let i = 0; i < count * length; i++) {
    if (Number.isFinite(element(i))) continue;
    throw fail(`has ${element(i)} among its pixels`, { record: Math.floor(i / length) });
  }
}

interface Extremes {
  readonly lowest: number;
  readonly highest: number;
  readonly whole: boolean;
}

function extremesOf(stored: readonly StoredImages[]): Extremes {
  let [lowest, highest, whole] = [Infinity, -Infinity, true];
  for (const { array } of stored) {
    const element = elementReader(array);
    const length = array.shape.reduce((product, side) => product * side, 1);
    for (let i = 0; i < length; i++) {
      const value = element(i);
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
      if (whole && !Number.isInteger(value)) whole = false;
    }
  }
  return { lowest, highest, whole };
}

/** Windows that the numbers themselves gave, and channels that the shape gave. */
function guessesOf(
  stored: readonly StoredImages[],
  layouts: readonly Layout[],
  windows: readonly (Window | undefined)[],
): RemarkFor[] {
  const nameOf = ({ member, file }: StoredImages): string =>
    member === undefined ? file : `${member} of ${file}`;
  const guess = (those: readonly StoredImages[], sentence: (first: StoredImages) => string): RemarkFor[] => {
    const cases = those.map((images) => ({ name: nameOf(images), count: images.array.shape[0] }));
    const about = (entry: string): ReturnType<RemarkFor> => ({
      kind: "guess",
      sentence: `"${entry}" takes ${sentence(those[0])}`,
      cases,
    });
    return those.length === 0 ? [] : [about];
  };
  const scaled = stored.filter(({ array }, i) => windows[i] !== undefined && array.type !== "b1");
  const [low, high] = windows.find((_, i) => scaled.includes(stored[i])) ?? [0, 1];
  return [
    ...guess(
      scaled,
      (images) =>
        `the ${elementWords(images.array.type)} of ${nameOf(images)} for grey levels from ${low} (black) to ${high} ` +
        `(white), since all of them fit; window: [${low}, ${high}] says so.`,
    ),
    ...guess(
      stored.filter((_, i) => layouts[i].channelsFirst),
      (images) =>
        `the second axis of ${nameOf(images)}, whose shape is ${describeShape(images.array.shape)}, for the channels.`,
    ),
  ];
}

/** Enough digits of a pixel to know it by. */
function shown(value: number): string {
  return String(Number(value.toPrecision(6)));
}
