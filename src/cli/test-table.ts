// What a run came to on its test images, as a table.

import type { ImageSet } from "../data/assembly/assembly.ts";
import { counted } from "../errors/counted.ts";
import { negative, positive } from "../labels/states.ts";
import { unpredictedNote } from "../report/class-notes.ts";
import { aucTable, intervalNotes, showAuc, showInterval } from "../report/tables.ts";
import type { Overlaps } from "../metrics/overlap.ts";
import type { Summary } from "../runs/summary.ts";

/** The most sources that a table on a terminal has room for; summary.json has all of them. */
export const mostSources = 4;

export interface Tested {
  readonly classes: readonly string[];
  readonly test: Pick<ImageSet, "count" | "states">;
  /** Of a segmenter, by test image and class. */
  readonly overlaps?: Overlaps | undefined;
}

/**
 * AUC of each class with its interval; of a segmenter Dice and IoU of its pixels first, and the AUC of its scores of whole images.
 * Where there are several sources, each has a column: AUC, or Dice.
 */
export function testTable(
  {
    auc,
    meanAuc,
    overlap,
    intervals,
    sources,
  }: Pick<Summary, "auc" | "meanAuc" | "overlap" | "intervals" | "sources">,
  { classes, test, overlaps }: Tested,
): string {
  const ofPixels =
    overlap === undefined
      ? []
      : [
          {
            name: "Dice",
            cell: (name: string) => showAuc(overlap.dice[name]),
            mean: showAuc(overlap.meanDice),
          },
          { name: "IoU", cell: (name: string) => showAuc(overlap.iou[name]), mean: showAuc(overlap.meanIou) },
        ];
  const columns = [
    ...ofPixels,
    {
      name: "AUC",
      cell: (name: string) => showAuc(auc[name]),
      mean: showAuc(meanAuc),
    },
  ];
  if (intervals !== null) {
    columns.push({
      name: `${overlap === undefined ? "" : "AUC's "}${Math.round(100 * intervals.level)} % interval`,
      cell: (name) => showInterval(intervals.byClass[name]),
      mean: showInterval(intervals.mean),
    });
  }
  const each = Object.entries(sources ?? {});
  if (each.length > 1 && each.length <= mostSources) {
    for (const [name, own] of each) {
      columns.push(
        overlap === undefined
          ? { name: `AUC in ${name}`, cell: (of) => showAuc(own.auc[of]), mean: showAuc(own.meanAuc) }
          : {
              name: `Dice in ${name}`,
              cell: (of) => showAuc(own.overlap?.dice[of]),
              mean: showAuc(own.overlap?.meanDice),
            },
      );
    }
  }
  const images = `Over ${counted(test.count, "test image")}`;
  const unpredicted = overlaps && unpredictedNote(overlaps, classes);
  return [
    overlap === undefined
      ? `${images}:`
      : `${images}: Dice and IoU of all labelled pixels together, and AUC of whether an image shows the class.`,
    aucTable(classes, columns),
    ...classes.flatMap((name, k) => (auc[name] === null ? [`  ${name}: ${whyNoAuc(test, k, classes)}`] : [])),
    ...(unpredicted === undefined ? [] : [unpredicted]),
    ...(intervals === null ? [] : [intervalNotes(intervals)].filter((text) => text !== "")),
  ].join("\n");
}

/** Which kind of label the test images lack. */
function whyNoAuc({ states }: Tested["test"], k: number, { length }: readonly string[]): string {
  const own = states.filter((_, at) => at % length === k);
  const lacking = (state: number): boolean => !own.includes(state);
  const what =
    lacking(positive) && lacking(negative)
      ? "labelled"
      : lacking(positive)
        ? "labelled as positive"
        : "labelled as negative";
  return `AUC is undefined, since no test image is ${what}`;
}
