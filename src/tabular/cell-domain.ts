// Which cells of a column are meant: sets of numbers or of names, with or without the missing cell. Conditions and constraints are
// such sets, and what is left to a cell is where they meet.

import type { Random } from "../data/random-stream.ts";
import type { Code, CodedColumn, Drawn } from "./coded-table.ts";

/** Numbers from low to high, both included. */
export type Interval = readonly [low: number, high: number];

export interface NumberDomain {
  readonly kind: "number";
  /** Ascending and apart; none where no number is meant. */
  readonly intervals: readonly Interval[];
  readonly isMissingIn: boolean;
}

export interface CategoryDomain {
  readonly kind: "category";
  readonly names: ReadonlySet<string>;
  /** Whether all names but these are meant. */
  readonly isExcept: boolean;
  readonly isMissingIn: boolean;
}

export type Domain = NumberDomain | CategoryDomain;

export const kindOf = ({ isOrdered }: CodedColumn): Domain["kind"] => (isOrdered ? "number" : "category");

/** All cells of a kind of column. */
export const everything = (kind: Domain["kind"]): Domain =>
  kind === "number"
    ? { kind, intervals: [[-Infinity, Infinity]], isMissingIn: true }
    : { kind, names: new Set(), isExcept: true, isMissingIn: true };

/** The cells in both. @param one, other of one kind */
export function meet(one: Domain, other: Domain): Domain {
  const isMissingIn = one.isMissingIn && other.isMissingIn;
  if (one.kind === "number") {
    const { intervals } = other as NumberDomain;
    return {
      kind: "number",
      intervals: one.intervals.flatMap((each) => clipped(intervals, each)),
      isMissingIn,
    };
  }
  const { names, isExcept } = other as CategoryDomain;
  if (one.isExcept && isExcept) {
    return { kind: "category", names: new Set([...one.names, ...names]), isExcept, isMissingIn };
  }
  const [listed, rest] = one.isExcept ? [other as CategoryDomain, one] : [one, other as CategoryDomain];
  const common = [...listed.names].filter((name) => rest.names.has(name) !== rest.isExcept);
  return { kind: "category", names: new Set(common), isExcept: false, isMissingIn };
}

/** The cells that are not in it. */
export function complement(domain: Domain): Domain {
  const isMissingIn = !domain.isMissingIn;
  if (domain.kind === "category") return { ...domain, isExcept: !domain.isExcept, isMissingIn };
  const intervals: Interval[] = [];
  let low = -Infinity;
  for (const [start, end] of domain.intervals) {
    if (start > low) intervals.push([low, justBelow(start)]);
    low = justAbove(end);
  }
  // Beyond an interval without an upper end there is nothing.
  if (domain.intervals.at(-1)?.[1] !== Infinity) intervals.push([low, Infinity]);
  return { kind: "number", intervals, isMissingIn };
}

export function holds(domain: Domain, cell: Drawn): boolean {
  if (cell === null) return domain.isMissingIn;
  if (domain.kind === "category") return domain.names.has(String(cell)) !== domain.isExcept;
  const number = Number(cell);
  return domain.intervals.some(([low, high]) => low <= number && number <= high);
}

/** Whether some cell that a code stands for is in a domain. */
export function admits(domain: Domain, code: Code): boolean {
  switch (code.kind) {
    case "value":
      return holds(domain, code.value);
    case "rare":
      return holds(domain, code.name);
    case "missing":
      return domain.isMissingIn;
    case "bin":
      return domain.kind === "number" && domain.intervals.some((interval) => sizeWithin(code, interval) > 0);
  }
}

/** A cell that a code stands for, and that is in the domain: of a bin one drawn inside, all alike. @param code one that is admitted */
export function cellWithin(domain: Domain, code: Code, random: Random): Drawn {
  switch (code.kind) {
    case "value":
      return code.value;
    case "rare":
      return code.name;
    case "missing":
      return null;
    case "bin":
      return numberWithin((domain as NumberDomain).intervals, code, random);
  }
}

type Bin = Extract<Code, { readonly kind: "bin" }>;

function numberWithin(intervals: readonly Interval[], bin: Bin, random: Random): number {
  const parts = clipped(intervals, [bin.low, bin.high]).filter((part) => sizeWithin(bin, part) > 0);
  const sizes = parts.map((part) => sizeWithin(bin, part));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let left = random.uniform() * total;
  let chosen = 0;
  while (chosen < parts.length - 1 && left >= sizes[chosen]) left -= sizes[chosen++];
  const [low, high] = parts[chosen];
  if (bin.step === 0) return Math.min(high, low + (left / sizes[chosen]) * (high - low));
  return onGrid(Math.min(stepBelow(high, bin.step), stepAbove(low, bin.step) + Math.floor(left)), bin.step);
}

/** A multiple of a step. Steps such as .1 have no exact binary form; a product has 15 right digits. */
export const onGrid = (count: number, step: number): number =>
  Number.isInteger(step) ? count * step : Number((count * step).toPrecision(15));

/** The last multiple up to a number: by what is written for it, for .3 / .1 is less than 3. */
function stepBelow(value: number, step: number): number {
  const count = Math.round(value / step);
  return onGrid(count, step) <= value ? count : count - 1;
}

/** The first multiple from a number on. */
const stepAbove = (value: number, step: number): number => -stepBelow(-value, step);

/** The first multiple of a step from a number on. */
export const gridAbove = (value: number, step: number): number => onGrid(stepAbove(value, step), step);

/** How much of a bin lies in an interval: how many of its steps, or its length, where a single number counts as the least length. */
function sizeWithin({ low, high, step }: Bin, [start, end]: Interval): number {
  const from = Math.max(low, start);
  const to = Math.min(high, end);
  if (to < from) return 0;
  if (step === 0) return Math.max(to - from, Number.MIN_VALUE);
  return Math.max(0, stepBelow(to, step) - stepAbove(from, step) + 1);
}

function clipped(intervals: readonly Interval[], [low, high]: Interval): Interval[] {
  return intervals.flatMap(([start, end]): Interval[] => {
    const from = Math.max(low, start);
    const to = Math.min(high, end);
    return from <= to ? [[from, to]] : [];
  });
}

const view = new DataView(new ArrayBuffer(8));

/** The next number that a double can hold. */
export function justAbove(x: number): number {
  if (x === Infinity) return x;
  if (x === 0) return Number.MIN_VALUE;
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + (x > 0 ? 1n : -1n));
  return view.getFloat64(0);
}

export const justBelow = (x: number): number => -justAbove(-x);
