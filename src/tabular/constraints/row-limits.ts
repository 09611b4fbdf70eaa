// Constraints while rows are drawn: which codes of a column a row may take, given its cells so far, and within which bounds a code is
// decoded. Constraints are read in every direction, so that few rows come to a dead end.

import { admits, holds, justAbove, justBelow, meet, type Domain } from "../cell-domain.ts";
import type { CodedColumn, Drawn } from "../coded-table.ts";
import type { Constraint, PlacedCondition, PlacedConstraint } from "./constraint.ts";
import { hasCell, numbersBetween } from "./narrowing.ts";

/** A cell of the row by its column; undefined where it has none yet. */
export type CellSoFar = (column: number) => Drawn | undefined;

/** What a row may have in a column. */
export interface Limit {
  readonly domain: Domain;
  /** [K], 1 where a code is allowed. */
  readonly codes: Uint8Array;
  /** The constraints that say so, but for what held from the beginning. */
  readonly constraints: readonly Constraint[];
}

/** A constraint as it bears on one column. */
type Bearing =
  | {
      readonly kind: "rule";
      readonly by: Domain;
      readonly constraint: Constraint;
      readonly applies: (cell: CellSoFar) => boolean;
    }
  | {
      readonly kind: "order";
      readonly constraint: Constraint;
      readonly before: readonly number[];
      readonly after: readonly number[];
      readonly isStrict: boolean;
    };

/** The limits of one column. */
export class ColumnLimits {
  /** Whether anything depends on other cells of the row. */
  readonly isPerRow: boolean;
  readonly #column: CodedColumn;
  readonly #start: Domain;
  readonly #bearings: readonly Bearing[];
  /** By which rules apply. */
  readonly #known = new Map<string, Limit>();

  /** @param domains what is left to each column from the beginning, as `narrowed` gives it */
  constructor(
    at: number,
    columns: readonly CodedColumn[],
    placed: readonly PlacedConstraint[],
    domains: readonly Domain[],
  ) {
    this.#column = columns[at];
    this.#start = domains[at];
    this.#bearings = placed.flatMap((each) => bearings(each, at, columns, domains));
    this.isPerRow = this.#bearings.length > 0;
  }

  /** What a row may have, given its cells so far. */
  at(cell: CellSoFar): Limit {
    let key = "";
    let low = -Infinity;
    let high = Infinity;
    for (const each of this.#bearings) {
      if (each.kind === "rule") {
        key += each.applies(cell) ? "1" : "0";
        continue;
      }
      for (const column of each.before) {
        const number = cell(column);
        if (typeof number === "number") low = Math.max(low, each.isStrict ? justAbove(number) : number);
      }
      for (const column of each.after) {
        const number = cell(column);
        if (typeof number === "number") high = Math.min(high, each.isStrict ? justBelow(number) : number);
      }
    }
    const known = this.#known.get(key) ?? this.#byRules(key);
    if (low === -Infinity && high === Infinity) return known;
    const orders = this.#bearings.flatMap((each) => (each.kind === "order" ? [each.constraint] : []));
    return this.#limit(meet(known.domain, numbersBetween(low, high)), [...known.constraints, ...orders]);
  }

  #byRules(key: string): Limit {
    const applying = this.#bearings.filter((each) => each.kind === "rule").filter((_, at) => key[at] === "1");
    const domain = applying.map(({ by }) => by).reduce(meet, this.#start);
    const limit = this.#limit(
      domain,
      applying.map(({ constraint }) => constraint),
    );
    this.#known.set(key, limit);
    return limit;
  }

  #limit(domain: Domain, constraints: readonly Constraint[]): Limit {
    const codes = Uint8Array.from(this.#column.codes, (code) => Number(admits(domain, code)));
    return { domain, codes, constraints };
  }
}

function bearings(
  placed: PlacedConstraint,
  at: number,
  columns: readonly CodedColumn[],
  domains: readonly Domain[],
): Bearing[] {
  const { constraint } = placed;
  if (placed.kind === "range") return []; // held from the beginning
  if (placed.kind === "order") {
    const place = placed.columns.indexOf(at);
    if (place < 0) return [];
    const before = placed.columns.slice(0, place);
    const after = placed.columns.slice(place + 1);
    return [{ kind: "order", constraint, before, after, isStrict: placed.isStrict }];
  }
  const { when, then } = placed;
  const isMeant = when.filter(({ column }) => column !== at).map((each) => certainty(each, columns, domains));
  const consequence = then.find(({ column }) => column === at);
  if (consequence !== undefined) {
    const applies = (cell: CellSoFar): boolean => isMeant.every((fulfilled) => fulfilled(cell));
    return [{ kind: "rule", by: consequence.domain, constraint, applies }];
  }
  const condition = when.find(({ column }) => column === at);
  if (condition === undefined) return [];
  // Read backwards: where the consequence fails, so must the condition.
  const fails = then.map(({ column, domain, opposite }) =>
    certainty({ column, domain: opposite, opposite: domain }, columns, domains),
  );
  const applies = (cell: CellSoFar): boolean =>
    isMeant.every((fulfilled) => fulfilled(cell)) && fails.some((failed) => failed(cell));
  return [{ kind: "rule", by: condition.opposite, constraint, applies }];
}

/** Whether a row fulfils a condition for certain: by its cell, or because its column has no other cells left. */
function certainty(
  { column, domain, opposite }: PlacedCondition,
  columns: readonly CodedColumn[],
  domains: readonly Domain[],
): (cell: CellSoFar) => boolean {
  const isAlways = !hasCell(columns[column], meet(domains[column], opposite));
  return (cell) => {
    const value = cell(column);
    return value === undefined ? isAlways : holds(domain, value);
  };
}
