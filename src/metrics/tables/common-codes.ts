// Several tables in the codes of one of them: what shares are counted by. A missing cell is a code of its own, and so is every category that
// the reference has not.

import type { NumberColumn, TypedColumn, TypedTable } from "./typed-columns.ts";
import { expectAlike } from "./typed-rows.ts";

/** Into how many bins numbers are cut. */
export const numberBins = 10;

/** Codes of the columns of tables: 0 for a missing cell, then the reference's categories or bins, then all that it does not have. */
export interface CommonCodes {
  /** By column: how many codes there are. */
  readonly sizes: readonly number[];
  /** By column: names of the codes between the first and the last; of a number, the least and the greatest value of each bin. */
  readonly names: readonly (readonly string[])[];
  /** By column: [rows]. @throws ShapeError for a table with other columns */
  readonly codesOf: (table: TypedTable) => readonly Int32Array[];
}

/** The codes of a table, by which others are counted, too. */
export function commonCodes(reference: TypedTable): CommonCodes {
  expectAlike("commonCodes", reference);
  const coders = reference.columns.map((column) => coderOf(column));
  return {
    sizes: coders.map(({ names }) => names.length + 2),
    names: coders.map(({ names }) => names),
    codesOf(table) {
      expectAlike("commonCodes", reference, table);
      return table.columns.map((column, c) => coders[c].code(column));
    },
  };
}

interface Coder {
  readonly names: readonly string[];
  readonly code: (column: TypedColumn) => Int32Array;
}

function coderOf(column: TypedColumn): Coder {
  if (column.kind === "category") return categoryCoder(column.values);
  const starts = binStarts(column);
  return {
    names: starts.map((low, bin) => `${low} to ${starts[bin + 1] ?? "the greatest"}`),
    code: ({ values }) =>
      Int32Array.from(values as Float64Array, (value) =>
        Number.isNaN(value) ? 0 : binOf(starts, value) + 1,
      ),
  };
}

function categoryCoder(reference: readonly string[]): Coder {
  const names = [...new Set(reference)].filter((name) => name !== "").sort();
  const codes = new Map(names.map((name, k) => [name, k + 1]));
  codes.set("", 0);
  const unknown = names.length + 1;
  return {
    names,
    code: ({ values }) => Int32Array.from(values as readonly string[], (name) => codes.get(name) ?? unknown),
  };
}

/**
 * Where the bins of a number begin, ascending: at its least value and its deciles, so that no value is in two bins. A value on which several
 * deciles fall, as a spike has them, is a bin of its own.
 *
 * @returns none where no cell has a value
 */
export function binStarts({ values }: NumberColumn, bins = numberBins): number[] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return [];
  const starts = [sorted[0]];
  let before: number | undefined;
  for (let decile = 1; decile < bins; decile++) {
    const value = sorted[Math.floor((decile * sorted.length) / bins)];
    if (value !== before) starts.push(value);
    else if (upperBound(sorted, value) < sorted.length) starts.push(sorted[upperBound(sorted, value)]);
    before = value;
  }
  return [...new Set(starts)].sort((a, b) => a - b);
}

/** The first place of an ascending list whose value is not less. */
export function lowerBound(sorted: ArrayLike<number>, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first place of an ascending list whose value is greater. */
export function upperBound(sorted: ArrayLike<number>, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The bin of a value; those below the first start are in the first. */
export function binOf(starts: readonly number[], value: number): number {
  return Math.max(0, upperBound(starts, value) - 1);
}
