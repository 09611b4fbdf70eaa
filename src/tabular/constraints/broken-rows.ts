// Whether the rows of a table keep its constraints: a constraint that real rows break is a misunderstanding, which people should
// hear of before they get synthetic rows that keep it.

import { aList, expectArgument } from "../../errors/arguments.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import { holds } from "../cell-domain.ts";
import type { Drawn } from "../coded-table.ts";
import { expectTypedTable } from "../table-checks.ts";
import { placeConstraints, type Constraint, type PlacedConstraint } from "./constraint.ts";

export interface BrokenConstraint {
  readonly constraint: Constraint;
  /** How many rows break it, at least one. */
  readonly count: number;
  /** The first of them, counted from 0. */
  readonly first: number;
}

/**
 * The constraints that rows break.
 *
 * @throws UsageError for a column that is not there, a condition that does not suit its column, or a constraint that says nothing
 */
export function brokenConstraints(constraints: readonly Constraint[], table: TypedTable): BrokenConstraint[] {
  expectArgument("brokenConstraints", "the constraints", constraints, aList);
  expectTypedTable("brokenConstraints", table);
  const { rows, columns } = table;
  const cell = (column: number, row: number): Drawn => {
    const value = columns[column].values[row];
    return value === "" || Number.isNaN(value) ? null : value;
  };
  return placeConstraints(constraints, columns).flatMap((placed) => {
    let count = 0;
    let first = -1;
    for (let row = 0; row < rows; row++) {
      if (keeps(placed, (column) => cell(column, row))) continue;
      if (count === 0) first = row;
      count++;
    }
    return count === 0 ? [] : [{ constraint: placed.constraint, count, first }];
  });
}

/** Whether a whole row keeps a constraint. */
export function keeps(placed: PlacedConstraint, cell: (column: number) => Drawn): boolean {
  if (placed.kind === "range") return holds(placed.must.domain, cell(placed.must.column));
  if (placed.kind === "when") {
    const isMeant = placed.when.every(({ column, domain }) => holds(domain, cell(column)));
    return !isMeant || placed.then.every(({ column, domain }) => holds(domain, cell(column)));
  }
  const numbers = placed.columns.flatMap((column) => cell(column) ?? []) as number[];
  return numbers.every((number, at) => {
    if (at === 0) return true;
    return placed.isStrict ? numbers[at - 1] < number : numbers[at - 1] <= number;
  });
}
