// The similarity of classes and what they gain, as tables.

import { counted } from "../../errors/counted.ts";
import { showDifference, showNumber, showP } from "../../studies/study-numbers.ts";
import type { SimilarityAnalysis } from "../../studies/similarity.ts";
import { markdownText } from "../markdown.ts";
import { draw, left, list, meanAndDeviation, plain, right, type Cells } from "./cells.ts";

/** A row for every class, and the correlation below it. */
export function similarityMarkdown(similarity: SimilarityAnalysis): string {
  return [
    draw(similarityCells(similarity)),
    `${markdownText(correlationSentence(similarity))}\n`,
    ...(similarity.notes.length === 0 ? [] : [list(similarity.notes)]),
  ].join("\n");
}

/** The similarity table for a terminal. */
export function similarityTable(similarity: SimilarityAnalysis): string {
  const words = [correlationSentence(similarity), ...similarity.notes].join("\n");
  return `${plain(similarityCells(similarity))}\n\n${words}`;
}

function similarityCells({ classes }: SimilarityAnalysis): Cells {
  return {
    columns: [left("class added"), right("similarity"), right("gain"), right("seeds")],
    rows: classes.map(({ class: name, similarity, gain, seeds }) => [
      name,
      meanAndDeviation(similarity, showNumber),
      meanAndDeviation(gain, showDifference),
      String(seeds.length),
    ]),
  };
}

/** Pearson's r with its interval and test, or the reason why there is none. */
export function correlationSentence({ correlation }: SimilarityAnalysis): string {
  const { count, r } = correlation;
  const value = r === null ? "There is no r" : `Pearson's r = ${r.toFixed(2)}`;
  const over = counted(count, "class", "classes");
  if (correlation.reason !== null) return `${value} over ${over}, and no test: ${correlation.reason}.`;
  const { p, interval } = correlation;
  const range = interval === null ? "" : ` [${interval.low.toFixed(2)}, ${interval.high.toFixed(2)}]`;
  return `${value}${range} over ${over}, p ${/^[<>]/u.test(showP(p)) ? "" : "= "}${showP(p)}.`;
}
