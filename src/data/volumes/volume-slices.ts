// The slices of a volume as images, and those of a label volume as masks: arrays as any other format's, but read from the file
// again when they are asked for and not kept (slice-shelf.ts).
import { DataError } from "../../errors/data-errors.ts";
import { furthestCorner, placeOfVoxel, voxelSides } from "../../files/nifti-affine.ts";
import type { NiftiHeader } from "../../files/nifti-header.ts";
import { readNifti, rereadNifti, voxelReader } from "../../files/nifti-volume.ts";
import type { NiftiVolume, VoxelRange } from "../../files/nifti-volume.ts";
import { sizeOf } from "../../files/number-array.ts";
import type { ImagePlace, MaskArray, PixelArray } from "../catalogue/listing.ts";
import { levelIn } from "../images/levels.ts";
import type { SliceShelf } from "./slice-shelf.ts";
import { forEachPixel, slicingOf } from "./slicing.ts";
import type { SliceAxis, Slicing } from "./slicing.ts";

type Window = readonly [low: number, high: number];

export interface SliceReading {
  /** Default: axial. */
  readonly axis?: SliceAxis | undefined;
  /** The numbers (of CT: Hounsfield units) that become black and white. Default: by the volume's own numbers. */
  readonly window?: Window | undefined;
}

/** How a volume was cut and shown. */
export interface VolumeReading extends SliceReading {
  readonly axis: SliceAxis;
}

/** A volume's slices as grey images. */
export class VolumeSlices implements PixelArray {
  readonly file: string;
  readonly header: NiftiHeader;
  readonly slicing: Slicing;
  readonly window: Window;
  /** As it was asked for: without a window where the volume's own numbers give it. */
  readonly reading: VolumeReading;
  readonly channels = 1;
  /** Whether its window follows from its own numbers, which nobody has named. */
  hasOwnWindow = false;
  readonly #shelf: SliceShelf;

  /**
   * Reads a volume whole, once, and checks it.
   * @throws DataError as readNifti
   */
  static async read(
    file: string,
    { axis = "axial", window }: SliceReading,
    shelf: SliceShelf,
  ): Promise<VolumeSlices> {
    const volume = await readNifti(file);
    const slicing = slicingOf(volume.header, axis);
    const shown = window ?? usualWindow(volume);
    const slices = new VolumeSlices(file, volume.header, slicing, shown, { axis, window }, shelf);
    slices.hasOwnWindow = window === undefined && !holdsLevels(volume.header);
    shelf.put(slices, greySlices(volume, slices));
    return slices;
  }

  private constructor(
    file: string,
    header: NiftiHeader,
    slicing: Slicing,
    window: Window,
    reading: VolumeReading,
    shelf: SliceShelf,
  ) {
    this.file = file;
    this.header = header;
    this.slicing = slicing;
    this.window = window;
    this.reading = reading;
    this.#shelf = shelf;
  }

  get count(): number {
    return this.slicing.count;
  }
  get height(): number {
    return this.slicing.height;
  }
  get width(): number {
    return this.slicing.width;
  }

  /** Two arrays of one file hold the same images if they are cut alike. */
  get onDemand(): string {
    return `axis ${this.slicing.axis}`;
  }

  /** @throws DataError when the file is not what it was */
  get pixels(): Uint8Array {
    return this.#shelf.take(this, () => greySlices(rereadNifti(this.file, this.header), this));
  }
}

/** The slices of a label volume. */
export class LabelSlices implements MaskArray {
  readonly file: string;
  readonly #header: NiftiHeader;
  readonly #slicing: Slicing;
  readonly #range: VoxelRange;
  readonly #shelf: SliceShelf;

  /**
   * Reads the label volume of an image volume, once, and checks it.
   *
   * @throws DataError as readNifti, for numbers that are no labels, and for another shape or place than the volume's
   */
  static async read(file: string, slices: VolumeSlices, shelf: SliceShelf): Promise<LabelSlices> {
    const volume = await readNifti(file);
    refuseOtherPlace(file, volume.header, slices);
    refuseFractions(file, volume);
    const labels = new LabelSlices(file, volume, slices.slicing, shelf);
    shelf.put(labels, labelSlices(volume, slices.slicing, volume.range));
    return labels;
  }

  private constructor(
    file: string,
    { header, range }: NiftiVolume & { readonly range: VoxelRange },
    slicing: Slicing,
    shelf: SliceShelf,
  ) {
    this.file = file;
    this.#header = header;
    this.#range = range;
    this.#slicing = slicing;
    this.#shelf = shelf;
  }

  get count(): number {
    return this.#slicing.count;
  }
  get height(): number {
    return this.#slicing.height;
  }
  get width(): number {
    return this.#slicing.width;
  }

