// Label maps: which class a pixel of an image is of. A map is bytes [H, W]: the number of a class, `background`, or `ignored`.
// What is known of an image's pixels follows from the image's label states: a class whose state is absent was never outlined.

import { bytes, expectArgument, wholeFrom, type Requirement } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { absent } from "./states.ts";

/** A pixel of none of the classes that the image's source outlines. */
export const background = 254;
/** A pixel that nobody labelled: it takes part in no loss and in no metric. */
export const ignored = 255;
/**
 * The numbers in files that are written for people and other programs: 0 background, as most have it, class k as k + 1, and
 * ignored as here.
 */
export const filed = { background: 0, ignored: 255 } as const;

/** A label map in the numbers of files. */
export const filedNumbers = (map: Uint8Array): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(map, (label) =>
    label === background ? filed.background : label === ignored ? filed.ignored : label + 1,
  );

/** Classes that a map can tell apart. */
export const mostMapClasses = 254;

/** Classes of which a pixel has at most one, by number: groups of two or more. */
export type ExclusiveGroups = readonly (readonly number[])[];

/** The groups by the numbers that some of the classes have by themselves; undefined where none of two or more is left. */
export function keptGroups(
  groups: ExclusiveGroups,
  classes: readonly string[],
  kept: readonly string[],
): ExclusiveGroups | undefined {
  const left = groups
    .map((group) => group.map((k) => kept.indexOf(classes[k])).filter((k) => k >= 0))
    .filter((group) => group.length > 1);
  return left.length === 0 ? undefined : left;
}

/** Words of 32 bits that hold a bit for each class: class k is bit k % 32 of word floor(k / 32). */
export const classWords = (classes: number): number => Math.ceil(classes / 32);

const someClasses = wholeFrom(1);
export const exclusiveGroups: Requirement = {
  words: "a list of lists of class numbers",
  fits: (value) =>
    Array.isArray(value) &&
    value.every((group) => Array.isArray(group) && group.every((k) => wholeFrom(0).fits(k))),
};

/**
 * Which classes each image's map knows, one bit a class: class k is bit k % 32 of word floor(k / 32).
 *
 * @param states [N, K] label states: all but absent ones are known
 * @returns [N, W], W = ceil(K / 32)
 * @throws UsageError where the states are not those of K classes
 */
export function knownBits(states: Uint8Array, classes: number): Uint32Array {
  expectArgument("knownBits", "the label states", states, bytes);
  expectArgument("knownBits", "the number of classes", classes, someClasses);
  const words = classWords(classes);
  const images = states.length / classes;
  if (!Number.isInteger(images)) {
    throw new UsageError(`knownBits: ${states.length} label states are not those of ${classes} classes`);
  }
  const bits = new Uint32Array(images * words);
  for (let n = 0; n < images; n++) {
    for (let k = 0; k < classes; k++) {
      if (states[n * classes + k] !== absent) bits[n * words + (k >> 5)] |= 1 << (k & 31);
    }
  }
  return bits;
}

/**
 * Which classes a pixel of each class cannot be of, one bit a class, as `knownBits` has them.
 *
 * @param groups classes of which a pixel has at most one, by number
 * @returns [K, W], W = ceil(K / 32)
 * @throws UsageError for the number of a class that there is not
 */
export function exclusionBits(groups: ExclusiveGroups, classes: number): Uint32Array {
  expectArgument("exclusionBits", "the groups", groups, exclusiveGroups);
  expectArgument("exclusionBits", "the number of classes", classes, someClasses);
  const beyond = groups.flat().find((k) => k >= classes);
  if (beyond !== undefined) {
    throw new UsageError(
      `exclusionBits: the groups have the number ${beyond}, and there are ${classes} classes`,
    );
  }
  const words = classWords(classes);
  const bits = new Uint32Array(classes * words);
  for (const group of groups) {
    for (const k of group) {
      for (const other of group) {
        if (other !== k) bits[k * words + (other >> 5)] |= 1 << (other & 31);
      }
    }
  }
  return bits;
}
