// What the images of a training look like, in a few figures of each, as the network gets them; and whether another image is far from
// all that. Such a picture is mostly one whose numbers were read in another way, or no picture of that kind at all.

import { z } from "zod";
import { ImageReader } from "../assembly/image-reader.ts";
import type { ImageSet } from "../assembly/assembly.ts";

/** Sides of the grid on which pictures are compared. */
const gridSide = 8;

/** How a figure is told, and judged. */
interface Figure {
  /** In words, for messages. */
  readonly words: string;
  /** Whether ratios matter and not differences: then 16 times darker is as far as 16 times brighter. */
  readonly byRatio: boolean;
  /** The least distance from the middle that counts as far. */
  readonly least: number;
  /** Decimals that are shown. */
  readonly decimals: number;
}

/** Of one image, over all of its pixels. Levels are 0 to 255. */
const figures = {
  level: { words: "mean grey level", byRatio: true, least: 0.3, decimals: 0 },
  contrast: { words: "deviation of the grey levels", byRatio: true, least: 0.3, decimals: 0 },
  /** The largest channel less the smallest; 0 of a grey image. */
  colour: { words: "mean spread of the colours", byRatio: false, least: 8, decimals: 0 },
  /** Correlation with the mean of the training images, on a coarse grid. Of an inverted image it is the opposite. */
  likeness: { words: "correlation with the mean training image", byRatio: false, least: 0.1, decimals: 2 },
} as const satisfies Readonly<Record<string, Figure>>;

type FigureName = keyof typeof figures;
const figureNames = Object.keys(figures) as FigureName[];

/** The shares of images below each stored quantile. */
const quantiles = [0, 0.01, 0.5, 0.99, 1] as const;
const quantilesSchema = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()]).readonly();

/** What the training images of one source look like. */
export const examplesSchema = z.strictObject({
  source: z.string(),
  /** Looked at. */
  images: z.int().min(1),
  /** [G, G] Their mean in grey, on a coarse grid. */
  mean: z.array(z.number()).readonly(),
  level: quantilesSchema,
  contrast: quantilesSchema,
  colour: quantilesSchema,
  likeness: quantilesSchema,
});
export type Examples = z.output<typeof examplesSchema>;

/** Images of a source that are looked at, spread evenly over it. */
const mostLookedAt = 500;
/** Of fewer images nobody can say what is usual. */
export const fewestExamples = 100;
/**
 * An image is far when a figure of it lies beyond the first or the last hundredth of the training images by more than this times their
 * distance from the median, and beyond all of them.
 */
const margin = 1.5;
/** Images that are read at a time. */
const batch = 64;

type Shape = Pick<ImageSet, "height" | "width" | "channels">;
type Figures = Readonly<Record<FigureName, number>>;

/** Looks at some of the images of each source. */
export async function examplesOf(sets: readonly ImageSet[], memory?: number): Promise<Examples[]> {
  const found: Examples[] = [];
  for (const set of sets) {
    const count = Math.min(set.count, mostLookedAt);
    const rows = Uint32Array.from({ length: count }, (_, i) => Math.floor((i * set.count) / count));
    const images = await looksOf(set, rows, memory);
    if (images.length > 0) found.push(summary(set.source, images));
  }
  return found;
}

/** An image that is far from all that the network was trained on, in one figure. */
export interface FarImage {
  /** In the set. */
  readonly row: number;
  /** The figure in words, the image's own, and what the training images have. */
  readonly words: string;
}

/**
 * The images among the first of a set that are far from those of every source. None where some source had too few images to tell.
 * @param most images that are looked at
 */
export async function farImages(
  set: ImageSet,
  examples: readonly Examples[],
  most: number,
  memory?: number,
): Promise<FarImage[]> {
  if (examples.length === 0 || examples.some(({ images }) => images < fewestExamples)) return [];
  const rows = Uint32Array.from({ length: Math.min(set.count, most) }, (_, i) => i);
  const images = await looksOf(set, rows, memory);
  return images.flatMap((image, row) => {
    const far = examples.map((each) => farFigure(image, each));
    // The first source's figure is told; others may have others.
    const [first] = far;
    return first !== undefined && far.every((each) => each !== undefined) ? [{ row, words: first }] : [];
  });
}

