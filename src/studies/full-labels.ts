// The upper bound of a study: the same images with all their labels, where the manifest's files have them.

import { expectArgument } from "../errors/arguments.ts";
import { taughtSources } from "../assemble/absent-policy.ts";
import { anAssembly, mapsInMemory, type Assembly, type ImageSet } from "../data/assembly/assembly.ts";
import type { Manifest } from "../assemble/training-manifest.ts";
import { formatOf } from "../data/formats/formats.ts";
import { background, ignored } from "../labels/label-map.ts";
import { absent } from "../labels/states.ts";
import { insideOf } from "../data/manifest/mask-checks.ts";
import { meaningsOf } from "../data/manifest/mask-fields.ts";
import type { SourceEntry } from "../data/manifest/entry-schema.ts";
import { aManifest } from "../data/manifest/manifest.ts";

/** The manifest with sources that know all classes, or the reason why the truth is not known. */
export function fullLabels(manifest: Manifest): Manifest | string {
  expectArgument("fullLabels", "the manifest", manifest, aManifest);
  const { classes, sources } = manifest;
  const other = sources.find((source) => !isExhaustive(source, manifest));
  if (other !== undefined) {
    return manifest.task === "segmentation"
      ? `the masks of source "${other.name}" have no number for some of the classes.`
      : `source "${other.name}" says what its images show, and not what else they do not.`;
  }
  return { ...manifest, sources: sources.map((source) => ({ ...source, knows: [...classes] })) };
}

/** Whether a source's files have the labels of all classes: in masks, each class must have a number, or what is inside a word. */
function isExhaustive(source: SourceEntry, { task, classes }: Manifest): boolean {
  if (task === "classification") return formatOf(source).exhaustive;
  const meanings = meaningsOf(source);
  if (meanings === undefined) return insideOf(source) !== undefined || formatOf(source).exhaustive;
  const named = new Set(meanings.values());
  return classes.every((name) => named.has(name));
}

/** Whether every absent label is in truth negative: then taking absent labels for negatives gives the full labels. */
export function absentIsNegative(given: Assembly, full: Assembly): boolean {
  expectArgument("absentIsNegative", "the given images", given, anAssembly);
  expectArgument("absentIsNegative", "the images with full labels", full, anAssembly);
  return taughtSources(given.sources, { absent: "negative" }).every(({ states }, s) =>
    states.every((state, at) => state === full.sources[s].states[at]),
  );
}

/** What is wrong with full labels: other images, labels left absent, or given labels changed; undefined if nothing is. */
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
    const other = otherOutlines(given.sources[s], truth, given.classes);
    if (other !== undefined) return `with all labels, source "${source}" has other outlines of ${other}.`;
  }
  return undefined;
}

/** What full label maps say otherwise than the given ones: a class, or the pixels that are left out; undefined if nothing. */
function otherOutlines(given: ImageSet, full: ImageSet, classes: readonly string[]): string | undefined {
  if (given.maps === undefined || full.maps === undefined) return undefined;
  const pixels = given.height * given.width;
  const [own, whole] = [mapsInMemory(given.maps), mapsInMemory(full.maps)];
  for (const [at, label] of own.entries()) {
    const there = whole[at];
    if (there === label) continue;
    if (label === ignored || there === ignored) return "what nobody labelled";
    if (label !== background) return classes[label];
    // The given background of an image holds the classes that its source does not outline.
    const isKnown = given.states[Math.floor(at / pixels) * classes.length + there] !== absent;
    if (isKnown) return classes[there];
  }
  return undefined;
}
