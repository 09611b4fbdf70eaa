// What `tessera predict --decide` decides by: thresholds that are kept with the model.

import { UsageError } from "../errors/errors.ts";
import { counted } from "../errors/counted.ts";
import { shellWord } from "../errors/shell-words.ts";
import { operatingNote, operatingRules, type OperatingRule } from "../metrics/operating-points.ts";
import { notesOfClasses } from "../labels/wording.ts";
import { thresholdsBy, type KeptThresholds } from "../runs/kept-thresholds.ts";
import type { ModelFile } from "../runs/model-file.ts";
import type { ModelRecord } from "../runs/model-record.ts";
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
    const why =
      thresholds === undefined
        ? "no thresholds, which validation images choose"
        : `no threshold by ${rule} of any class (${whyNone(record, thresholds)})`;
    throw new UsageError(
      `--decide: ${file} has ${why}; choose them with ` +
        `tessera calibrate ${shellWord(run)} MANIFEST --only thresholds, whose manifest has ten patients of each kind under validation`,
    );
  }
  const noteOf = (name: string): string | null => {
    const k = classes.indexOf(name);
    return found[k] === null ? operatingNote(thresholds.byClass[k], thresholds.part) : null;
  };
  for (const line of notesOfClasses(classes, noteOf)) say(options, `not decided: ${line}`);
  if (thresholds.part !== undefined) {
    process.stderr.write(
      `warning: the thresholds were chosen on part ${thresholds.part}, so that decisions on its images look better than on others\n`,
    );
  }
  return found;
}

/** Who would have chosen, and the rules that have thresholds. */
function whyNone(record: ModelRecord, { part, byClass }: KeptThresholds): string {
  const { classes } = record;
  const counts = notesOfClasses(classes, (name) => {
    const { positives, negatives } = byClass[classes.indexOf(name)];
    return `${part ?? "validation"} has ${counted(positives, "patient")} with it and ${negatives.toLocaleString("en")} without`;
  });
  const others = operatingRules.filter((rule) => thresholdsBy(rule, record) !== undefined);
  const instead = others.map((rule) => `--decide ${rule}`).join(" or ");
  return `${counts.join("; ")}${instead === "" ? "" : `; ${instead} has thresholds`}`;
}

/** By what was decided, of what, and what stays blank: one line for the end. */
export function decidedLine(
  rule: OperatingRule,
  { classes, thresholds: kept }: ModelRecord,
  found: readonly (number | null)[],
): string {
  const blank = classes.filter((_, k) => found[k] === null);
  const rate =
    kept === undefined || rule === "youden" ? "" : ` of ${Number((100 * kept.at).toPrecision(12))} %`;
  const who =
    kept === undefined ? "" : `, chosen on ${counted(kept.patients, `${kept.part ?? "validation"} patient`)}`;
  return (
    `decided by ${rule}${rate}${who}: ${counted(classes.length - blank.length, "class", "classes")}; ` +
    (blank.length === 0 ? "none stays blank" : `blank: ${blank.join(", ")}`)
  );
}
