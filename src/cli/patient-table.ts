// Which patients are found, as a table for the terminal.

import Table from "cli-table3";
import type { PatientResults } from "../assemble/patient-metrics.ts";
import type { Proportion } from "../metrics/detections.ts";
import { notesOfClasses } from "../labels/wording.ts";
import { plainTable, showAuc, showInterval } from "../report/tables.ts";

/**
 * Which patients are found, at the thresholds of validation patients.
 * @param thresholdsFrom whose patients those are: the model's own run's, or of the manifest; null where there are none
 */
export function patientTable(
  { byClass, specificity, level, areaUnit }: PatientResults,
  classes: readonly string[],
  thresholdsFrom: "run" | "validation images" | null,
): string {
  const interval = `${Math.round(100 * level)} % interval`;
  const head = ["class", "with", "without", "AUC", interval, "threshold"];
  // Of a segmenter, whose pixels say how large and where.
  const hasPixels = areaUnit !== undefined;
  if (hasPixels) head.splice(-1, 0, "AUC by area");
  head.push("sensitivity", interval, "specificity", interval, ...(hasPixels ? ["located"] : []));
  const colAligns = head.map((_, i) => (i === 0 ? ("left" as const) : ("right" as const)));
  const table = new Table({ ...plainTable, head, colAligns });
  const rate = (of: Proportion | null): string[] =>
    of?.rate == null ? ["-", "-"] : [of.rate.toFixed(3), showInterval({ interval: of.interval, note: null })];
  for (const name of classes) {
    const found = byClass[name];
    const { located, threshold } = found;
    table.push([
      ...[name, String(found.positives), String(found.negatives)],
      ...[
        showAuc(found.auc.value),
        showInterval(found.auc),
        ...(hasPixels ? [showAuc(found.areaAuc ?? null)] : []),
        threshold === null ? "-" : threshold.toPrecision(3),
      ],
      ...[...rate(found.sensitivity), ...rate(found.specificity)],
      ...(hasPixels ? [located === null ? "-" : `${located.hits} of ${located.of}`] : []),
    ]);
  }
  // 100 x 0.58 is not quite 58.
  const held = `${Number((100 * specificity).toPrecision(12))} %`;
  const notes = notesOf(classes, (name) => byClass[name].note);
  return [
    thresholdsFrom === null
      ? "Patients: found or not; without thresholds there is the AUC alone."
      : `Patients: found or not, at thresholds that hold a specificity of ${held} on the validation patients${thresholdsFrom === "run" ? " of the run (its summary.json)" : ""}.`,
    hasPixels
      ? `By area: how well patients are ranked by what is predicted in all of their images, in ${areaUnit}.`
      : "A patient's score of a class is the largest of the images'.",
    table.toString(),
    ...notes,
  ].join("\n");
}

/** The most notes below a table. */
const mostNotes = 5;

/** Lines below a table. */
export function notesOf(classes: readonly string[], noteOf: (name: string) => string | null): string[] {
  const lines = notesOfClasses(classes, noteOf).map((line) => `  ${line}`);
  const rest = lines.length - mostNotes;
  return [...lines.slice(0, mostNotes), ...(rest > 0 ? [`  and ${rest} more (see --json)`] : [])];
}
