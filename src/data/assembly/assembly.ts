// Datasets in memory: images with label states, which is all that training and metrics need to know of data.
import {
  aFlag,
  aFunction,
  aString,
  expectArgument,
  expectFields,
  listOf,
  madeWith,
  numbers,
  required,
  strings,
  wholeFrom,
  type OptionChecks,
  bytes,
  aNumber,
  type Requirement,
} from "../../errors/arguments.ts";
import { parentsProblem } from "../../labels/class-tree.ts";
import { allExclude, relationsOf, type ClassRelations } from "../../labels/class-relations.ts";
import { background, exclusiveGroups, ignored } from "../../labels/label-map.ts";
import { absent, isSoft, negative, positive } from "../../labels/states.ts";
import { areInArrays, ArrayPixels, PixelsOnDemand } from "../cache/pixel-rows.ts";
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { joinBytes } from "../../files/join-bytes.ts";
import { everyClass, type Learns } from "../manifest/class-filter.ts";

/** Pixels of many images: in one array, in several where they lie as they were read, or on disk if they are too many. */
export type Pixels = Uint8Array | ArrayPixels | PixelsOnDemand;

/** Images of one source, with their labels. */
export interface ImageSet<Held extends Pixels = Pixels> {
  /** Name of the source, for tables and messages. */
  readonly source: string;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** [count, height, width, channels], 0..255. */
  readonly pixels: Held;
  /** [count, K] label states: 0 negative, 1 positive, 255 absent, 100 to 200 a soft label (labels/states.ts). */
  readonly states: Uint8Array;
  /**
   * [count, height, width] Where each class is, for segmentation: the number of a class, background or ignored (labels/label-map.ts).
   * A class whose state is absent is in no map of the image.
   */
  readonly maps?: Pixels;
  /** [count] Cubic millimetres that a pixel of each image (in the set's size) stands for, of slices of volumes; 0 where nobody knows. */
  readonly voxelVolumes?: Float64Array;
  /** The source of each image, in a set that was joined from several. */
  readonly origins?: Origins;
  /** [count] The patient of each image, undefined where the source names none; equal names are one patient. */
  readonly patients?: readonly (string | undefined)[];
  /** [count] The name of each image in its source, for people; undefined where single images are never shown. */
  readonly ids?: readonly string[];
}

/** An image set as far as arguments are looked at; `imageSet` looks at the rest. */
export const anImageSet = madeWith("an image set", ["source", "count", "pixels", "states"]);
export const imageSets = listOf("image sets", anImageSet);

/** The source of each image. */
export interface Origins {
  readonly names: readonly string[];
  /** [count] Index of its name. */
  readonly of: Uint16Array;
}

/** Several partially labelled sources over one list of classes, and a test split that belongs to none of them. */
export interface Assembly extends ClassRelations {
  readonly classes: readonly string[];
  readonly sources: readonly ImageSet[];
  /** Images that decide schedule, stopping and kept weights; nothing is learned from them. */
  readonly validation?: ImageSet;
  readonly test: ImageSet;
}

/** An assembly as far as arguments are looked at. */
export const anAssembly = madeWith("an assembly, as loadAssembly and assembly give it", [
  "classes",
  "sources",
  "test",
]);

const somePixels: Requirement = {
  words: "a Uint8Array, or pixels that Tessera has read",
  fits: (value) => bytes.fits(value) || value instanceof ArrayPixels || value instanceof PixelsOnDemand,
};

const assemblyParts: OptionChecks<Assembly> = {
  classes: required(strings),
  parents: numbers,
  exclusive: exclusiveGroups,
  exhaustive: aFlag,
  sources: required(imageSets),
  validation: anImageSet,
  test: required(anImageSet),
};

/**
 * Checks an image set: its lengths agree with its sizes, and its states are label states.
 *
 * @throws DataError naming the source, and the record where one is at fault
 */
