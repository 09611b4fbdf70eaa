// The upper bound of a study: the same images with every label, where a manifest's files have them.

import { taughtSources } from "../assemble/absent-policy.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import type { Manifest } from "../data/manifest/manifest.ts";
import { absent } from "../labels/states.ts";

/**
 * Formats in which every image is of exactly one of the classes that the file counts, or is labelled for all: what is not
 * named is not there. The folders of a `folder` are those that somebody made, and what else its images show nobody says.
 */
const whole = ["idx", "cifar", "medmnist", "phantoms", "chestxray14"];

/** The manifest with sources that know all classes, or why the truth is not known. */
export function fullLabels(manifest: Manifest): Manifest | string {
  const { classes, sources } = manifest;
  const other = sources.find(({ format }) => !whole.includes(format));
  if (other !== undefined) {
    return `source "${other.name}" says what its images show, and not what else they do not.`;
  }
  return { ...manifest, sources: sources.map((source) => ({ ...source, knows: [...classes] })) };
}

/** Whether every label that is absent is in truth negative, so that to take it for negative is to know it. */
export function absentIsNegative(given: Assembly, full: Assembly): boolean {
  return taughtSources(given.sources, { absent: "negative" }).every(({ states }, s) =>
    states.every((state, at) => state === full.sources[s].states[at]),
  );
}

/** Why full labels are not of the same images, or leave labels absent or change given ones; undefined if they are whole. */
export function fullLabelsProblem(given: Assembly, full: Assembly): string | undefined {
  for (const [s, { source, count, states }] of given.sources.entries()) {
    const truth = full.sources.at(s);
    if (truth?.source !== source || truth.count !== count) {
      return `with all labels, source "${source}" has other images.`;
    }
    for (const [at, state] of states.entries()) {
      const name = given.classes[at % given.classes.length];
      if (truth.states[at] === absent) return `source "${source}" has no label of ${name} on some images.`;
      if (state !== absent && state !== truth.states[at]) {
        return `with all labels, source "${source}" has other labels of ${name}.`;
      }
    }
  }
  return undefined;
}
