// What a cell of a column must be, as people write it in manifests and on the command line.

import {
  aFlag,
  aNumber,
  expectOptions,
  listOf,
  type OptionChecks,
  type Requirement,
} from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { everything, justAbove, justBelow, meet, type Domain } from "../cell-domain.ts";

/** All that is said must hold. A missing cell fulfils a condition only where `missing` is true. */
export interface Condition {
  readonly equals?: string | number;
  readonly oneOf?: readonly (string | number)[];
  readonly not?: string | number | readonly (string | number)[];
  /** Numbers from here up. */
  readonly min?: number;
  /** Numbers up to here. */
  readonly max?: number;
  /** Numbers over this. */
  readonly above?: number;
  /** Numbers under this. */
  readonly below?: number;
  /** true: a missing cell will do, too; alone: it must be missing. false: as if it were not said, but in `then` it must not be missing. */
  readonly missing?: boolean;
}

const aValue: Requirement = {
  words: "a name or a number",
  fits: (value) => typeof value === "string" || (typeof value === "number" && !Number.isNaN(value)),
};
const conditionChecks: OptionChecks<Condition> = {
  equals: aValue,
  oneOf: listOf("names or numbers", aValue),
  not: {
    words: "a name, a number or a list of them",
    fits: (value) => aValue.fits(value) || listOf("", aValue).fits(value),
  },
  min: aNumber,
  max: aNumber,
  above: aNumber,
  below: aNumber,
  missing: aFlag,
};

/**
 * The cells that fulfil a condition.
 *
 * @param whose for messages: the column
 * @throws UsageError for a condition that says nothing, contradicts itself, or does not suit the kind of column
 */
export function domainOf(condition: Condition, kind: Domain["kind"], whose: string): Domain {
  expectOptions(whose, condition, conditionChecks);
  const { equals, oneOf, not, min, max, above, below, missing } = condition;
  const parts: Domain[] = [];
  const values = (list: readonly (string | number)[]): Domain => valuesDomain(list, kind, whose);
  if (equals !== undefined) parts.push(values([equals]));
  if (oneOf !== undefined) parts.push(values(oneOf));
  if (not !== undefined) parts.push(without(values(listed(not))));
  for (const [word, bound] of Object.entries({ min, max, above, below })) {
    if (bound === undefined) continue;
    if (kind === "category") throw new UsageError(`${whose} holds categories, which have no ${word}`);
  }
  if ((min ?? max ?? above ?? below) !== undefined) {
    const low = Math.max(min ?? -Infinity, above === undefined ? -Infinity : justAbove(above));
    const high = Math.min(max ?? Infinity, below === undefined ? Infinity : justBelow(below));
    if (low > high) throw new UsageError(`${whose}: no number is ${conditionShown(condition, whose)}`);
    parts.push({ kind: "number", intervals: [[low, high]], isMissingIn: true });
  }
  if (parts.length === 0) {
    if (missing === undefined) throw new UsageError(`${whose}: the condition says nothing`);
    return missing ? onlyMissing(kind) : { ...everything(kind), isMissingIn: false };
  }
  return { ...parts.reduce(meet), isMissingIn: missing === true };
}

/** In a `then` and a `range` a missing cell breaks nothing, unless the condition speaks of it. */
export const lenient = (domain: Domain, { missing }: Condition): Domain =>
  missing === undefined ? { ...domain, isMissingIn: true } : domain;

const onlyMissing = (kind: Domain["kind"]): Domain =>
  kind === "number"
    ? { kind, intervals: [], isMissingIn: true }
    : { kind, names: new Set(), isExcept: false, isMissingIn: true };

function valuesDomain(list: readonly (string | number)[], kind: Domain["kind"], whose: string): Domain {
  if (list.length === 0) throw new UsageError(`${whose}: a list of no values`);
  if (kind === "category") {
    return { kind, names: new Set(list.map(String)), isExcept: false, isMissingIn: true };
  }
  const numbers = list.map((value) => {
    if (typeof value !== "number" || Number.isNaN(value)) {
      throw new UsageError(`${whose} holds numbers, and ${JSON.stringify(value)} is none`);
    }
    return value;
  });
  const ascending = [...new Set(numbers)].sort((a, b) => a - b);
  return { kind, intervals: ascending.map((value) => [value, value] as const), isMissingIn: true };
}

function without(domain: Domain): Domain {
  if (domain.kind === "category") return { ...domain, isExcept: true };
  return domain.intervals
    .map(([value]): Domain => ({
      kind: "number",
      intervals: [
        [-Infinity, justBelow(value)],
        [justAbove(value), Infinity],
      ],
      isMissingIn: true,
    }))
    .reduce(meet);
}

const listed = (value: string | number | readonly (string | number)[]): readonly (string | number)[] =>
  typeof value === "object" ? value : [value];

/** How a column's numbers are written for people, where not as numbers: dates. */
export type NumberShown = (column: string, value: number) => string;

export const plainly: NumberShown = (_, value) => String(value);

/** A condition in words that follow "must be": `"Male"`, `one of "a", "b"`, `from 0 to 120`. */
export function conditionShown(
  { equals, oneOf, not, min, max, above, below, missing }: Condition,
  column: string,
  numberShown: NumberShown = plainly,
): string {
  const words: string[] = [];
  const number = (value: number): string => numberShown(column, value);
  const shown = (values: readonly (string | number)[]): string =>
    values.map((value) => (typeof value === "number" ? number(value) : JSON.stringify(value))).join(", ");
  if (equals !== undefined) words.push(shown([equals]));
  if (oneOf !== undefined) words.push(oneOf.length === 1 ? shown(oneOf) : `one of ${shown(oneOf)}`);
  if (not !== undefined) words.push(`not ${shown(listed(not))}`);
  if (min !== undefined && max !== undefined) words.push(`from ${number(min)} to ${number(max)}`);
  else if (min !== undefined) words.push(`at least ${number(min)}`);
  else if (max !== undefined) words.push(`at most ${number(max)}`);
  if (above !== undefined) words.push(`above ${number(above)}`);
  if (below !== undefined) words.push(`below ${number(below)}`);
  const valueWords = words.join(" and ");
  if (missing === undefined) return valueWords;
  if (valueWords === "") return missing ? "missing" : "not missing";
  return missing ? `${valueWords} or missing` : valueWords;
}
