// What constraints and conditions leave to each column before any cell is drawn. What follows for certain is known at once, so that
// a model is given it, and so that those that cannot hold together are found.

import {
  admits,
  complement,
  everything,
  holds,
  justAbove,
  justBelow,
  kindOf,
  meet,
  type Domain,
} from "../cell-domain.ts";
import type { Code, CodedColumn } from "../coded-table.ts";
import type { PlacedCondition, PlacedConstraint } from "./constraint.ts";

/** What is left of each column; where nothing is, of which column. */
export interface Narrowed {
  readonly domains: readonly Domain[];
  readonly empty: number | undefined;
}

/**
 * Narrows the cells of each column by constraints, until nothing more follows.
 *
 * @param from by column, what it starts from; default: everything
 */
export function narrowed(
  columns: readonly CodedColumn[],
  placed: readonly PlacedConstraint[],
  from: ReadonlyMap<number, Domain> = new Map(),
): Narrowed {
  const domains = columns.map((column, at) => from.get(at) ?? everything(kindOf(column)));
  let empty = columns.findIndex((column, at) => !hasCell(column, domains[at]));
  let isSettled = false;
  const narrow = (column: number, by: Domain): void => {
    const next = meet(domains[column], by);
    // Only what takes away a cell that the column has counts, so that it ends.
    if (!columns[column].codes.some((code) => losesCells(code, domains[column], by))) return;
    domains[column] = next;
    isSettled = false;
    if (!hasCell(columns[column], next)) empty = column;
  };
  // Bounds of bins move a little at a time where constraints go in circles: a limit, since this is help, not proof.
  for (let round = 0; round < 50 && !isSettled && empty < 0; round++) {
    isSettled = true;
    for (const each of placed) {
      if (empty >= 0) break;
      if (each.kind === "range") narrow(each.must.column, each.must.domain);
      else if (each.kind === "order") narrowOrder(each.columns, each.isStrict, columns, domains, narrow);
      else narrowWhen(each.when, each.then, columns, domains, narrow);
    }
  }
  return { domains, empty: empty < 0 ? undefined : empty };
}

/** Whether a column has a cell in a domain. */
export const hasCell = ({ codes }: CodedColumn, domain: Domain): boolean =>
  codes.some((code) => admits(domain, code));

/** Whether all cells of a domain that a column has are in another one. */
const isWithin = (column: CodedColumn, domain: Domain, opposite: Domain): boolean =>
  !hasCell(column, meet(domain, opposite));

const losesCells = (code: Code, domain: Domain, by: Domain): boolean =>
  admits(domain, code) && admits(meet(domain, complement(by)), code);

function narrowWhen(
  when: readonly PlacedCondition[],
  then: readonly PlacedCondition[],
  columns: readonly CodedColumn[],
  domains: readonly Domain[],
  narrow: (column: number, by: Domain) => void,
): void {
  const isCertain = ({ column, opposite }: PlacedCondition): boolean =>
    isWithin(columns[column], domains[column], opposite);
  const uncertain = when.filter((each) => !isCertain(each));
  if (uncertain.length === 0) {
    for (const { column, domain } of then) narrow(column, domain);
    return;
  }
  const isBroken = then.some(
    ({ column, domain }) => !hasCell(columns[column], meet(domains[column], domain)),
  );
  if (uncertain.length === 1 && isBroken) narrow(uncertain[0].column, uncertain[0].opposite);
}

function narrowOrder(
  order: readonly number[],
  isStrict: boolean,
  columns: readonly CodedColumn[],
  domains: readonly Domain[],
  narrow: (column: number, by: Domain) => void,
): void {
  let low = -Infinity;
  for (const column of order) {
    narrow(column, numbersBetween(low, Infinity));
    // A cell that may be missing binds nobody.
    if (holds(domains[column], null) && columns[column].codes.some(({ kind }) => kind === "missing"))
      continue;
    const least = extent(columns[column], domains[column])[0];
    low = Math.max(low, isStrict ? justAbove(least) : least);
  }
  let high = Infinity;
  for (const column of order.toReversed()) {
    narrow(column, numbersBetween(-Infinity, high));
    if (holds(domains[column], null) && columns[column].codes.some(({ kind }) => kind === "missing"))
      continue;
    const most = extent(columns[column], domains[column])[1];
    high = Math.min(high, isStrict ? justBelow(most) : most);
  }
}

export const numbersBetween = (low: number, high: number): Domain => ({
  kind: "number",
  intervals: low <= high ? [[low, high]] : [],
  isMissingIn: true,
});

export const everyNumber = numbersBetween(-Infinity, Infinity);

/** The least and the greatest number that a column has in a domain. */
export function extent({ codes }: CodedColumn, domain: Domain): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const code of codes) {
    if (domain.kind !== "number" || !admits(domain, code)) continue;
    if (code.kind === "value") {
      low = Math.min(low, Number(code.value));
      high = Math.max(high, Number(code.value));
    } else if (code.kind === "bin") {
      for (const [start, end] of domain.intervals) {
        const from = Math.max(start, code.low);
        const to = Math.min(end, code.high);
        if (from > to) continue;
        low = Math.min(low, from);
        high = Math.max(high, to);
      }
    }
  }
  return [low, high];
}
