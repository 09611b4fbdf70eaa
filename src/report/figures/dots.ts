// Values by seed, or by patient: a row for each arm, comparison or class, a dot for each seed or patient, and below the dots
// their mean with its interval.

import { counted } from "../../errors/counted.ts";
import * as Plot from "@observablehq/plot";
import type { Interval } from "../../statistics/interval.ts";
import { draw, lines, pageWidth, type Drawing } from "../html/drawing.ts";
import { fixed, interval as range, signed } from "../html/number-text.ts";
import type { Figure } from "../html/page.ts";
import { ink, muted, palette, paper } from "../html/style.ts";
import { leftOutText } from "./left-out.ts";

export interface DotRow {
  readonly name: string;
  /** Text below the name, in the picture. */
  readonly about?: string | undefined;
  /** One value for each seed. */
  readonly values: readonly number[];
  readonly mean: number;
  readonly interval: Interval | null;
  /** The reason why there is no interval; null where there is one. */
  readonly reason: string | null;
  /** Classes that the values leave out. */
  readonly leftOut: readonly string[];
  /** Half the width of a band around zero within which values count as equal. */
  readonly margin?: number | undefined;
  /** For a difference: whether its test finds it significant. */
  readonly significant?: boolean;
}

/** A group of rows. */
export interface DotPart {
  /** Title above the rows; the first group needs none. */
  readonly title?: string | undefined;
  readonly rows: readonly DotRow[];
}

export interface DotPlot {
  readonly id: string;
  readonly title: string;
  /** What the values are, for the axis. */
  readonly axis: string;
  /** What a value is called. */
  readonly value: string;
  /** Text in front of the numbers. */
  readonly text: string;
  readonly parts: readonly DotPart[];
  /** Whether the values are differences: zero is marked, and signs are shown. */
  readonly differences: boolean;
  readonly table: Figure["table"];
  /** What a dot is: one of them, and several. Default: seeds. */
  readonly dots?: readonly [one: string, many: string];
}

const decimals = 4;
const seeds = ["seed", "seeds"] as const;
/** The most dots of a row; of more values those at equal distances in their order are shown. */
const mostDots = 60;

/** @returns undefined without rows */
export function dotPlot(plot: DotPlot): Figure | undefined {
  const { id, title, differences, table } = plot;
  const rows = plot.parts.flatMap((part) => part.rows);
  if (rows.length === 0) return undefined;
  const shown = extentOf(rows, differences);
  const [one, many] = plot.dots ?? seeds;
  const told = ({ name, values, mean, interval, reason }: DotRow): string => {
    const sure = interval === null ? (reason ?? "") : `95 % interval ${range(interval, decimals)}`;
    const count = counted(values.length, one, many);
    return `${name}: ${numberOf(plot, mean)} (${count}${sure === "" ? "" : `, ${sure}`})`;
  };
  return {
    ...{ id, title, text: textOf(plot, rows, shown), numbers: `${rows.map(told).join("; ")}.` },
    ...{ drawing: drawingOf(plot, shown), table },
  };
}

const numberOf = ({ differences }: DotPlot, value: number): string =>
  differences ? signed(value, decimals) : fixed(value, decimals);

function textOf(
  { text, value, differences, dots: [, many] = seeds }: DotPlot,
  rows: readonly DotRow[],
  shown: Interval,
): string {
  const sentences = [
    text,
    `Dots are ${many}, diamonds their means with the numbers on the right, lines 95 % intervals of the mean.`,
  ];
  if (rows.some(({ values }) => values.length > mostDots)) {
    sentences.push(
      `Of a row with more ${many}, ${mostDots} dots are shown, at equal distances in the order of their values.`,
    );
  }
  if (differences) {
    sentences.push("A diamond is filled where the difference is significant by Holm's correction.");
  }
  if (
    rows.some(({ interval }) => interval !== null && (interval.low < shown.low || interval.high > shown.high))
  ) {
    sentences.push("A line that ends in an arrow goes on beyond the picture: there are too few seeds.");
  }
  if (rows.some(({ margin }) => margin !== undefined)) {
    sentences.push("The green band is the margin within which both count as equal.");
  }
  const without = leftOutText(rows);
  if (without !== "") sentences.push(`Without classes that have no ${value} in some seed: ${without}.`);
  return sentences.join(" ");
}

/** The range of the axis: all values, and of intervals at most as much again on each side. */
function extentOf(rows: readonly DotRow[], differences: boolean): Interval {
  const values = rows.flatMap((row) => [
    ...row.values,
    ...(row.margin === undefined ? [] : [-row.margin, row.margin]),
  ]);
  if (differences) values.push(0);
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const more = greatest > least ? greatest - least : 0.01;
  const lows = rows.map(({ interval }) => interval?.low ?? least);
  const highs = rows.map(({ interval }) => interval?.high ?? greatest);
  const low = Math.max(least - more, Math.min(least, ...lows));
  const high = Math.min(greatest + more, Math.max(greatest, ...highs));
  const space = 0.03 * (high > low ? high - low : more);
  // An AUC lies between 0 and 1.
  return differences
    ? { low: low - space, high: high + space }
    : { low: Math.max(0, low - space), high: Math.min(1, high + space) };
}

/** Heights and widths in pixels. */
const lineHeight = 14;
const least = 36;
const headingHeight = 34;
const letterWidth = 7.6;
const mostLetters = 30;

interface Line {
  readonly text: string;
  readonly y: number;
}

