// A judgement on the terminal: a table of the measures between their yardsticks, and a sentence on each.

import Table from "cli-table3";
import type { TableJudgement } from "../../tabular/judging/table-judgement.ts";
import { fixed, whole } from "../html/number-text.ts";
import { plainTable } from "../tables.ts";
import {
  copiesSentence,
  disclosureSentence,
  meaning,
  nearerMeasure,
  noProof,
  qualityMeasures,
  shownValue,
} from "./measure-words.ts";

/** How many columns and pairs are named. */
const worst = 3;

/** The lines, without one at the end. */
export function judgementSummary(found: TableJudgement): string {
  const measures = [...qualityMeasures(found), nearerMeasure(found)];
  const table = new Table({
    ...plainTable,
    head: ["", "synthetic", "independent columns", "real rows"],
    colAligns: ["left", "right", "right", "right"],
  });
  for (const measure of measures) {
    const { title, found: own, decimals } = measure;
    table.push([title, shownValue(measure), fixed(own.floor, decimals), fixed(own.ceiling, decimals)]);
  }
  const columns = found.columns
    .toSorted((a, b) => (a.shape.value ?? 1) - (b.shape.value ?? 1))
    .slice(0, worst)
    .map(({ name, shape }) => `${name} (${fixed(shape.value, 3)})`);
  const lost = found.columns
    .filter(({ lost: { categories } }) => categories > 0)
    .map(({ name, lost: { categories, of } }) => `${name} (${whole(categories)} of ${whole(of)})`);
  const disclosed = disclosureSentence(found);
  return [
    table.toString(),
    "",
    ...measures.map((measure) => `${measure.title}. ${meaning(measure)}`),
    "",
    `Least alike by itself: ${columns.join(", ")}.`,
    ...(lost.length === 0 ? [] : [`Categories that do not occur: ${lost.join(", ")}.`]),
    `Copies: ${copiesSentence(found)}`,
    ...(disclosed === undefined ? [] : [`Disclosure: ${disclosed}`]),
    ...found.notes,
    noProof,
  ].join("\n");
}
