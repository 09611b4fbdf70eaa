// What is known of all rows before the first is drawn: the order of the columns, the codes that conditions and constraints leave to
// each, and how constraints bear on the cells of a row.

import { UsageError } from "../../errors/errors.ts";
import { admits, everything, kindOf, meet } from "../cell-domain.ts";
import type { CodeModel } from "../code-model.ts";
import type { CodedColumn } from "../coded-table.ts";
import { plainly, type NumberShown } from "../constraints/condition.ts";
import {
  columnsOf,
  conditionsShown,
  constraintShown,
  placeConstraints,
  type Constraint,
} from "../constraints/constraint.ts";
import { narrowed } from "../constraints/narrowing.ts";
import { ColumnLimits } from "../constraints/row-limits.ts";
import { placedConditions, type Conditions } from "./conditions.ts";

export interface SamplingPlan {
  /** Columns as they are drawn. */
  readonly order: readonly number[];
  /** By column, the codes that are left, [K]; of columns that lose some. */
  readonly given: ReadonlyMap<number, Uint8Array>;
  /** By column. */
  readonly limits: readonly ColumnLimits[];
}

/**
 * @param filled columns of which cells are filled in, and so may not be missing
 * @param model in which order it draws best
 * @throws UsageError for conditions or constraints that do not suit the columns, or leave one of them no value
 */
export function samplingPlan(
  columns: readonly CodedColumn[],
  conditions: Conditions,
  constraints: readonly Constraint[],
  filled: ReadonlySet<number>,
  numberShown: NumberShown = plainly,
  { together = [], inTableOrder = false }: Pick<CodeModel, "together" | "inTableOrder"> = {},
): SamplingPlan {
  const kinds = columns.map((column) => ({ name: column.name, kind: kindOf(column) }));
  const placed = placeConstraints(constraints, kinds, numberShown);
  const start = placedConditions(conditions, columns, numberShown);
  for (const column of filled) {
    const { codes } = columns[column];
    // A column of nothing but missing cells has nothing to fill in.
    if (codes.every(({ kind }) => kind === "missing")) continue;
    const domain = start.get(column) ?? everything(kindOf(columns[column]));
    start.set(column, meet(domain, { ...everything(kindOf(columns[column])), isMissingIn: false }));
  }
  const { domains, empty } = narrowed(columns, placed, start);
  if (empty !== undefined)
    throw new UsageError(impossible(columns[empty].name, conditions, constraints, numberShown));
  const given = new Map<number, Uint8Array>();
  columns.forEach(({ codes }, column) => {
    const mask = Uint8Array.from(codes, (code) => Number(admits(domains[column], code)));
    if (mask.includes(0)) given.set(column, mask);
  });
  // Those with the fewest codes first: a column of one code is as good as known to those that follow.
  const codesLeft = (mask: Uint8Array): number => mask.reduce((sum, each) => sum + each, 0);
  const order = new Set(
    [...given].sort((a, b) => codesLeft(a[1]) - codesLeft(b[1])).map(([column]) => column),
  );
  // Columns that bind each other are drawn one after another, before the others, which then are drawn to suit them.
  for (const each of placed)
    if (each.kind === "order") for (const column of columnsOf(each)) order.add(column);
  if (!inTableOrder) for (const each of placed) for (const column of columnsOf(each)) order.add(column);
  columns.forEach((_, column) => order.add(column));
  const limits = columns.map((_, column) => new ColumnLimits(column, columns, placed, domains));
  const beside = new Map(together.flatMap((columns) => columns.map((column) => [column, columns])));
  const grouped = new Set<number>();
  for (const column of order) {
    const own = beside.get(column) ?? [column];
    for (const each of order) if (own.includes(each)) grouped.add(each);
  }
  return { order: [...grouped], given, limits };
}

function impossible(
  column: string,
  conditions: Conditions,
  constraints: readonly Constraint[],
  numberShown: NumberShown,
): string {
  const asked = conditionsShown(conditions, numberShown);
  const held = constraints.map((each) => `(${constraintShown(each, numberShown)})`);
  const shown = held.length > 3 ? `${held.length} constraints` : held.join(", ");
  if (asked === "") return `the constraints ${shown} leave no value of ${column}`;
  if (held.length === 0) return `the conditions ${asked} leave no value of ${column}`;
  return `the conditions ${asked} cannot be had with ${shown}: no value of ${column} is left`;
}