export function imageSet<Held extends Pixels>(set: ImageSet<Held>, classCount: number): ImageSet<Held> {
  expectArgument("imageSet", "the set", set, anImageSet);
  expectArgument("imageSet", "its source", set.source, aString);
  for (const size of ["count", "height", "width", "channels"] as const) {
    expectArgument("imageSet", `${set.source}: ${size}`, set[size], aNumber);
  }
  expectArgument("imageSet", `${set.source}: pixels`, set.pixels, somePixels);
  expectArgument("imageSet", `${set.source}: states`, set.states, bytes);
  expectArgument("imageSet", "the number of classes", classCount, wholeFrom(0));
  const { origins, patients, ids, count } = set;
  if ([patients, origins?.of, ids].some((each) => (each?.length ?? count) !== count)) {
    throw new DataError(
      set.source,
      `must say for each of its ${count} images whose and of which source it is, and what it is called`,
    );
  }
  for (const size of [set.count, set.height, set.width, set.channels]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new DataError(
        set.source,
        `has ${set.count} images of ${describeSize(set)}; all four must be 1 or more`,
      );
    }
  }
  const pixelCount = set.count * set.height * set.width * set.channels;
  if (set.pixels.length !== pixelCount) {
    throw new DataError(
      set.source,
      `has ${set.pixels.length} pixel values where its sizes need ${pixelCount}`,
    );
  }
  const mapPixels = set.count * set.height * set.width;
  if (set.maps !== undefined && set.maps.length !== mapPixels) {
    throw new DataError(
      set.source,
      `has ${set.maps.length} pixels of label maps where its sizes need ${mapPixels}`,
    );
  }
  if (set.states.length !== set.count * classCount) {
    throw new DataError(
      set.source,
      `has ${set.states.length} label states where ${set.count} images and ${classCount} classes need ${set.count * classCount}`,
    );
  }
  const wrong = set.states.findIndex((state) => !isLabelState(state));
  if (wrong >= 0) {
    throw new DataError(
      set.source,
      `label state ${set.states[wrong]} of class ${wrong % classCount} is none of ${negative}, ${positive}, 100 to 200, ${absent}`,
      { record: Math.floor(wrong / classCount) },
    );
  }
  return set;
}

/**
 * Checks that sources and test images fit together, and that each class has labels to train on.
 *
 * @param learns tells which classes must have labels; default: every class
 * @throws ManifestError for bad class names, or a class to be learned of which no image of a source has a label
 * @throws DataError for a set whose lengths or sizes do not agree
 */
export function assembly(parts: Assembly, learns: Learns = everyClass): Assembly {
  expectFields("assembly", parts, assemblyParts);
  expectArgument("assembly", "learns", learns, aFunction);
  const { classes, parents, exclusive = [], exhaustive, sources, validation, test } = parts;
  const fail = (field: string, reason: string): never => {
    throw new ManifestError("assembly", field, reason);
  };
  if (classes.length === 0) fail("classes", "is empty");
  if (sources.length === 0) fail("sources", "is empty");
  const twice = classes.find((name, i) => classes.indexOf(name) !== i);
  if (twice !== undefined) fail("classes", `names "${twice}" twice`);
  const problem = parents && parentsProblem(parents, classes.length);
  if (problem !== undefined) fail("parents", problem);
  if (exhaustive === true && !allExclude(exclusive, classes.length)) {
    fail("exhaustive", "gives each pixel one class, so all classes must exclude each other");
  }

  for (const set of [...sources, ...(validation === undefined ? [] : [validation]), test]) {
    imageSet(set, classes.length);
    if (set.height !== test.height || set.width !== test.width || set.channels !== test.channels) {
      throw new DataError(
        set.source,
        `holds images of ${describeSize(set)}, but "${test.source}" holds ${describeSize(test)}; all must agree`,
      );
    }
  }
  for (const [k, name] of classes.entries()) {
    if (learns(name) && !sources.some((set) => hasLabels(set, k, classes.length))) {
      fail("classes", `names "${name}", but no image of a source has a label of it`);
    }
  }
  return {
    classes,
    ...relationsOf(parts),
    sources,
    ...(validation === undefined ? {} : { validation }),
    test,
  };
}

/** Joins image sets of one size under one name, so that several sources are trained or tested as one. */
export function concatenate(source: string, sets: readonly ImageSet[]): ImageSet {
  expectArgument("concatenate", "the source", source, aString);
  expectArgument("concatenate", "the sets", sets, imageSets);
  const [first, ...others] = sets;
  if (first === undefined) throw new DataError(source, "joins no image sets");
  if (others.length === 0) return { ...first, source, origins: originsOf(first) };
  for (const set of others) {
    if (describeSize(set) !== describeSize(first)) {
      throw new DataError(
        source,
        `joins images of ${describeSize(first)} ("${first.source}") and ${describeSize(set)} ("${set.source}")`,
      );
    }
  }
  const maps = mapsOf(sets);
  return {
    source,
    count: sets.reduce((sum, set) => sum + set.count, 0),
    height: first.height,
    width: first.width,
    channels: first.channels,
    pixels: joinPixels(
      sets.map(({ pixels }) => pixels),
      sets,
      first.height * first.width * first.channels,
    ),
    ...(maps === undefined ? {} : { maps: joinPixels(maps, sets, first.height * first.width) }),
    states: joinBytes(sets.map((set) => set.states)),
    origins: joinOrigins(sets),
    ...(sets.every(({ patients }) => patients === undefined) ? {} : { patients: sets.flatMap(patientsOf) }),
    ...(sets.every(({ voxelVolumes }) => voxelVolumes === undefined)
      ? {}
      : { voxelVolumes: Float64Array.from(sets.flatMap(volumesOf)) }),
    ...(sets.every(({ ids }) => ids !== undefined) ? { ids: sets.flatMap(({ ids }) => ids ?? []) } : {}),
  };
}

