// What a run came to on its test images, as a table.

import { aucTable, intervalNotes, showAuc, showInterval } from "../report/tables.ts";
import type { Summary } from "../runs/summary.ts";

/** The most sources that a table on a terminal has room for; summary.json has all of them. */
export const mostSources = 4;

/**
 * AUC of each class with its interval, and in each source where there are several; of a segmenter Dice and IoU of its pixels
 * first, and the AUC of its scores of whole images.
 */
export function testTable(
  {
    auc,
    meanAuc,
    overlap,
    intervals,
    sources,
  }: Pick<Summary, "auc" | "meanAuc" | "overlap" | "intervals" | "sources">,
  classes: readonly string[],
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
      name: `${Math.round(100 * intervals.level)} % interval`,
      cell: (name) => showInterval(intervals.byClass[name]),
      mean: showInterval(intervals.mean),
    });
  }
  const each = Object.entries(sources ?? {});
  if (each.length > 1 && each.length <= mostSources) {
    for (const [name, own] of each) {
      columns.push({ name, cell: (of) => showAuc(own.auc[of]), mean: showAuc(own.meanAuc) });
    }
  }
  const notes = intervals === null ? "" : intervalNotes(intervals);
  return `${aucTable(classes, columns)}${notes === "" ? "" : `\n${notes}`}`;
}
