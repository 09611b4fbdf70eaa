// Shares of a column's values in two tables, as bars: categories and bins that name no value of few rows.

import { counted } from "../../errors/counted.ts";
import type { TypedColumn, TypedTable } from "../../metrics/tables/typed-columns.ts";
import { fewestNamed } from "./named-values.ts";
import type { Bar } from "./table-judgement.ts";

const mostBars = 12;
/** A number that so many of the rows have has a bar of its own. */
const spikeShare = 0.05;
const mostSpikes = 3;

/** How a number of a column is written, such as a day as a date. */
export type NumberWords = (column: string, value: number) => string;

/** The bars of a column of two tables. */
export function columnBars(real: TypedTable, synthetic: TypedTable, c: number, words: NumberWords): Bar[] {
  const [own, other] = [real.columns[c], synthetic.columns[c]];
  const slots =
    own.kind === "category" ? categorySlots(own.values) : numberSlots(own.values, own.name, words);
  const shares = [own, other].map((column) => sharesOf(column, slots));
  return slots.labels.flatMap((label, slot) => {
    const bar = { label, real: shares[0][slot], synthetic: shares[1][slot] };
    return bar.real === 0 && bar.synthetic === 0 ? [] : [bar];
  });
}

interface Slots {
  readonly labels: readonly string[];
  readonly slotOf: (cell: string | number) => number;
}

function sharesOf({ values }: TypedColumn, { labels, slotOf }: Slots): number[] {
  const counts = labels.map(() => 0);
  for (const cell of values) counts[slotOf(cell)]++;
  return counts.map((count) => count / values.length);
}

function categorySlots(values: readonly string[]): Slots {
  const counts = new Map<string, number>();
  for (const name of values) if (name !== "") counts.set(name, (counts.get(name) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const named = sorted
    .slice(0, mostBars)
    .filter(([, count]) => count >= fewestNamed)
    .map(([name]) => name);
  const slots = new Map(named.map((name, slot) => [name, slot]));
  const rest = counts.size - named.length;
  const others =
    named.length === 0 ? counted(rest, "category", "categories") : `${rest} other${rest === 1 ? "" : "s"}`;
  return {
    labels: [...named, rest === 0 ? "not in the real table" : others, "missing"],
    slotOf: (name) => (name === "" ? named.length + 1 : (slots.get(name as string) ?? named.length)),
  };
}

function numberSlots(values: Float64Array, name: string, words: NumberWords): Slots {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const spikes = spikesOf(sorted);
  const edges = roundEdges(sorted);
  const said = (value: number): string => words(name, value);
  const labels: string[] = [];
  const slots = { bins: [] as number[], spikes: new Map<number, number>(), missing: 0 };
  const add = (label: string): number => labels.push(label) - 1;
  // Spikes stand before the bin that they are in.
  const addSpikes = (low: number, high: number): void => {
    for (const spike of spikes)
      if (spike >= low && spike < high) slots.spikes.set(spike, add(`exactly ${said(spike)}`));
  };
  for (let bin = 0; bin <= edges.length; bin++) {
    const [low, high] = [edges[bin - 1] ?? -Infinity, edges[bin] ?? Infinity];
    addSpikes(low, high);
    const others = spikes.some((spike) => spike >= low && spike < high) ? ", others" : "";
    const bounds =
      edges.length === 0
        ? "any number"
        : low === -Infinity
          ? `below ${said(high)}`
          : high === Infinity
            ? `${said(low)} and more`
            : `${said(low)} to ${said(high)}`;
    slots.bins.push(add(`${bounds}${others}`));
  }
  slots.missing = add("missing");
  return {
    labels,
    slotOf(cell) {
      const value = cell as number;
      if (Number.isNaN(value)) return slots.missing;
      return slots.spikes.get(value) ?? slots.bins[edges.filter((edge) => edge <= value).length];
    },
  };
}

/** The values that many rows have, ascending. */
function spikesOf(sorted: Float64Array): number[] {
  const least = Math.max(fewestNamed, spikeShare * sorted.length);
  const found: { readonly value: number; readonly count: number }[] = [];
  for (let first = 0, last = 0; first < sorted.length; first = last) {
    while (last < sorted.length && sorted[last] === sorted[first]) last++;
    if (last - first >= least) found.push({ value: sorted[first], count: last - first });
  }
  return found
    .sort((a, b) => b.count - a.count)
    .slice(0, mostSpikes)
    .map(({ value }) => value)
    .sort((a, b) => a - b);
}

/** Round numbers, up to about ten, from the first to the last hundredth of the rows, so that they name no row's own value. */
function roundEdges(sorted: Float64Array): number[] {
  if (sorted.length === 0) return [];
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))];
  const [low, high] = [at(0.01), at(0.99)];
  if (!(high > low)) return [];
  const rough = (high - low) / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? 10 * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}
