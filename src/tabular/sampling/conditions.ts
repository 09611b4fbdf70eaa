// Conditions on the columns of a model: what is asked for in every row that is drawn, checked against what the model knows.

import { UsageError } from "../../errors/errors.ts";
import { nearest } from "../../errors/nearest.ts";
import { kindOf, type Domain } from "../cell-domain.ts";
import type { CodedColumn } from "../coded-table.ts";
import {
  conditionShown,
  domainOf,
  plainly,
  type Condition,
  type NumberShown,
} from "../constraints/condition.ts";
import { placeOf } from "../constraints/constraint.ts";
import { everyNumber, extent, hasCell } from "../constraints/narrowing.ts";

/** By name of the column. */
export type Conditions = Readonly<Record<string, Condition>>;

/**
 * The cells that conditions leave, by column.
 *
 * @throws UsageError for a column or a category that the model does not know, with the nearest name, and for numbers that never occur
 */
export function placedConditions(
  conditions: Conditions,
  columns: readonly CodedColumn[],
  numberShown: NumberShown = plainly,
): Map<number, Domain> {
  const domains = new Map<number, Domain>();
  for (const [name, condition] of Object.entries(conditions)) {
    const place = placeOf(name, columns, "condition");
    const column = columns[place];
    const domain = domainOf(condition, kindOf(column), `condition: ${name}`);
    const { equals = [], oneOf = [], not = [] } = condition;
    // A category that is ruled out must be known, too: a name that is mistyped rules nothing out.
    if (domain.kind === "category")
      for (const value of [equals, oneOf, not].flat()) checkCategory(column, String(value));
    if (!hasCell(column, domain)) throw new UsageError(nothingThere(column, condition, numberShown));
    domains.set(place, domain);
  }
  return domains;
}

/** The names that a column of categories has, that of the rare ones included. */
export const namesIn = ({ codes }: CodedColumn): string[] =>
  codes.flatMap((code) =>
    code.kind === "value" ? [String(code.value)] : code.kind === "rare" ? [code.name] : [],
  );

function checkCategory(column: CodedColumn, value: string): void {
  const names = namesIn(column);
  if (names.includes(value)) return;
  const near = nearest(value, names);
  const rare = column.codes.find((code) => code.kind === "rare");
  const shown = names.slice(0, 8).map((name) => JSON.stringify(name));
  const merged =
    rare === undefined ? "" : ` (categories of few rows are merged as ${JSON.stringify(rare.name)})`;
  const hint =
    near === undefined
      ? `there are ${shown.join(", ")}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ""}`
      : `did you mean ${JSON.stringify(near)}?`;
  throw new UsageError(
    `condition: ${column.name} has no category ${JSON.stringify(value)}${merged}; ${hint}`,
  );
}

function nothingThere(column: CodedColumn, condition: Condition, numberShown: NumberShown): string {
  const said = `condition: no value of ${column.name} is ${conditionShown(condition, column.name, numberShown)}`;
  if (!column.isOrdered) return said;
  const [low, high] = extent(column, everyNumber);
  return low > high
    ? said
    : `${said}; they go from ${numberShown(column.name, low)} to ${numberShown(column.name, high)}`;
}