interface Placed {
  readonly row: DotRow;
  readonly top: number;
  readonly middle: number;
  readonly bottom: number;
  readonly names: readonly Line[];
  readonly abouts: readonly Line[];
}

/** From top to bottom. */
function place(parts: readonly DotPart[]): {
  readonly placed: readonly Placed[];
  readonly headings: readonly Line[];
  readonly height: number;
} {
  const placed: Placed[] = [];
  const headings: Line[] = [];
  let top = 8;
  for (const { title, rows } of parts) {
    if (rows.length > 0 && title !== undefined) {
      headings.push({ text: title, y: top + headingHeight / 2 });
      top += headingHeight;
    }
    for (const row of rows) {
      const names = lines(row.name, mostLetters, 2);
      const abouts = row.about === undefined ? [] : lines(row.about, mostLetters + 2, 2);
      const count = names.length + abouts.length;
      const height = Math.max(least, count * lineHeight + 10);
      const middle = top + height / 2;
      const y = (i: number): number => middle + (i - (count - 1) / 2) * lineHeight;
      placed.push({
        ...{ row, top, middle, bottom: top + height },
        names: names.map((text, i) => ({ text, y: y(i) })),
        abouts: abouts.map((text, i) => ({ text, y: y(names.length + i) })),
      });
      top += height;
    }
  }
  return { placed, headings, height: top };
}

function shownValues(values: readonly number[]): readonly number[] {
  if (values.length <= mostDots) return values;
  const sorted = values.toSorted((a, b) => a - b);
  return Array.from(
    { length: mostDots },
    (_, i) => sorted[Math.round((i * (sorted.length - 1)) / (mostDots - 1))],
  );
}

function drawingOf(plot: DotPlot, { low, high }: Interval): Drawing {
  const { placed, headings, height } = place(plot.parts);
  const texts = placed.flatMap(({ names, abouts }) => [...names, ...abouts]);
  const marginLeft = 22 + letterWidth * Math.max(...texts.map(({ text }) => text.length));
  const dots = placed.flatMap(({ row, middle }) =>
    shownValues(row.values).map((x) => ({ x, y: middle - 7 })),
  );
  const means = placed.map(({ row, middle }) => ({ row, x: row.mean, y: middle + 7, middle }));
  const intervals = placed.flatMap(({ row: { interval }, middle }) =>
    interval === null
      ? []
      : [{ x1: Math.max(low, interval.low), x2: Math.min(high, interval.high), y: middle + 7, interval }],
  );
  const cut = intervals.flatMap(({ y, interval }) => [
    ...(interval.low < low ? [{ x: low, y, text: "◂" }] : []),
    ...(interval.high > high ? [{ x: high, y, text: "▸" }] : []),
  ]);
  const bands = placed.flatMap(({ row: { margin }, top, bottom }) =>
    margin === undefined ? [] : [{ x1: -margin, x2: margin, y1: top + 2, y2: bottom - 2 }],
  );
  const between = placed.slice(1).map(({ top }) => top);
  const wide = { stroke: muted, insetLeft: 4 - marginLeft };
  const beside = { y: "y", text: "text", frameAnchor: "left", textAnchor: "end", dx: -10 } as const;
  return draw({
    ...{ width: Math.max(pageWidth, marginLeft + 340), height: height + 48 },
    ...{ marginLeft, marginRight: 66, marginTop: 8, marginBottom: 48 },
    x: {
      ...{ label: plot.axis, labelAnchor: "center", labelArrow: "none", domain: [low, high] },
      ...{ grid: true, ticks: 6 },
    },
    y: { type: "identity", axis: null },
    marks: [
      Plot.ruleY(between, { ...wide, strokeOpacity: 0.2 }),
      Plot.rect(bands, {
        ...{ x1: "x1", x2: "x2", y1: "y1", y2: "y2" },
        ...{ fill: palette[2], fillOpacity: 0.16 },
      }),
      ...(plot.differences ? [Plot.ruleX([0], { stroke: muted })] : []),
      Plot.text(
        placed.flatMap(({ names }) => names),
        { ...beside, fill: ink },
      ),
      Plot.text(
        placed.flatMap(({ abouts }) => abouts),
        { ...beside, fill: muted, fontSize: 11 },
      ),
      Plot.text(headings, {
        ...{ y: "y", text: "text", frameAnchor: "left", textAnchor: "start", dx: 6 - marginLeft, dy: 4 },
        ...{ fill: ink, fontWeight: 600, stroke: paper, strokeWidth: 4 },
      }),
      Plot.dot(dots, { x: "x", y: "y", r: 3.5, fill: palette[0], fillOpacity: 0.6 }),
      Plot.link(intervals, { x1: "x1", x2: "x2", y: "y", stroke: ink, strokeWidth: 1.6 }),
      Plot.text(cut, { x: "x", y: "y", text: "text", fill: ink, fontSize: 13 }),
      Plot.dot(means, {
        ...{ x: "x", y: "y", r: 4.2, symbol: "diamond", stroke: ink, strokeWidth: 1.4 },
        fill: ({ row }: (typeof means)[number]) => (row.significant === false ? paper : ink),
      }),
      Plot.text(means, {
        ...{ y: "middle", frameAnchor: "right", textAnchor: "start", dx: 10, fontVariant: "tabular-nums" },
        text: ({ x }: (typeof means)[number]) => numberOf(plot, x),
      }),
    ],
    color: { type: "identity" },
  });
}