  /** @throws DataError when the file is not what it was */
  get values(): MaskArray["values"] {
    return this.#shelf.take(this, () =>
      labelSlices(rereadNifti(this.file, this.#header), this.#slicing, this.#range),
    );
  }
}

/** The volume and slice that an image is; undefined for an image that is no slice of a volume. */
export function sliceOf(
  place: ImagePlace,
): { readonly volume: VolumeSlices; readonly slice: number } | undefined {
  if (place.kind !== "array" || !(place.array instanceof VolumeSlices)) return undefined;
  return { volume: place.array, slice: place.at };
}

const holdsLevels = ({ type, slope, intercept }: NiftiHeader): boolean =>
  type === "u1" && slope === 1 && intercept === 0;

/** Samples of a volume from which its usual window is taken. */
const windowSamples = 2 ** 20;
/** The share of voxels that is darker than black, and that is brighter than white. */
const beyondWindow = 0.005;

/** Bytes are grey levels; of other numbers all but the darkest and brightest half percent are shown. */
function usualWindow(volume: NiftiVolume & { readonly range: VoxelRange }): Window {
  const { header, range } = volume;
  if (holdsLevels(header)) return [0, 255];
  const value = voxelReader(volume);
  const count = header.shape[0] * header.shape[1] * header.shape[2];
  const step = Math.ceil(count / windowSamples);
  const samples = Float64Array.from({ length: Math.ceil(count / step) }, (_, i) => value(i * step)).sort();
  const last = samples.length - 1;
  const low = samples[Math.round(beyondWindow * last)];
  const high = samples[Math.round((1 - beyondWindow) * last)];
  if (low < high) return [low, high];
  return range.lowest < range.highest ? [range.lowest, range.highest] : [range.lowest, range.lowest + 1];
}

/** [count, height, width] grey levels. */
function greySlices(volume: NiftiVolume, { slicing, window }: VolumeSlices): Uint8Array {
  const { header } = volume;
  const value = voxelReader(volume);
  const pixels = new Uint8Array(slicing.count * slicing.height * slicing.width);
  if (sizeOf(header.type) > 2) {
    forEachPixel(slicing, (pixel, voxel) => (pixels[pixel] = levelIn(window, value(voxel))));
    return pixels;
  }
  // Numbers of 16 bits are few: the level of each is worked out once.
  const raw = voxelReader({ ...volume, header: { ...header, slope: 1, intercept: 0 } });
  const levels = Uint8Array.from({ length: 2 ** 17 }, (_, i) =>
    levelIn(window, header.slope * (i - 2 ** 16) + header.intercept),
  );
  forEachPixel(slicing, (pixel, voxel) => (pixels[pixel] = levels[raw(voxel) + 2 ** 16]));
  return pixels;
}

/** [count, height, width] labels, in the smallest type that holds them. */
function labelSlices(
  volume: NiftiVolume,
  slicing: Slicing,
  { lowest, highest }: VoxelRange,
): MaskArray["values"] {
  const value = voxelReader(volume);
  const length = slicing.count * slicing.height * slicing.width;
  const values =
    lowest < 0 || highest >= 2 ** 16
      ? new Int32Array(length)
      : highest >= 2 ** 8
        ? new Uint16Array(length)
        : new Uint8Array(length);
  forEachPixel(slicing, (pixel, voxel) => (values[pixel] = value(voxel)));
  return values;
}

/** @throws DataError for labels beyond 32 bits, and for the first that is no whole number */
function refuseFractions(file: string, volume: NiftiVolume & { readonly range: VoxelRange }): void {
  const { shape, type, slope, intercept } = volume.header;
  const { lowest, highest } = volume.range;
  if (lowest < -(2 ** 31) || highest >= 2 ** 31) {
    throw new DataError(file, `has labels from ${lowest} to ${highest}; labels are whole numbers below 2^31`);
  }
  if (["u1", "i1", "u2", "i2"].includes(type) && Number.isInteger(slope) && Number.isInteger(intercept))
    return;
  const value = voxelReader(volume);
  for (let i = 0; i < shape[0] * shape[1] * shape[2]; i++) {
    const label = value(i);
    if (Number.isInteger(label)) continue;
    const place = [i % shape[0], Math.floor(i / shape[0]) % shape[1], Math.floor(i / (shape[0] * shape[1]))];
    throw new DataError(
      file,
      `has ${label} at voxel (${place.join(", ")}); labels are whole numbers below 2^31: is it an image, or a map of ` +
        "probabilities?",
    );
  }
}

/** Headers are rounded to 32 bits in several ways: a hundredth of a voxel is no difference. */
const samePlace = 0.01;

function refuseOtherPlace(file: string, labels: NiftiHeader, { file: image, header }: VolumeSlices): void {
  if (labels.shape.some((length, axis) => length !== header.shape[axis])) {
    throw new DataError(
      file,
      `has ${labels.shape.join(" x ")} voxels, and the volume that it labels, ${image}, has ${header.shape.join(" x ")}: ` +
        "resample one to the other",
    );
  }
  const { voxel, distance } = furthestCorner(labels.affine, header.affine, header.shape);
  if (distance <= samePlace * Math.min(...voxelSides(header.affine))) return;
  const shown = (affine: NiftiHeader["affine"]): string =>
    `(${placeOfVoxel(affine, voxel)
      .map((each) => Number(each.toPrecision(6)))
      .join(", ")}) mm`;
  throw new DataError(
    file,
    `lies elsewhere than the volume that it labels, ${image}: its voxel (${voxel.join(", ")}) is at ${shown(labels.affine)}, ` +
      `and the volume's at ${shown(header.affine)}; resample one to the other, or mend the wrong header (sform, qform)`,
  );
}
