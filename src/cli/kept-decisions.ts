// What `tessera predict --decide` decides by: thresholds that are kept with the model.

import { UsageError } from "../errors/errors.ts";
import { operatingNote, type OperatingRule } from "../metrics/operating-points.ts";
import { notesOfClasses } from "../report/class-notes.ts";
import { thresholdsBy } from "../runs/kept-thresholds.ts";
import type { ModelFile } from "../runs/model-file.ts";
import { say } from "./model-images.ts";

/**
 * Thresholds by class, null for a class without one, which is said.
 * @throws UsageError where the model has none by this rule
 */
export function decisionThresholds(
  run: string,
  { file, record }: ModelFile,
  rule: OperatingRule,
  options: { readonly quiet: boolean },
): (number | null)[] {
  const { classes, thresholds } = record;
  const found = thresholdsBy(rule, record);
  if (thresholds === undefined || found === undefined) {
    const why = thresholds === undefined ? "no thresholds" : `no threshold by ${rule} of any class`;
    throw new UsageError(
      `--decide: ${file} has ${why}, which validation images choose; choose them with ` +
        `tessera calibrate ${run} MANIFEST --only thresholds, whose manifest has ten patients of each kind under validation`,
    );
  }
  const noteOf = (name: string): string | null => {
    const k = classes.indexOf(name);
    return found[k] === null ? operatingNote(thresholds.byClass[k]) : null;
  };
  for (const line of notesOfClasses(classes, noteOf)) say(options, `not decided: ${line}`);
  return found;
}
