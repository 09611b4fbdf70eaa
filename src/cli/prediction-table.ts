// The table that `tessera predict` writes of a classifier: a row for each image, with columns for each class.

import { columnsApart } from "../runs/class-columns.ts";
import { csvText } from "../files/csv-text.ts";
import { replaceOutput } from "./terminal/output-files.ts";
import { placeOf } from "../labels/wording.ts";
import { targetOf } from "../labels/states.ts";
import { matchClasses, type ModelOptions, type NamedManifest, type PartImages } from "./model-images.ts";
import type { PredictOptions } from "./predict-options.ts";
import { identity, showLogits, showProbabilities } from "./prediction-cells.ts";

/** The other columns of a table, and an image's cells in them. */
export interface PredictionColumns {
  /** Of each class, in order; told apart from the other columns where a class is called like one. */
  readonly byClass: ReadonlyMap<string, readonly string[]>;
  /** @param states of the image, by class of the manifest. @param logits by class of the model */
  readonly cells: (states: Uint8Array, logits: Float32Array) => readonly string[];
}

/**
 * A column for each class of the model, and with thresholds another one beside it: 1 where the logit is above its threshold, 0 where it is
 * not, blank for a class without one.
 * @param thresholds by class, logits as predictions are
 */
export function predictedColumns(
  classes: readonly string[],
  options: PredictOptions,
  thresholds?: readonly (number | null)[],
): PredictionColumns {
  const show = options.logits ? showLogits : showProbabilities;
  if (thresholds === undefined) {
    return { byClass: byClassOf(classes, (name) => [name]), cells: (_, logits) => show(logits) };
  }
  const decided = (logit: number, threshold: number | null): string =>
    threshold === null ? "" : logit > threshold ? "1" : "0";
  return {
    byClass: byClassOf(classes, (name) => [name, `${name} positive`]),
    cells: (_, logits) => show(logits).flatMap((cell, k) => [cell, decided(logits[k], thresholds[k])]),
  };
}

/** Two columns for each class of the manifest: the value, and whether it is given or predicted; both empty if neither. */
export function completedColumns(
  classes: readonly string[],
  { manifest }: NamedManifest,
  options: ModelOptions,
): PredictionColumns {
  matchClasses(classes, manifest.classes, options);
  const places = manifest.classes.map(placeOf(classes));
  return {
    byClass: byClassOf(manifest.classes, (name) => [name, `${name} is`]),
    cells: (states, logits) => {
      const probabilities = showProbabilities(logits);
      return places.flatMap((place, k) => {
        const label = targetOf(states[k]);
        if (label !== undefined) return [String(label), "given"];
        return place < 0 ? ["", ""] : [probabilities[place], "predicted"];
      });
    },
  };
}

function byClassOf(
  classes: readonly string[],
  columnsOf: (name: string) => readonly string[],
): PredictionColumns["byClass"] {
  const apart = columnsApart(identity, classes, columnsOf);
  return new Map(classes.map((name, k) => [name, apart[k]]));
}

/** Writes the table whole or not at all. @throws UsageError */
export async function writeTable(
  out: string,
  { byClass, cells }: PredictionColumns,
  loaded: readonly PartImages[],
  logits: readonly Float32Array[],
): Promise<void> {
  await replaceOutput("--out", out, async (handle) => {
    await handle.writeFile(csvText([[...identity, ...[...byClass.values()].flat()]]));
    for (const [i, { source, part, samples, set }] of loaded.entries()) {
      const [labels, outputs] = [set.states, logits[i]].map(({ length }) => length / set.count);
      const rows = samples.map(({ id, patient }, row) => {
        const states = set.states.subarray(row * labels, (row + 1) * labels);
        const own = logits[i].subarray(row * outputs, (row + 1) * outputs);
        return [source, part ?? "", id, patient ?? "", ...cells(states, own)];
      });
      await handle.writeFile(csvText(rows));
    }
  });
}
