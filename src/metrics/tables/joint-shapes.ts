// How alike two tables are in pairs and triples of columns, in codes that they have in common; and how strongly columns are associated.

import type { CommonCodes } from "./common-codes.ts";
import type { NumberColumn, TypedTable } from "./typed-columns.ts";
import { wholeNumbers } from "./typed-rows.ts";

/** Up to this many cells of a table of counts, an array is faster than a map. */
const mostDense = 2 ** 22;

/** Counts how many rows have a combination of codes, each of which has a number. */
export class Counter {
  readonly #dense: Int32Array | undefined;
  readonly #sparse = new Map<number, number>();

  constructor(cells: number) {
    if (cells <= mostDense) this.#dense = new Int32Array(cells);
  }

  get(key: number): number {
    return this.#dense === undefined ? (this.#sparse.get(key) ?? 0) : this.#dense[key];
  }

  set(key: number, count: number): void {
    if (this.#dense === undefined) this.#sparse.set(key, count);
    else this.#dense[key] = count;
  }
}

/** The combination of codes that each row has in some columns, as a number. */
function keysOf(
  codes: readonly Int32Array[],
  sizes: readonly number[],
  columns: readonly number[],
): Float64Array {
  const keys = new Float64Array(codes[0].length);
  for (const c of columns) {
    const [own, size] = [codes[c], sizes[c]];
    for (let row = 0; row < keys.length; row++) keys[row] = keys[row] * size + own[row];
  }
  return keys;
}

/**
 * 1 - total variation of the contingency tables of some columns: how much of the rows two tables have in common by these, in [0, 1].
 *
 * @param first by column, [rows] codes. @param second the same of the other table
 * @param sizes by column, the number of codes
 */
export function jointShape(
  first: readonly Int32Array[],
  second: readonly Int32Array[],
  sizes: readonly number[],
  columns: readonly number[],
): number {
  const cells = columns.reduce((product, c) => product * sizes[c], 1);
  const [counts, others] = [new Counter(cells), new Counter(cells)];
  const [a, b] = [keysOf(first, sizes, columns), keysOf(second, sizes, columns)];
  for (const key of a) counts.set(key, counts.get(key) + 1);
  for (const key of b) others.set(key, others.get(key) + 1);
  let shared = 0;
  for (const key of a) {
    const count = counts.get(key);
    if (count === 0) continue; // seen before
    shared += Math.min(count / a.length, others.get(key) / b.length);
    counts.set(key, 0);
  }
  return Math.min(1, shared);
}

/** Columns that are looked at together. */
export type Columns = readonly number[];

/** All pairs of columns; `most` of them, drawn by the seed, where there are more. */
export const columnPairs = (count: number, most: number, seed: number): Columns[] =>
  columnSets(count, 2, most, seed);

/** So many triples of columns, drawn by the seed, none twice; all of them where there are no more. */
export const columnTriples = (count: number, most: number, seed: number): Columns[] =>
  columnSets(count, 3, most, seed);

/** How many sets of so many columns there are. */
export const setsOfColumns = (count: number, size: number): number =>
  Array.from({ length: size }, (_, i) => (count - i) / (i + 1)).reduce((product, each) => product * each, 1);

function columnSets(count: number, size: number, most: number, seed: number): Columns[] {
  if (setsOfColumns(count, size) <= most) return allSets(count, size);
  const below = wholeNumbers(seed, size);
  const found = new Map<string, Columns>();
  while (found.size < most) {
    const drawn = Array.from({ length: size }, () => below(count)).sort((a, b) => a - b);
    if (new Set(drawn).size === size) found.set(drawn.join(), drawn);
  }
  return [...found.values()];
}

/** In ascending order. */
function allSets(count: number, size: number, first = 0): Columns[] {
  if (size === 0) return [[]];
  return Array.from({ length: Math.max(0, count - first) }, (_, i) => first + i).flatMap((column) =>
    allSets(count, size - 1, column + 1).map((rest) => [column, ...rest]),
  );
}

/** `jointShape` of each of some pairs or triples. */
export function jointShapes(
  common: CommonCodes,
  first: readonly Int32Array[],
  second: readonly Int32Array[],
  together: readonly Columns[],
): number[] {
  return together.map((columns) => jointShape(first, second, common.sizes, columns));
}

/**
 * How alike the correlations of two numbers are: 1 - |r - r'| / 2, by the rows that have both.
 *
 * @returns null where a number has one value alone, or fewer than two rows have both, so that r is not defined
 */
export function correlationShape(first: TypedTable, second: TypedTable, [i, j]: Columns): number | null {
  const [r, other] = [first, second].map((table) => correlation(table.columns[i], table.columns[j]));
  return r === null || other === null ? null : 1 - Math.abs(r - other) / 2;
}

function correlation(
  first: TypedTable["columns"][number],
  second: TypedTable["columns"][number],
): number | null {
  if (first.kind !== "number" || second.kind !== "number") return null;
  const rows = [...first.values.keys()].filter(
    (row) => !Number.isNaN(first.values[row]) && !Number.isNaN(second.values[row]),
  );
  const mean = ({ values }: NumberColumn): number =>
    rows.reduce((sum, row) => sum + values[row], 0) / rows.length;
  const [x, y] = [mean(first), mean(second)];
  let [xx, yy, xy] = [0, 0, 0];
  for (const row of rows) {
    const [dx, dy] = [first.values[row] - x, second.values[row] - y];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}

/**
 * How strongly two columns are associated, in [0, 1]: Cramer's V of their codes, corrected for chance (Bergsma, "A bias-correction for
 * Cramer's V and Tschuprow's T", Journal of the Korean Statistical Society, 2013). 0 where a column has one code alone.
 */
export function association(codes: readonly Int32Array[], sizes: readonly number[], [i, j]: Columns): number {
  const [a, b] = [codes[i], codes[j]];
  const n = a.length;
  const [rows, columns] = [new Float64Array(sizes[i]), new Float64Array(sizes[j])];
  const counts = new Counter(sizes[i] * sizes[j]);
  for (let row = 0; row < n; row++) {
    rows[a[row]]++;
    columns[b[row]]++;
    const key = a[row] * sizes[j] + b[row];
    counts.set(key, counts.get(key) + 1);
  }
  let sum = 0; // of n_ij^2 / (n_i n_j), which is chi^2 / n + 1
  for (let row = 0; row < n; row++) {
    const key = a[row] * sizes[j] + b[row];
    const count = counts.get(key);
    if (count === 0) continue;
    sum += (count * count) / (rows[a[row]] * columns[b[row]]);
    counts.set(key, 0);
  }
  const used = (totals: Float64Array): number =>
    totals.reduce((found, total) => found + (total > 0 ? 1 : 0), 0);
  const [r, c] = [used(rows), used(columns)];
  if (r < 2 || c < 2 || n < 2) return 0;
  const phi = Math.max(0, sum - 1 - ((r - 1) * (c - 1)) / (n - 1));
  const [ofRows, ofColumns] = [r, c].map((size) => size - (size - 1) ** 2 / (n - 1));
  const most = Math.min(ofRows, ofColumns) - 1;
  return most <= 0 ? 0 : Math.min(1, Math.sqrt(phi / most));
}
