// Values of seeds side by side: a row an arm or a comparison, a dot a seed, their mean with its interval below.

import * as Plot from "@observablehq/plot";
import { draw, label, pageWidth } from "../html/drawing.ts";
import { fixed, interval, none } from "../html/numbers.ts";
import type { Figure } from "../html/page.ts";
import { ink, muted, palette } from "../html/style.ts";
import type { Estimate } from "../study/estimates.ts";

export interface DotRow {
  readonly name: string;
  readonly estimate: Estimate;
  /** Half the width of a band around zero within which values count as equal. */
  readonly margin?: number | undefined;
}

export interface DotPlot {
  readonly id: string;
  readonly title: string;
  /** What the values are, as the axis has it. */
  readonly axis: string;
  /** In front of the numbers. */
  readonly text: string;
  readonly rows: readonly DotRow[];
  /** Whether zero, no difference, is marked. */
  readonly zero: boolean;
}

const rowHeight = 40;
const mostLetters = 44;

/** @returns undefined without rows */
export function dotPlot({ id, title, axis, text, rows, zero }: DotPlot): Figure | undefined {
  if (rows.length === 0) return undefined;
  const place = new Map(rows.map((row, i) => [row, String(i)]));
  const at = (row: DotRow): string => place.get(row) ?? "";
  const dots = rows.flatMap((row) => row.estimate.seeds.map(({ value }) => ({ row: at(row), value })));
  const means = rows.map((row) => ({ row: at(row), value: row.estimate.mean.mean }));
  const intervals = rows.flatMap((row) => {
    const found = row.estimate.mean.interval;
    return found === null ? [] : [{ row: at(row), ...found }];
  });
  const bands = rows.flatMap((row) =>
    row.margin === undefined ? [] : [{ row: at(row), margin: row.margin }],
  );
  const marginLeft = 18 + 6.2 * Math.min(mostLetters, Math.max(...rows.map(({ name }) => name.length)));
  const drawing = draw({
    ...{ width: Math.max(pageWidth, marginLeft + 320), height: rows.length * rowHeight + 52 },
    ...{ marginLeft, marginRight: 20, marginTop: 8, marginBottom: 44 },
    x: { label: axis, labelAnchor: "center", labelArrow: "none", grid: true, nice: true, ticks: 6 },
    y: {
      ...{ type: "band", domain: rows.map(at), label: null, tickSize: 0, padding: 0 },
      tickFormat: (key: string) => label(rows[Number(key)].name, mostLetters),
    },
    marks: [
      Plot.barX(bands, {
        ...{ x1: ({ margin }: { margin: number }) => -margin, x2: "margin", y: "row" },
        ...{ fill: palette[2], fillOpacity: 0.16, insetTop: 3, insetBottom: 3 },
      }),
      ...(zero ? [Plot.ruleX([0], { stroke: muted })] : []),
      Plot.dot(dots, { x: "value", y: "row", r: 3.5, dy: -7, fill: palette[0], fillOpacity: 0.6 }),
      Plot.link(intervals, { x1: "low", x2: "high", y: "row", dy: 7, stroke: ink, strokeWidth: 1.6 }),
      Plot.dot(means, { x: "value", y: "row", dy: 7, r: 4, symbol: "diamond", fill: ink }),
    ],
  });
  const told = ({ name, estimate: { seeds, mean } }: DotRow): string => {
    const sure = mean.interval === null ? (mean.note ?? "") : `95 % interval ${interval(mean.interval, 4)}`;
    const count = `${seeds.length} seed${seeds.length === 1 ? "" : "s"}`;
    return `${name}: ${fixed(mean.mean, 4)} (${count}${sure === "" ? "" : `, ${sure}`})`;
  };
  const bandText =
    bands.length === 0 ? "" : " The green band is the margin within which both count as equal.";
  return {
    ...{ id, title },
    text: `${text} Dots are seeds, diamonds their means, lines Student's 95 % intervals.${bandText}`,
    numbers: `${rows.map(told).join("; ")}.`,
    drawing,
    table: {
      head: ["", "mean", "95 % interval", "standard deviation", "seeds", "by seed"],
      rows: rows.map(({ name, estimate: { seeds, mean } }) => [
        ...[name, fixed(mean.mean, 4), interval(mean.interval, 4)],
        ...[mean.standardDeviation === null ? none : fixed(mean.standardDeviation, 4), String(seeds.length)],
        seeds.map(({ seed, value }) => `${seed}: ${fixed(value, 4)}`).join(", "),
      ]),
    },
  };
}
