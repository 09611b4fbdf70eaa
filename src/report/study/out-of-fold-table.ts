// What a cross-validation came to over all its folds, as a table.

import { measureNames, measures } from "../../metrics/measures.ts";
import { counted } from "../../errors/counted.ts";
import type { OutOfFold } from "../../studies/scores.ts";
import { showInterval, showNumber } from "../../studies/study-numbers.ts";
import { left, right, type Cells } from "./cells.ts";

export interface OutOfFoldTable extends Cells {
  /** What the columns are, and why intervals are missing, a sentence each. */
  readonly words: readonly string[];
}

export function outOfFoldCells({
  folds,
  images,
  patients,
  level,
  resamples,
  classes,
  mean,
}: OutOfFold): OutOfFoldTable {
  const further = measureNames.filter((name) => (mean.further?.[name]?.foldMean ?? null) !== null);
  const overFolds = ({
    foldMean,
    foldDeviation,
    byFold,
  }: Pick<OutOfFold["mean"], "foldMean" | "foldDeviation" | "byFold">): string => {
    const defined = byFold.filter((value) => value !== null).length;
    const spread = foldDeviation === null ? "" : ` ± ${showNumber(foldDeviation)}`;
    return foldMean === null ? "-" : `${showNumber(foldMean)}${spread} (${defined})`;
  };
  const cells = (of: OutOfFold["mean"]): string[] => [
    ...further.map((name) => (of.further?.[name] === undefined ? "-" : overFolds(of.further[name]))),
    overFolds(of),
    of.interval === null ? "-" : showInterval(of.interval),
    of.joined === null ? "-" : showNumber(of.joined),
  ];
  const share = `${Math.round(100 * level)} %`;
  return {
    columns: [
      left("class"),
      ...[
        "positive",
        "negative",
        ...further.map((name) => measures[name].name),
        further.length === 0 ? "AUC" : "AUC of images",
        `its ${share} interval`,
        "in one list",
      ].map(right),
    ],
    rows: [
      ...classes.map((each) => [each.class, String(each.positive), String(each.negative), ...cells(each)]),
      ["mean", "", "", ...cells(mean)],
    ],
    words: [
      `Over ${counted(images, "image")} of ${counted(patients, "patient")}, each predicted by the model of the other folds of ${folds}. ` +
        "Values are the mean over folds of that within each, ± the standard deviation over them (number of folds that have one); the interval " +
        `of the AUC is by bootstrap over the patients of each fold (${resamples} draws). In one list, images of different folds are compared, too, whose ` +
        "models need not agree on a scale: a lower number there is no worse ranking within any fold.",
      ...[...classes, { class: "mean", ...mean }].flatMap(({ class: name, note }) =>
        note === null ? [] : [`${name}: ${note}.`],
      ),
    ],
  };
}
