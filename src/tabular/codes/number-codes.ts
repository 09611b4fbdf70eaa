// The codes of a column of numbers: values that many rows have as they are, all others in bins.
import { gridAbove, onGrid } from "../cell-domain.ts";
import type { Code } from "../coded-table.ts";
import { roundestBetween } from "./round-edges.ts";

/** Numbers in bins: from `low` to `high`. */
export type Bin = Extract<Code, { readonly kind: "bin" }>;

export interface NumberCodeLimits {
  /** Rows behind every code, at least. */
  readonly least: number;
  /** Bins, at most. */
  readonly bins: number;
  /** Values with a code of their own, at most: the most frequent. */
  readonly values: number;
}

/**
 * Codes of numbers, ascending.
 *
 * A number that at least `least` rows have is a code. Of the other rows each bin holds at least `least`. No edge of a bin is the
 * number of a person by more than chance: an inner edge is the roundest number in the span of `least` rows around a quantile, and
 * the two outer edges are the roundest numbers among the rows next to the outermost few, so the lowest and the highest number of
 * a table are not stored, nor anything computed from them alone. Rows beyond the outer edges belong to the outer bins.
 *
 * Half as many rows as `least` may lie beyond an outer edge: what is drawn stays inside what several people reach.
 *
 * @param numbers finite, in any order
 * @returns none where fewer than `least` numbers are given and no value is frequent
 */
export function numberCodes(numbers: Float64Array, limits: NumberCodeLimits): Code[] {
  const { least } = limits;
  const sorted = Float64Array.from(numbers).sort();
  const step = stepOf(sorted, least);
  const values = frequentValues(sorted, limits);
  const known = new Set(values);
  const rest = sorted.filter((value) => !known.has(value));
  const codes: { code: Code; at: number }[] = values.map((value) => ({
    code: { kind: "value", value },
    at: value,
  }));
  if (rest.length >= least) {
    let bins = binsOf(rest, limits, step);
    // Ties move rows over an edge: a bin that is left with too few joins its neighbour.
    for (;;) {
      const held = rowsByBin(rest, bins);
      const small = held.findIndex((rows) => rows.length < least);
      if (small < 0 || bins.length === 1) {
        codes.push(...bins.map((code, b) => ({ code, at: held[b][held[b].length >> 1] })));
        break;
      }
      const left =
        small === 0 || (small < bins.length - 1 && held[small + 1].length < held[small - 1].length)
          ? small
          : small - 1;
      bins = bins.toSpliced(left, 2, { ...bins[left], high: bins[left + 1].high });
    }
  }
  // By the middle row of each: a bin may reach over values that have codes of their own.
  return codes.sort((a, b) => a.at - b.at).map(({ code }) => code);
}

/** The values that at least `least` rows have, ascending. */
function frequentValues(sorted: Float64Array, { least, values }: NumberCodeLimits): number[] {
  const found: { value: number; count: number }[] = [];
  for (let start = 0; start < sorted.length;) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    if (end - start >= least) found.push({ value: sorted[start], count: end - start });
    start = end;
  }
  if (found.length > values) found.sort((a, b) => b.count - a.count).length = values;
  return found.map(({ value }) => value).sort((a, b) => a - b);
}

/** @param rest ascending, at least `least` */
function binsOf(rest: Float64Array, limits: NumberCodeLimits, step: number): Bin[] {
  const isWhole = step === 1;
  // What is between two multiples is no number of this column.
  const up = (edge: number): number => (step > 0 && step < 1 ? gridAbove(edge, step) : edge);
  const { least } = limits;
  const half = Math.ceil(least / 2);
  const edges: number[] = [];
  for (const rank of cutRanks(rest.length, limits)) {
    const edge = up(edgeAmong(rest, rank - half, rank + half - 1, isWhole));
    if (edges.length === 0 || edge > edges[edges.length - 1]) edges.push(edge);
  }
  const aside = Math.min(half, rest.length >> 2);
  const lowest = up(edgeAmong(rest, aside, 2 * aside, isWhole));
  const highest = -up(-edgeAmong(rest, rest.length - 1 - 2 * aside, rest.length - 1 - aside, isWhole));
  const inner = edges.filter((edge) => edge > lowest && edge < highest);
  const starts = [Math.min(lowest, highest), ...inner];
  return starts.map((low, b) => {
    const next = starts.at(b + 1);
    return {
      kind: "bin",
      low,
      high: next === undefined ? Math.max(lowest, highest) : before(next, step),
      step,
    };
  });
}

