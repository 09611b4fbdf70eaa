// Checks that a manifest's classes are known to a source and have a label to train on, once everything is listed.
import { nearest } from "../../errors/nearest.ts";
import { nearMatch } from "../../labels/wording.ts";
import { absent } from "../../labels/states.ts";
import type { DataManifest } from "../manifest/manifest.ts";
import type { ListedEntry } from "./listed-entry.ts";
import type { Part } from "./listing.ts";
import { listLabels } from "./mapping.ts";
import { knownOf } from "./tree-labels.ts";

/** Images of one part, as far as their labels are counted. */
interface LabelledList {
  readonly part: Part;
  readonly samples: readonly unknown[];
  /** [samples, K] */
  readonly states: Uint8Array;
}

/** A listed entry, and what it can teach. */
interface Teaching {
  readonly item: ListedEntry;
  /** [K] The number of training images with a label, before any limit. */
  readonly labelled: Uint32Array;
}

/** Adds the number of rows of `states` that have a label, by class. */
export function countLabels(rows: Iterable<number>, states: Uint8Array, sums: Uint32Array): void {
  for (const row of rows) {
    for (let k = 0; k < sums.length; k++) if (states[row * sums.length + k] !== absent) sums[k]++;
  }
}

/** Checks that each class has a label to train on. */
export function refuseUntaughtClasses(
  manifest: DataManifest,
  lists: readonly LabelledList[],
  made: readonly Teaching[],
): void {
  const taught = new Uint32Array(manifest.classes.length);
  for (const { part, samples, states } of lists) {
    if (part === "train") countLabels(samples.keys(), states, taught);
  }
  for (const [k, name] of manifest.classes.entries()) {
    if (taught[k] > 0 || !manifest.learns(name)) continue;
    const some = made.find(({ labelled }) => labelled[k] > 0);
    const sources = made.filter(
      ({ item }) => item.role === "source" && knownOf(item.mapping, manifest.parents)[k],
    );
    const names = sources.map(({ item }) => `"${item.entry.name}"`).join(", ");
    throw manifest.complain(
      ["classes", k],
      some === undefined
        ? `names "${name}", but no training image has a label of it: in ${names}, filters and splits leave out all ` +
            "that do, or all that are left are uncertain, blank, or not looked at yet"
        : `names "${name}", but no training image has a label of it: ${describeLimit(some.item)} kept none of the ` +
            `${some.labelled[k]} of "${some.item.entry.name}" that do; raise it`,
    );
  }
}

function describeLimit({ entry, drawing }: ListedEntry): string {
  if (drawing.limit === Infinity) return "limitPerClass";
  return `${drawing.byOption ? "--limit" : "the limit"} of ${drawing.limit}${entry.limitPerClass === undefined ? "" : " or limitPerClass"}`;
}

/** Checks that a source knows each class, since nothing could be learned of it otherwise, and that limits name known classes. */
export function refuseUnknownClasses(manifest: DataManifest, listed: readonly ListedEntry[]): void {
  const { classes } = manifest;
  const sources = listed.filter(({ role }) => role === "source");
  for (const [k, name] of classes.entries()) {
    if (sources.some(({ mapping }) => knownOf(mapping, manifest.parents)[k]) || !manifest.learns(name))
      continue;
    const labels = [...new Set(sources.flatMap(({ listing }) => listing.labelNames))];
    const near = nearMatch(name, labels) ?? nearest(name, labels);
    throw manifest.complain(
      ["classes", k],
      `names "${name}", but no source knows it: no label of a source is called so or mapped to it; ` +
        `${listLabels(labels, "the labels")}${near === undefined ? "" : `; did you mean "${near}"?`}`,
    );
  }
  for (const { path, entry, mapping } of listed) {
    if (typeof entry.limitPerClass !== "object") continue;
    for (const name of Object.keys(entry.limitPerClass)) {
      if (knownOf(mapping, manifest.parents)[classes.indexOf(name)]) continue;
      throw manifest.complain(
        [...path, "limitPerClass", name],
        `limits "${name}", which "${entry.name}" has no labels of`,
      );
    }
  }
}
