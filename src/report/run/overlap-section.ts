// What a segmenter's pixels came to: Dice and IoU by class with intervals over patients, and each patient's Dice as a figure.

import { counted } from "../../errors/counted.ts";
import type { Estimate, TestOverlap } from "../../assemble/overlap-metrics.ts";
import { overlapScores, sumsByPatient } from "../../metrics/overlap.ts";
import type { RunContents } from "../../runs/run-contents.ts";
import type { Summary } from "../../runs/summary.ts";
import type { TestOverlaps } from "../../runs/test-overlaps.ts";
import type { TestPredictions } from "../../runs/test-predictions.ts";
import { median } from "../../runtime/median.ts";
import { unpredictedNote } from "../class-notes.ts";
import { notesOfClasses } from "../../labels/wording.ts";
import { dotPlot, type DotRow } from "../figures/dots.ts";
import type { Markup } from "../html/markup.ts";
import { fixed, interval, none, whole } from "../html/number-text.ts";
import { note, table, type Figure } from "../html/page.ts";

/** Tables by class and by source; nothing for a run that is not of a segmenter. */
export function overlapResults({ summary, classes, overlaps }: RunContents): Markup[] {
  if (summary?.overlap === undefined) return [];
  const { overlap, overlapIntervals: found } = summary;
  if (found === undefined) {
    return [
      table({
        caption: "Over all labelled pixels of the test images together",
        head: ["class", "Dice", "IoU"],
        rows: classes.map((name) => [name, fixed(overlap.dice[name], 4), fixed(overlap.iou[name], 4)]),
        foot: [["mean", fixed(overlap.meanDice, 4), fixed(overlap.meanIou, 4)]],
      }),
    ];
  }
  const level = `${Math.round(100 * found.level)} % interval`;
  const pooled = (of: TestOverlap["mean"]): string[] => [...cells(of.dice), ...cells(of.iou)];
  const hidden = classes.filter((name) => found.byClass[name].dice.value === null);
  return [
    table({
      caption: "Over all labelled pixels of the test images together",
      head: ["class", "Dice", level, "IoU", level],
      rows: classes.map((name) => [name, ...pooled(found.byClass[name])]),
      foot: [["mean", ...pooled(found.mean)]],
    }),
    table({
      caption:
        "By patient: the mean Dice of those with pixels of the class; how many have it and no pixel of it left; how many others have some of it predicted, and how many pixels in the mean",
      head: ["class", "patients", "Dice", level, "vanished", "others", "with false area", "its pixels"],
      rows: classes.map((name) => {
        const { patients, patientDice, vanished, falseArea } = found.byClass[name];
        return [
          ...[name, whole(patients), ...cells(patientDice)],
          ...[vanished === undefined ? none : whole(vanished), whole(falseArea.patients)],
          falseArea.patients === 0 ? none : whole(falseArea.withAny),
          fixed(falseArea.meanPixels, 1),
        ];
      }),
      foot: [["mean", "", ...cells(found.mean.patientDice), "", "", "", ""]],
    }),
    note(
      `Intervals: bootstrap over ${counted(found.patients, "patient")} (an image without a patient counts as one), ` +
        `${whole(found.resamples)} resamples, percentiles. Pixels that nobody labelled, and classes that an image's source does ` +
        "not outline, are left out. Vanished: patients whose masks show the class, and of whom no pixel of it is left at the size that " +
        "the network sees; they are in no Dice and are no others.",
    ),
    ...notesOfClasses(classes, (name) => {
      const { value, note: text } = found.byClass[name].dice;
      return value === null ? null : text;
    }).map((text) => note(text)),
    ...(hidden.length === 0
      ? []
      : [
          note(
            `${none}: no labelled test image shows the class. Means leave these out: ${hidden.join(", ")}.`,
          ),
        ]),
    ...[overlaps && unpredictedNote(overlaps, classes)].flatMap((text) =>
      text === undefined ? [] : [note(text)],
    ),
    ...bySource(summary, classes),
  ];
}

/** A number and its interval; notes below the table say why there is none. */
const cells = (of: Estimate): string[] => [fixed(of.value, 4), interval(of.interval, 3)];

function bySource({ sources }: Summary, classes: readonly string[]): Markup[] {
  const each = Object.entries(sources ?? {});
  if (each.length < 2) return [];
  return [
    table({
      caption: "Dice by source of the test images",
      head: ["class", ...each.map(([name]) => name)],
      rows: classes.map((name) => [name, ...each.map(([, { overlap }]) => fixed(overlap?.dice[name], 4))]),
      foot: [
        ["mean", ...each.map(([, { overlap }]) => fixed(overlap?.meanDice, 4))],
        ["images", ...each.map(([, { images }]) => whole(images))],
      ],
    }),
  ];
}

/** Each patient's Dice; undefined where there are no counts, or no patient has a class. */
export function patientDiceFigure(
  { states }: TestPredictions,
  overlaps: TestOverlaps,
  { byClass }: TestOverlap,
  classes: readonly string[],
): Figure | undefined {
  const patients = overlaps.images.map(({ patient }) => (patient === "" ? undefined : patient));
  const sums = sumsByPatient("patientDiceFigure", overlaps, states, classes, patients);
  const rows = classes.flatMap((name, k): DotRow[] => {
    const values = Array.from({ length: sums.count }, (_, patient) => {
      const at = patient * classes.length + k;
      return overlapScores(sums.given[at], sums.predicted[at], sums.both[at]).dice;
    }).filter((value) => value !== null);
    const { value, interval: range, note: reason } = byClass[name].patientDice;
    return value === null ? [] : [{ name, values, mean: value, interval: range, reason, leftOut: [] }];
  });
  return dotPlot({
    ...{
      id: "patient-dice",
      title: "Dice by class and patient",
      axis: "Dice",
      value: "Dice",
      differences: false,
    },
    ...{ dots: ["patient", "patients"], parts: [{ rows }] },
    text: "Dice of each test patient who has the class, over all images of the patient; 1 is a perfect outline.",
    table: {
      head: ["class", "patients", "mean", "95 % interval", "lowest", "median", "highest"],
      rows: rows.map(({ name, values, mean, interval: range }) => {
        const sorted = values.toSorted((a, b) => a - b);
        return [
          ...[name, whole(values.length), fixed(mean, 4), interval(range, 4)],
          ...[sorted[0], median(sorted), sorted[sorted.length - 1]].map((value) => fixed(value, 4)),
        ];
      }),
    },
  });
}