/** The last number that is drawn before the start of a bin. */
function before(start: number, step: number): number {
  if (step === 0) return start;
  return onGrid(Math.round(start / step) - 1, step);
}

/** Decimals beyond which numbers are taken as they come. */
const mostDecimals = 6;

/**
 * What numbers are multiples of: 1, .1, .01, ..., by the most decimals that at least `least` of them have, for so they are written; 0 for any.
 * A number that is drawn must be the one that is written, or a constraint that it keeps would be broken by rounding.
 */
function stepOf(sorted: Float64Array, least: number): number {
  if (sorted.every((value) => Number.isSafeInteger(value))) return 1;
  const counts = new Array<number>(mostDecimals + 2).fill(0);
  for (const value of sorted) {
    const text = String(value);
    const decimals = text.includes("e") ? mostDecimals + 1 : text.length - 1 - (text + ".").indexOf(".");
    counts[Math.min(mostDecimals + 1, Math.max(0, decimals))]++;
  }
  let over = 0;
  for (let decimals = mostDecimals + 1; decimals > 0; decimals--) {
    over += counts[decimals];
    if (over < least) continue;
    const step = Number(`1e-${decimals}`);
    const largest = Math.max(Math.abs(sorted[0]), Math.abs(sorted[sorted.length - 1]));
    return decimals > mostDecimals || largest / step > Number.MAX_SAFE_INTEGER ? 0 : step;
  }
  return 1;
}

/** Ranks of the inner edges: equal numbers of rows, and towards both ends of a long column half as many each time, for its tails. */
function cutRanks(count: number, { least, bins }: NumberCodeLimits): number[] {
  const most = Math.floor(count / (2 * least + 2));
  if (most <= bins)
    return Array.from({ length: Math.max(0, most - 1) }, (_, b) => Math.round(((b + 1) * count) / most));
  const halvings = Math.min(Math.floor(Math.log2(most / bins)) + 1, Math.floor(bins / 4));
  const base = bins - 2 * halvings;
  const ranks = Array.from({ length: base - 1 }, (_, b) => Math.round(((b + 1) * count) / base));
  let outer = ranks[0] ?? count;
  for (let h = 0; h < halvings && outer >= 4 * least + 4; h++) {
    outer = Math.round(outer / 2);
    ranks.push(outer, count - outer);
  }
  return ranks.sort((a, b) => a - b);
}

/** The roundest number in the span of the rows from one rank to another; the span grows where all of them have one number. */
function edgeAmong(rest: Float64Array, from: number, to: number, isWhole: boolean): number {
  let low = Math.max(0, from);
  let high = Math.min(rest.length - 1, to);
  // Fewer than `least` rows have one number, and there are at least so many: two numbers are found.
  while (rest[low] === rest[high] && (low > 0 || high < rest.length - 1)) {
    low = Math.max(0, low - 1);
    high = Math.min(rest.length - 1, high + 1);
  }
  return roundestBetween(rest[low], rest[high], isWhole);
}

function rowsByBin(rest: Float64Array, bins: readonly Bin[]): number[][] {
  const held: number[][] = bins.map(() => []);
  for (const value of rest) held[binOf(value, bins)].push(value);
  return held;
}

/** The bin that a number belongs to, the nearest where none holds it. @param bins ascending, at least one */
export function binOf(value: number, bins: readonly Bin[]): number {
  let low = 0;
  let high = bins.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (bins[middle].low <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
