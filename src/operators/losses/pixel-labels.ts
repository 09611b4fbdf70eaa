// Label maps in losses: what the labels of an image's pixels say of each class, made where it is used from the map's byte, the
// classes that the image's source knows, and the classes that exclude each other.

import { ShapeError } from "../../errors/errors.ts";
import { classWords, ignored, mostMapClasses } from "../../labels/label-map.ts";
import type { HostTensor } from "../../tensor/host.ts";
import { showShape, type TensorSpec } from "../../tensor/shape.ts";
import { temporary, type Launch, type Slot } from "../operator.ts";
import type { Role } from "../roles.ts";

/** Sizes of a loss over pixels. */
export interface PixelSizes {
  readonly images: number;
  /** Pixels of one image. */
  readonly area: number;
  /** Pixels of all images. */
  readonly pixels: number;
  readonly classes: number;
  readonly features: number;
  /** Words of 32 bits that hold a bit for each class. */
  readonly words: number;
}

/** @throws ShapeError unless features are [N, H, W, features] and theta [classes, features] */
export function pixelSizes(operator: string, features?: TensorSpec, theta?: TensorSpec): PixelSizes {
  const [images, height, width, depth] = features?.shape ?? [];
  const [classes, inner] = theta?.shape ?? [];
  if (features?.shape.length !== 4 || theta?.shape.length !== 2 || depth !== inner) {
    throw new ShapeError(
      `${operator}: features ${showShape(features?.shape ?? [])} and theta ${showShape(theta?.shape ?? [])} ` +
        `must be [N, H, W, features] and [classes, features], with as many features in both`,
    );
  }
  if (classes > mostMapClasses) {
    throw new ShapeError(
      `${operator}: a label map tells ${mostMapClasses} classes apart, got theta ${showShape(theta.shape)}`,
    );
  }
  const area = height * width;
  return { images, area, pixels: images * area, classes, features: depth, words: classWords(classes) };
}

/** The inputs that say what is known of each pixel. */
export function labelRoles(features?: TensorSpec, theta?: TensorSpec): readonly Role[] {
  const [images = 1, height = 1, width = 1] = features?.shape ?? [];
  const [classes = 1] = theta?.shape ?? [];
  const words = classWords(classes);
  return [
    { role: "labels", dtype: "u8", shape: [images, height, width] },
    { role: "known", dtype: "u32", shape: [images, words] },
    { role: "exclusions", dtype: "u32", shape: [classes, words] },
  ];
}

/** The labels of the pixels that take part in a loss. */
export interface PixelTargets {
  /** The pixels that are not ignored, in order. */
  readonly pixels: readonly number[];
  /** For each of these and each class what its label asks for, 0 or 1; undefined where it is absent. */
  readonly targets: readonly (0 | 1 | undefined)[];
}

/**
 * What label maps say:
 * - an ignored pixel takes part in nothing;
 * - a class that the image's source knows is 1 where the map names it, else 0: on the background, under another class, and
 *   under a byte that names none;
 * - a class that it does not know is 0 where the map names a known class that excludes it, else absent, also where the map
 *   names that class.
 */
export function pixelTargets(
  { area, classes, words }: PixelSizes,
  labels: HostTensor,
  known: HostTensor,
  exclusions: HostTensor,
): PixelTargets {
  const bit = ({ data }: HostTensor, row: number, k: number): boolean =>
    ((data[row * words + (k >> 5)] >>> (k & 31)) & 1) === 1;
  const pixels = [...labels.data.keys()].filter((pixel) => labels.data[pixel] !== ignored);
  const targets = pixels.flatMap((pixel) => {
    const label = labels.data[pixel];
    const image = Math.floor(pixel / area);
    const isKnown = label < classes && bit(known, image, label);
    return Array.from({ length: classes }, (_, k) => {
      if (!bit(known, image, k) && !(isKnown && bit(exclusions, label, k))) return undefined;
      return k === label ? 1 : 0;
    });
  });
  return { pixels, targets };
}

/** Rows [features] of some pixels, one after the other. */
export function rowsOfPixels(features: HostTensor, pixels: readonly number[], depth: number): Float64Array {
  const rows = new Float64Array(pixels.length * depth);
  pixels.forEach((pixel, row) => {
    rows.set(features.data.subarray(pixel * depth, (pixel + 1) * depth), row * depth);
  });
  return rows;
}

/** The reverse: rows [classes] to their pixels of an output, which stays 0 elsewhere. */
export function spreadRows(rows: Float64Array, pixels: readonly number[], to: HostTensor): void {
  const width = pixels.length === 0 ? 0 : rows.length / pixels.length;
  pixels.forEach((pixel, row) => {
    to.data.set(rows.subarray(row * width, (row + 1) * width), pixel * width);
  });
}

/** Which classes a pixel has labels of, one bit a class: a row for each image and label, the last for all that name no class. */
export const supervisedTable = ({ images, classes, words }: PixelSizes): TensorSpec => ({
  shape: [images, classes + 1, words],
  dtype: "u32",
});

/** The launch that makes the table. */
export function tableLaunch(
  { images, classes, words }: PixelSizes,
  known: Slot,
  exclusions: Slot,
  table: ReturnType<typeof temporary>,
): Launch {
  return {
    kernel: "supervisedClasses",
    bind: { known, exclusions, table },
    sizes: { images, classes, words },
  };
}
