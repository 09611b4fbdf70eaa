// What a reader has to know of how a judgement was measured, in sentences.

import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import type { Target } from "./target-column.ts";

/** @param real all rows of the real table, of which the hold-out may be half */
export function notesOf(
  real: TypedTable,
  synthetic: TypedTable,
  holdout: TypedTable,
  found: {
    readonly overlap: number;
    /** The share of real rows that are equal to another real row. */
    readonly twins: number;
    readonly isHalved: boolean;
    readonly compared: number;
    /** Rows of a table that were taken at most. */
    readonly most: number;
    readonly target: Target | undefined;
  },
): string[] {
  const notes: string[] = [];
  const whole = (value: number): string => value.toLocaleString("en");
  if (found.isHalved) {
    notes.push(
      `No hold-out was given: ${whole(holdout.rows)} of the ${whole(real.rows)} real rows, drawn by chance, stand for it. If the synthetic ` +
        "table was learned from them, too, the measures of privacy see no copies of either half more than of the other, and say nothing.",
    );
  }
  if (found.overlap > 0) {
    // Rows that are drawn alike have a twin among real rows as often as these have among themselves.
    const expected = found.twins + 0.02 + 3 * Math.sqrt((found.twins * (1 - found.twins)) / holdout.rows);
    notes.push(
      `${whole(found.overlap)} of ${whole(holdout.rows)} hold-out rows are equal to a real row` +
        (found.overlap / holdout.rows > expected
          ? " by the columns that are judged: too many to be chance, since real rows are seldom equal to each other. A hold-out that a model was " +
            "trained on hides copies."
          : found.twins > 0.02
            ? `, and ${(100 * found.twins).toFixed(0)} % of the real rows to another real row: these columns have few values.`
            : ", as may happen by chance."),
    );
  }
  const larger = [
    ["real", found.isHalved ? real.rows - holdout.rows : real.rows],
    ["hold-out", holdout.rows],
    ["synthetic", synthetic.rows],
  ].filter(([, rows]) => Number(rows) > found.most);
  if (larger.length > 0) {
    const tables = larger.map(([name, rows]) => `${whole(Number(rows))} ${name}`).join(" and ");
    notes.push(
      `Of ${tables} rows, ${whole(found.most)} each were drawn by the seed for shapes, pairs, triples, distances and networks; copies, ` +
        "values that occur and the bars of columns go by all rows.",
    );
  } else if (synthetic.rows !== found.compared) {
    notes.push(
      `Shapes, pairs, triples and networks go by ${whole(found.compared)} of the ${whole(synthetic.rows)} synthetic rows, as many as there ` +
        "are real ones.",
    );
  } else if (found.compared < (found.isHalved ? holdout.rows : real.rows)) {
    notes.push(
      `There are ${whole(found.compared)} synthetic rows, so that the yardsticks, too, go by as many: few rows look less alike by chance alone.`,
    );
  }
  if (found.target === undefined) {
    notes.push(
      "No column has two values, so that no network was taught to predict one; name another with --target.",
    );
  }
  return notes;
}