/** The figure that is far, in words; undefined where none is. */
function farFigure(image: Look, examples: Examples): string | undefined {
  const own = figuresOf(image, examples.mean);
  const name = figureNames.find((each) => isFar(figures[each], own[each], examples[each]));
  if (name === undefined) return undefined;
  const { words, decimals } = figures[name];
  const [, low, , high] = examples[name];
  const [value, from, to] = [own[name], low, high].map((each) => each.toFixed(decimals));
  return `${words} ${value}, and 98 % of the training images have ${from} to ${to}`;
}

function isFar({ byRatio, least }: Figure, value: number, stored: Examples[FigureName]): boolean {
  const scale = (each: number): number => (byRatio ? Math.log(1 + each) : each);
  const [first, low, middle, high, last] = stored.map(scale);
  const below = Math.min(low - margin * (middle - low), middle - least, first);
  const above = Math.max(high + margin * (high - middle), middle + least, last);
  return scale(value) < below || scale(value) > above;
}

/** What an image comes to, before it is compared with others. */
interface Look {
  readonly level: number;
  readonly contrast: number;
  readonly colour: number;
  /** [G, G] */
  readonly grid: Float64Array;
}

async function looksOf(set: ImageSet, rows: Uint32Array, memory?: number): Promise<Look[]> {
  const reader = new ImageReader([set], batch, memory);
  const each = reader.bytesEach;
  const looks: Look[] = [];
  try {
    for (let first = 0; first < rows.length; first += batch) {
      const { pixels, count } = await reader.read(rows.subarray(first, first + batch));
      for (let i = 0; i < count; i++) looks.push(lookAt(pixels.subarray(i * each, (i + 1) * each), set));
    }
  } finally {
    await reader.close();
  }
  return looks;
}

function lookAt(pixels: Uint8Array, { height, width, channels }: Shape): Look {
  const grid = new Float64Array(gridSide * gridSide);
  const counts = new Uint32Array(gridSide * gridSide);
  let [sum, squares, spread] = [0, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor((y * gridSide) / height) * gridSide;
    for (let x = 0; x < width; x++) {
      let [grey, least, largest] = [0, 255, 0];
      for (let channel = 0; channel < channels; channel++, at++) {
        const value = pixels[at];
        grey += value;
        if (value < least) least = value;
        if (value > largest) largest = value;
      }
      grey /= channels;
      sum += grey;
      squares += grey * grey;
      spread += largest - least;
      const cell = row + Math.floor((x * gridSide) / width);
      grid[cell] += grey;
      counts[cell]++;
    }
  }
  const count = height * width;
  const level = sum / count;
  return {
    ...{ level, colour: spread / count, contrast: Math.sqrt(Math.max(0, squares / count - level * level)) },
    // Of an image of fewer pixels than cells some are empty.
    grid: grid.map((total, cell) => (counts[cell] === 0 ? level : total / counts[cell])),
  };
}

const figuresOf = ({ grid, ...figure }: Look, mean: ArrayLike<number>): Figures => ({
  ...figure,
  likeness: correlation(grid, mean),
});

function summary(source: string, images: readonly Look[]): Examples {
  const mean = Array.from({ length: gridSide * gridSide }, (_, cell) =>
    rounded(images.reduce((sum, { grid }) => sum + grid[cell], 0) / images.length),
  );
  const all = images.map((image) => figuresOf(image, mean));
  const quantilesOf = (name: FigureName): Examples[FigureName] => {
    const sorted = Float64Array.from(all, (each) => each[name]).sort();
    const at = (share: number): number => rounded(sorted[Math.round(share * (sorted.length - 1))]);
    const [first, low, middle, high, last] = quantiles;
    return [at(first), at(low), at(middle), at(high), at(last)];
  };
  return {
    ...{ source, images: images.length, mean },
    ...{ level: quantilesOf("level"), contrast: quantilesOf("contrast") },
    ...{ colour: quantilesOf("colour"), likeness: quantilesOf("likeness") },
  };
}

/** Pearson's; 0 where one of both is the same everywhere. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const meanOf = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] - meanA, b[i] - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

/** To what is worth keeping in a file. */
const rounded = (value: number): number => Number(value.toFixed(4));
