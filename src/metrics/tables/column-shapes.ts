// How alike two tables are, column by column.

import type { CategoryColumn, NumberColumn, TypedColumn, TypedTable } from "./typed-columns.ts";
import { expectAlike } from "./typed-rows.ts";

/**
 * How alike the shapes of each column are, in [0, 1]; 1: the same.
 *
 * A number's is 1 - KS, the largest difference of the cumulative shares; a missing cell counts as one below all numbers. A category's is
 * 1 - total variation, half the sum of the differences of the shares; a missing cell counts as a category.
 *
 * @returns [columns]
 * @throws ShapeError for tables with other columns or no rows
 */
export function columnShapes(first: TypedTable, second: TypedTable): number[] {
  expectAlike("columnShapes", first, second);
  return first.columns.map((column, c) => columnShape(column, second.columns[c]));
}

function columnShape(first: TypedColumn, second: TypedColumn): number {
  return first.kind === "category"
    ? 1 - totalVariation(first, second as CategoryColumn)
    : 1 - largestDifference(first, second as NumberColumn);
}

function totalVariation(first: CategoryColumn, second: CategoryColumn): number {
  const differences = new Map<string, number>();
  for (const [{ values }, sign] of [[first, 1] as const, [second, -1] as const]) {
    for (const name of values) differences.set(name, (differences.get(name) ?? 0) + sign / values.length);
  }
  let sum = 0;
  for (const difference of differences.values()) sum += Math.abs(difference);
  return sum / 2;
}

/** The statistic of Kolmogorov and Smirnov. */
function largestDifference(first: NumberColumn, second: NumberColumn): number {
  const [a, b] = [ascending(first), ascending(second)];
  let [i, j, largest] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i], b[j]);
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}

const ascending = ({ values }: NumberColumn): Float64Array =>
  values.map((value) => (Number.isNaN(value) ? -Infinity : value)).sort();
