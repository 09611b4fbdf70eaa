// Constraints: what holds in every row, and must hold in every row that is drawn.

import {
  aFlag,
  aList,
  aRecord,
  aString,
  expectArgument,
  expectFields,
  expectOptions,
  oneOf,
  required,
  strings,
} from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { nearest } from "../../errors/nearest.ts";
import { complement, type Domain } from "../cell-domain.ts";
import { conditionShown, domainOf, lenient, plainly, type Condition, type NumberShown } from "./condition.ts";

/** A column between numbers, or one of some values. */
export interface RangeConstraint {
  readonly kind: "range";
  readonly column: string;
  readonly must: Condition;
}

/** Columns of numbers or dates that ascend from left to right in each row; equal ones are allowed unless `strict`. */
export interface OrderConstraint {
  readonly kind: "order";
  readonly columns: readonly string[];
  readonly strict?: boolean;
}

/** Where all conditions of `when` hold, all of `then` must. */
export interface WhenConstraint {
  readonly kind: "when";
  readonly when: Readonly<Record<string, Condition>>;
  readonly then: Readonly<Record<string, Condition>>;
}

/** A missing cell breaks none of them, unless a condition of `then` or of a range says `missing`. */
export type Constraint = RangeConstraint | OrderConstraint | WhenConstraint;

/** A constraint in words, such as `when relationship is "Husband" then sex is "Male"`. */
export function constraintShown(constraint: Constraint, numberShown: NumberShown = plainly): string {
  switch (constraint.kind) {
    case "range":
      return `range: ${constraint.column} is ${conditionShown(constraint.must, constraint.column, numberShown)}`;
    case "order":
      return `order: ${constraint.columns.join(constraint.strict === true ? " < " : " <= ")}`;
    case "when":
      return `when ${conditionsShown(constraint.when, numberShown)} then ${conditionsShown(constraint.then, numberShown)}`;
  }
}

/** `age is at least 18 and sex is "male"` */
export const conditionsShown = (
  conditions: Readonly<Record<string, Condition>>,
  numberShown: NumberShown = plainly,
): string =>
  Object.entries(conditions)
    .map(([column, condition]) => `${column} is ${conditionShown(condition, column, numberShown)}`)
    .join(" and ");

/** A condition on a column by its place in the table. */
export interface PlacedCondition {
  readonly column: number;
  readonly domain: Domain;
  readonly opposite: Domain;
}

/** A constraint over the columns of one table. */
export type PlacedConstraint =
  | { readonly kind: "range"; readonly constraint: Constraint; readonly must: PlacedCondition }
  | {
      readonly kind: "order";
      readonly constraint: Constraint;
      readonly columns: readonly number[];
      readonly isStrict: boolean;
    }
  | {
      readonly kind: "when";
      readonly constraint: Constraint;
      readonly when: readonly PlacedCondition[];
      readonly then: readonly PlacedCondition[];
    };

/** The columns that a constraint speaks of. */
export function columnsOf(placed: PlacedConstraint): readonly number[] {
  if (placed.kind === "range") return [placed.must.column];
  if (placed.kind === "order") return placed.columns;
  return [...placed.when, ...placed.then].map(({ column }) => column);
}

export interface NamedKind {
  readonly name: string;
  readonly kind: Domain["kind"];
}

/**
 * Finds the columns of constraints.
 *
 * @throws UsageError for a column that is not there, a condition that does not suit its column, or a constraint that says nothing
 */
export function placeConstraints(
  constraints: readonly Constraint[],
  columns: readonly NamedKind[],
  numberShown: NumberShown = plainly,
): PlacedConstraint[] {
  return constraints.map((constraint): PlacedConstraint => {
    checkConstraint(constraint);
    const said = constraintShown(constraint, numberShown);
    const whose = (column: string): string => `constraint (${said}): ${column}`;
    const conditioned = (name: string, condition: Condition, isLenient: boolean): PlacedCondition => {
      const column = placeOf(name, columns, "constraint");
      const strict = domainOf(condition, columns[column].kind, whose(name));
      const domain = isLenient ? lenient(strict, condition) : strict;
      return { column, domain, opposite: complement(domain) };
    };
    if (constraint.kind === "range") {
      return { kind: "range", constraint, must: conditioned(constraint.column, constraint.must, true) };
    }
    if (constraint.kind === "order") return placedOrder(constraint, columns);
    const when = Object.entries(constraint.when).map(([name, each]) => conditioned(name, each, false));
    const then = Object.entries(constraint.then).map(([name, each]) => conditioned(name, each, true));
    if (when.length === 0 || then.length === 0) {
      throw new UsageError(`constraint: a when needs a condition on both sides (${said})`);
    }
    const both = when.find(({ column }) => then.some((each) => each.column === column));
    if (both !== undefined) {
      throw new UsageError(
        `constraint (${said}): ${columns[both.column].name} is on both sides; say it as a range`,
      );
    }
    return { kind: "when", constraint, when, then };
  });
}

/**
 * Constraints that were kept as JSON.
 *
 * @param file for messages
 * @throws DataError for what are none; their columns are looked at when they are placed
 */
export function constraintsFromJson(json: unknown, file: string): readonly Constraint[] {
  try {
    expectArgument("constraints", "the list", json, aList);
    const constraints = json as readonly Constraint[];
    constraints.forEach(checkConstraint);
    return constraints;
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new DataError(file, `is damaged: ${cause.message}`, { cause });
  }
}

function checkConstraint(constraint: Constraint): void {
  const what = "constraint";
  const kind = required(oneOf(["range", "order", "when"]));
  expectFields<{ readonly kind: unknown }>(what, constraint, { kind });
  if (constraint.kind === "range") {
    expectOptions(what, constraint, { kind, column: required(aString), must: required(aRecord) });
  } else if (constraint.kind === "order") {
    expectOptions(what, constraint, { kind, columns: required(strings), strict: aFlag });
  } else expectOptions(what, constraint, { kind, when: required(aRecord), then: required(aRecord) });
}

function placedOrder(constraint: OrderConstraint, columns: readonly NamedKind[]): PlacedConstraint {
  const places = constraint.columns.map((name) => placeOf(name, columns, "constraint order"));
  if (places.length < 2) throw new UsageError(`constraint order: needs two columns, has ${places.length}`);
  const twice = places.find((place, at) => places.indexOf(place) < at);
  if (twice !== undefined) throw new UsageError(`constraint order: ${columns[twice].name} is named twice`);
  const category = places.find((place) => columns[place].kind === "category");
  if (category !== undefined) {
    throw new UsageError(`constraint order: ${columns[category].name} holds categories, which have no order`);
  }
  return { kind: "order", constraint, columns: places, isStrict: constraint.strict === true };
}

/** @throws UsageError with the nearest name when there is no such column */
export function placeOf(name: string, columns: readonly { readonly name: string }[], what: string): number {
  const place = columns.findIndex((column) => column.name === name);
  if (place >= 0) return place;
  const names = columns.map((column) => column.name);
  const near = nearest(name, names);
  const hint = near === undefined ? `; the columns are ${names.join(", ")}` : `; did you mean "${near}"?`;
  throw new UsageError(`${what}: there is no column ${JSON.stringify(name)}${hint}`);
}
