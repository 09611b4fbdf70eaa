// How much of a column's values another table has at all.

import { binOf, binStarts } from "./common-codes.ts";
import type { CategoryColumn, NumberColumn, TypedColumn, TypedTable } from "./typed-columns.ts";
import { expectAlike } from "./typed-rows.ts";

export interface Coverage {
  /**
   * Of a category's column: the share of its categories that occur; of a number's: the share of up to a hundred bins, of ten real rows or more
   * each, that have a row. In [0, 1]. Not of the range itself, which the lowest and the highest person alone decide: whoever knew the one could
   * compute the other.
   */
  readonly share: number;
  /** Categories of the real column, or 0 for a number. */
  readonly categories: number;
  /** Those of them that do not occur, the most frequent first. */
  readonly lost: readonly { readonly name: string; readonly rows: number }[];
  /** Rows whose category the real column does not have, or whose number is beyond its range. */
  readonly outside: number;
  /** Shares of missing cells, in [0, 1]. */
  readonly missing: { readonly real: number; readonly other: number };
}

/**
 * What of each column of a table occurs in another one, missing cells aside.
 *
 * @returns by column; a share of 1 where the real column has nothing to cover
 * @throws ShapeError for tables with other columns or no rows
 */
export function valueCoverage(real: TypedTable, other: TypedTable): Coverage[] {
  expectAlike("valueCoverage", real, other);
  return real.columns.map((column, c) => {
    const found = other.columns[c];
    const missing = { real: missingShare(column), other: missingShare(found) };
    return column.kind === "category"
      ? { ...ofCategories(column, found as CategoryColumn), missing }
      : { ...ofRange(column, found as NumberColumn), missing };
  });
}

function ofCategories(real: CategoryColumn, other: CategoryColumn): Omit<Coverage, "missing"> {
  const counts = new Map<string, number>();
  for (const name of real.values) if (name !== "") counts.set(name, (counts.get(name) ?? 0) + 1);
  const occurring = new Set(other.values);
  const lost = [...counts]
    .filter(([name]) => !occurring.has(name))
    .map(([name, rows]) => ({ name, rows }))
    .sort((a, b) => b.rows - a.rows);
  return {
    share: counts.size === 0 ? 1 : (counts.size - lost.length) / counts.size,
    categories: counts.size,
    lost,
    outside: other.values.filter((name) => name !== "" && !counts.has(name)).length,
  };
}

function ofRange(real: NumberColumn, other: NumberColumn): Omit<Coverage, "missing"> {
  const [low, high] = range(real);
  const held = real.values.reduce((count, value) => count + Number(!Number.isNaN(value)), 0);
  const starts = binStarts(real, Math.max(1, Math.min(mostBins, Math.floor(held / rowsOfBin))));
  const reached = new Set<number>();
  for (const value of other.values) if (value >= low && value <= high) reached.add(binOf(starts, value));
  return {
    share: starts.length === 0 ? 1 : reached.size / starts.length,
    ...{ categories: 0, lost: [] },
    outside: low > high ? 0 : other.values.filter((value) => value < low || value > high).length,
  };
}

/** Bins of a number, at most, and real rows in each, at least. */
const mostBins = 100;
const rowsOfBin = 10;

/** The least and the greatest value; Infinity and -Infinity where there is none. */
function range({ values }: NumberColumn): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function missingShare({ kind, values }: TypedColumn): number {
  const missing =
    kind === "category"
      ? values.filter((name) => name === "").length
      : values.filter((value) => Number.isNaN(value)).length;
  return missing / values.length;
}