/**
 * The pixels of a set that is held in memory, in one array: a copy where they lie in several.
 * @throws DataError for a set that is read from disk, since it is too large for memory
 */
export function pixelsInMemory(set: ImageSet): Uint8Array {
  expectArgument("pixelsInMemory", "the set", set, anImageSet);
  const { source, pixels } = set;
  if (pixels instanceof Uint8Array) return pixels;
  if (pixels instanceof ArrayPixels) return pixels.copy(Array.from({ length: pixels.count }, (_, i) => i));
  throw new DataError(source, "is read from disk, and this needs it in memory; give it more with --memory");
}

/** Joins pixels without a copy; where one of them is on disk, the whole is read from disk. */
function joinPixels(parts: readonly Pixels[], sets: readonly ImageSet[], bytesEach: number): Pixels {
  const rows = parts.flatMap((pixels, i) =>
    Array.from({ length: sets[i].count }, (_, slot) =>
      pixels instanceof Uint8Array ? { home: pixels, slot } : pixels.row(slot),
    ),
  );
  if (areInArrays(rows)) return new ArrayPixels(bytesEach, rows);
  const reading = parts.find((pixels) => pixels instanceof PixelsOnDemand);
  if (reading === undefined) throw new Error("images in a file are in none of the sets that are joined");
  return reading.ofRows(bytesEach, rows);
}

/** The label maps of sets; undefined where none has any. @throws DataError where some have and some have not */
function mapsOf(sets: readonly ImageSet[]): readonly Pixels[] | undefined {
  const found = sets.flatMap(({ maps }) => maps ?? []);
  const without = sets.find(({ maps }) => maps === undefined);
  if (found.length === 0 || without === undefined) return found.length === 0 ? undefined : found;
  throw new DataError(without.source, "has no label maps, and the sets that it is joined with have");
}

const originsOf = ({ origins, source, count }: ImageSet): Origins =>
  origins ?? { names: [source], of: new Uint16Array(count) };

function joinOrigins(sets: readonly ImageSet[]): Origins {
  const all = sets.map(originsOf);
  const names = [...new Set(all.flatMap((each) => each.names))];
  const of = new Uint16Array(sets.reduce((sum, { count }) => sum + count, 0));
  let at = 0;
  for (const each of all) {
    const indices = each.names.map((name) => names.indexOf(name));
    for (const index of each.of) of[at++] = indices[index];
  }
  return { names, of };
}

const volumesOf = ({ voxelVolumes, count }: ImageSet): number[] =>
  Array.from(voxelVolumes ?? new Float64Array(count));

const patientsOf = ({ patients, count }: ImageSet): readonly (string | undefined)[] =>
  patients ?? Array<undefined>(count).fill(undefined);

/**
 * The same images with the label states of some of the classes only, in the given order.
 *
 * @throws ManifestError for a class that is not among `classes`
 */
export function restrict(set: ImageSet, classes: readonly string[], kept: readonly string[]): ImageSet {
  expectArgument("restrict", "the set", set, anImageSet);
  expectArgument("restrict", "the classes", classes, strings);
  expectArgument("restrict", "the classes to keep", kept, strings);
  const columns = kept.map((name) => {
    const column = classes.indexOf(name);
    if (column < 0) throw new ManifestError(set.source, "classes", `has no class "${name}"`);
    return column;
  });
  const states = Uint8Array.from(
    { length: set.count * kept.length },
    (_, at) => set.states[Math.floor(at / kept.length) * classes.length + columns[at % kept.length]],
  );
  return { ...set, states, ...(set.maps === undefined ? {} : { maps: restrictedMaps(set.maps, columns) }) };
}

/** Label maps with the numbers of the kept classes; where a pixel is of another, the background is. */
function restrictedMaps(maps: Pixels, columns: readonly number[]): Uint8Array {
  const held = mapsInMemory(maps);
  const numbers = Uint8Array.from({ length: 256 }, (_, value) => {
    const column = columns.indexOf(value);
    return column >= 0 ? column : value === ignored ? ignored : background;
  });
  return held.map((value) => numbers[value]);
}

/** [count, H, W] Label maps one after the other. They are a byte a pixel and stay in memory while images are streamed. */
export function mapsInMemory(maps: Pixels): Uint8Array {
  if (maps instanceof PixelsOnDemand) throw new Error("label maps are held in memory, and these are on disk");
  return maps instanceof ArrayPixels ? maps.copy(Array(maps.count).keys()) : maps;
}

function isLabelState(state: number): boolean {
  return state === negative || state === positive || state === absent || isSoft(state);
}

function hasLabels(set: ImageSet, column: number, classCount: number): boolean {
  for (let at = column; at < set.states.length; at += classCount) {
    if (set.states[at] !== absent) return true;
  }
  return false;
}

function describeSize(set: ImageSet): string {
  return `${set.height} x ${set.width} x ${set.channels}`;
}
