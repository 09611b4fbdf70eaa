// Equal images that two sources outline in ways that exclude each other.

import { counted } from "../../errors/counted.ts";
import { exclusionBits, classWords, type ExclusiveGroups } from "../../labels/label-map.ts";
import type { FindingCase } from "./finding-kinds.ts";
import type { Group, OpenedList, Sighting } from "./sightings.ts";

/** A pair of classes that some pixels are given as both of, with the images of it. */
export interface OutlineConflict {
  readonly sentence: string;
  readonly cases: readonly FindingCase[];
}

/**
 * Pixels that one place gives as a class and another, with the same pixels, as a class that excludes it. Where annotators draw an edge a
 * little apart, that is such a pixel, too: the sentence has their number, and who reads it judges.
 */
export function outlineConflicts(
  classes: readonly string[],
  exclusive: ExclusiveGroups,
  lists: readonly OpenedList[],
  images: readonly Group[],
  named: (at: Sighting) => FindingCase["samples"][number],
): OutlineConflict[] {
  const bits = exclusionBits(exclusive, classes.length);
  const words = classWords(classes.length);
  const excludes = (a: number, b: number): boolean => ((bits[a * words + (b >> 5)] >>> (b & 31)) & 1) === 1;
  const found = new Map<
    string,
    { readonly pair: readonly [number, number]; pixels: number; cases: FindingCase[] }
  >();
  for (const group of images) {
    for (const [i, here] of group.entries()) {
      for (const there of group.slice(i + 1)) {
        const [a, b] = [here, there].map((at) => mapOf(lists, at));
        if (a === undefined || b === undefined || a.length !== b.length) continue;
        const seen = new Map<string, number>();
        for (const [pixel, label] of a.entries()) {
          const other = b[pixel];
          if (label >= classes.length || other >= classes.length || !excludes(label, other)) continue;
          const key = `${label} ${other}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
        }
        for (const [key, pixels] of seen) {
          const [first, second] = key.split(" ").map(Number);
          const known = found.get(key) ?? { pair: [first, second] as const, pixels: 0, cases: [] };
          known.pixels += pixels;
          known.cases.push({ class: classes[first], samples: [named(here), named(there)] });
          found.set(key, known);
        }
      }
    }
  }
  return [...found.values()].map(({ pair: [a, b], pixels, cases }) => ({
    sentence:
      `${counted(pixels, "pixel")} of ${counted(cases.length, "image")} ${pixels === 1 ? "is" : "are"} given as ${classes[a]} in one place and as ` +
      `${classes[b]}, which excludes it, in another.`,
    cases,
  }));
}

function mapOf(lists: readonly OpenedList[], { list, row }: Sighting): Uint8Array | undefined {
  const { masks, samples } = lists[list].list;
  if (masks === undefined) return undefined;
  const area = masks.maps.length / samples.length;
  return masks.maps.subarray(row * area, (row + 1) * area);
}
