// Constraints that cannot hold together, told by the two that do not.

import type { CodedColumn } from "../coded-table.ts";
import { kindOf, meet } from "../cell-domain.ts";
import { constraintShown, placeConstraints, type Constraint, type PlacedConstraint } from "./constraint.ts";
import { plainly, type NumberShown } from "./condition.ts";
import { hasCell, narrowed } from "./narrowing.ts";

/**
 * The first contradiction among constraints, in one line; undefined where none is found. Found are those that follow from single
 * cells: bounds that leave a column nothing, and a `when` that cannot come true although the column has such cells.
 *
 * @throws UsageError as `placeConstraints`
 */
export function contradictionAmong(
  constraints: readonly Constraint[],
  columns: readonly CodedColumn[],
  numberShown: NumberShown = plainly,
): string | undefined {
  const shown = ({ constraint }: PlacedConstraint): string => constraintShown(constraint, numberShown);
  const kinds = columns.map((column) => ({ name: column.name, kind: kindOf(column) }));
  const placed = placeConstraints(constraints, kinds, numberShown);
  const all = contradiction(placed, columns, shown);
  if (all === undefined) return undefined;
  for (const one of placed) {
    const found = contradiction([one], columns, shown);
    if (found !== undefined) return `the constraint (${shown(one)}) ${found}`;
  }
  for (const [at, one] of placed.entries()) {
    for (const other of placed.slice(0, at)) {
      const found = contradiction([other, one], columns, shown);
      if (found === undefined) continue;
      return `the constraints (${shown(other)}) and (${shown(one)}) contradict each other: together they ${found.replace(/^leaves/u, "leave").replace(/^makes/u, "make")}`;
    }
  }
  return `the constraints contradict each other, three or more of them: ${all}`;
}

function contradiction(
  placed: readonly PlacedConstraint[],
  columns: readonly CodedColumn[],
  shown: (placed: PlacedConstraint) => string,
): string | undefined {
  const circular = columnBelowItself(placed);
  if (circular !== undefined) return `makes ${columns[circular].name} less than itself`;
  const { domains, empty } = narrowed(columns, placed);
  if (empty !== undefined) return `leaves no value of ${columns[empty].name}`;
  for (const each of placed) {
    if (each.kind !== "when") continue;
    const supposed = new Map(each.when.map(({ column, domain }) => [column, domain]));
    // Where no row can be meant, nothing is asked.
    if (each.when.some(({ column, domain }) => !hasCell(columns[column], domain))) continue;
    const from = new Map(supposed);
    domains.forEach((domain, column) => from.set(column, meet(domain, supposed.get(column) ?? domain)));
    const { empty: without } = narrowed(columns, placed, from);
    if (without === undefined) continue;
    return `leaves no value of ${columns[without].name} to (${shown(each)})`;
  }
  return undefined;
}

/** A column that orders put below itself: through other columns back, with at least one step that is strict. */
function columnBelowItself(placed: readonly PlacedConstraint[]): number | undefined {
  const steps = placed.flatMap((each) =>
    each.kind !== "order"
      ? []
      : each.columns.slice(1).map((to, at) => ({ from: each.columns[at], to, isStrict: each.isStrict })),
  );
  const reaches = (start: number, end: number): boolean => {
    const reached = new Set([start]);
    for (const column of reached) for (const { from, to } of steps) if (from === column) reached.add(to);
    return reached.has(end);
  };
  return steps.find(({ from, to, isStrict }) => isStrict && reaches(to, from))?.from;
}
