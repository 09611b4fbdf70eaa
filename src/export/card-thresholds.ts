// The thresholds of a model, for its card.

import { operatingRules } from "../metrics/operating-points.ts";
import { notesOfClasses } from "../labels/wording.ts";
import { markdownTable, markdownText } from "../report/markdown.ts";
import { shownThresholds, type KeptThresholds } from "../runs/kept-thresholds.ts";
import type { ModelRecord } from "../runs/model-record.ts";

/** Who chose, in words; whoever reads results on the same patients has to know. */
const patientsOf = (part: KeptThresholds["part"]): string =>
  part === undefined
    ? "validation patients"
    : `patients of part ${part}, so that results on these images are better than on others`;

/** A table of the classes, and what its numbers are. */
export function thresholdsText(record: ModelRecord & { readonly thresholds: KeptThresholds }): string {
  const { at, patients, part, byClass } = shownThresholds(record);
  const held = `${Number((100 * at).toPrecision(12))} %`;
  const words = { youden: "Youden", sensitivity: `sensitivity ${held}`, specificity: `specificity ${held}` };
  const cell = (value: number | null | undefined): string => value?.toPrecision(3) ?? "none";
  const rows = record.classes.map((name) => {
    const points = byClass[name];
    return [name, ...operatingRules.map((rule) => cell(points[rule]?.threshold))];
  });
  const columns = [
    { name: "class", align: "left" as const },
    ...operatingRules.map((rule) => ({ name: words[rule], align: "right" as const })),
  ];
  const notes = notesOfClasses(record.classes, (name) => byClass[name].note);
  return (
    `Probabilities above which an image is called positive, chosen on ${patients} ${patientsOf(part)} (an image without a patient counts ` +
    `as one; a patient's probability is the largest of the images'):\n\n${markdownTable(columns, rows)}` +
    notes.map((note) => `\n${markdownText(note)}\n`).join("")
  );
}
