// The ROC curves of a study: mean curves on top of each other, in an enlarged window where they differ.

import * as Plot from "@observablehq/plot";
import { draw, grid, label, lines as brokenLines, pageWidth, type Drawing } from "../html/drawing.ts";
import { ink, muted, palette } from "../html/style.ts";

export interface RocLine {
  readonly name: string;
  /** Number of the line's look, from 0: lines with the same number belong together, also in two pictures. */
  readonly look: number;
  /** Sensitivity at each of the false positive rates. */
  readonly curve: readonly number[];
}

/** The lines of one picture. */
export interface RocPart {
  /** Title above the picture. */
  readonly title: string;
  readonly lines: readonly RocLine[];
}

/** The part of the unit square that is shown: from 0 to `right`, and from `bottom` to 1. */
export interface RocWindow {
  readonly right: number;
  readonly bottom: number;
}

/** Once all curves are as high as this, the rest of the picture shows little. */
const high = 0.95;

/** The smallest window that shows how the curves rise. */
export function rocWindow(rates: readonly number[], curves: readonly (readonly number[])[]): RocWindow {
  const lowest = (rate: number): number =>
    Math.min(...curves.map((curve) => heightAt(rate, [...pointsOf(rates, curve)])));
  const right = [0.05, 0.1, 0.2, 0.5].find((rate) => lowest(rate) >= high) ?? 1;
  if (right === 1) return { right, bottom: 0 };
  const bottom = [0.9, 0.8, 0.6, 0.4].find((height) => lowest(right / 20) >= height) ?? 0;
  return { right, bottom };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The points of a curve, from the corner: it begins with the sensitivity without any false positive. */
const pointsOf = (rates: readonly number[], curve: readonly number[]): Point[] => [
  { x: 0, y: 0 },
  ...rates.map((x, i) => ({ x, y: curve[i] })),
];

function heightAt(rate: number, points: readonly Point[]): number {
  const after = points.findIndex(({ x }) => x > rate);
  if (after < 0) return points[points.length - 1].y;
  const [from, to] = [points[after - 1], points[after]];
  return from.y + ((rate - from.x) / (to.x - from.x)) * (to.y - from.y);
}

/** The part of a rising line inside the window, with the points where it enters and leaves. */
function within(points: readonly Point[], { right, bottom }: RocWindow): Point[] {
  const inside = points.filter(({ x, y }) => x <= right && y >= bottom);
  const first = points.findIndex(({ y }) => y >= bottom);
  const found = [...inside];
  if (first > 0) {
    const [from, to] = [points[first - 1], points[first]];
    const x = from.x + ((bottom - from.y) / (to.y - from.y)) * (to.x - from.x);
    if (x > right) return [];
    found.unshift({ x, y: bottom });
  }
  const last = found.at(-1);
  if (last === undefined || last.x < right) found.push({ x: right, y: heightAt(right, points) });
  return found;
}

const colours = [...palette, ink];
/** Dashes distinguish lines where colours do not. */
const dashes = ["none", "7 3", "2 2", "9 3 2 3", "14 4"] as const;
const look = (i: number): { readonly stroke: string; readonly strokeDasharray: string } => ({
  stroke: colours[i % colours.length],
  strokeDasharray: dashes[i % dashes.length],
});

const gap = 16;
const side = Math.floor((pageWidth - gap) / 2);
const lineHeight = 16;

/** @param parts one or two; each becomes a picture with its legend below */
export function rocPictures(rates: readonly number[], parts: readonly RocPart[], window: RocWindow): Drawing {
  const titles = parts.map(({ title }) => brokenLines(title, Math.floor(side / 7), 3));
  const rows = Math.max(...titles.map((title) => title.length));
  const beside = (drawings: readonly Drawing[]): Drawing => grid(drawings, parts.length, gap);
  return grid(
    [
      beside(titles.map((title) => heading(title, rows))),
      beside(parts.map((part) => picture(rates, part, window))),
      beside(parts.map(({ lines }) => legend(lines))),
    ],
    1,
    4,
  );
}

const bare = { marginLeft: 0, marginRight: 0, marginTop: 0, marginBottom: 0 } as const;
const pixels = { x: { type: "identity", axis: null }, y: { type: "identity", axis: null } } as const;

function heading(title: readonly string[], rows: number): Drawing {
  return draw({
    ...{ width: side, height: rows * lineHeight, ...bare, ...pixels },
    marks: [
      Plot.text(title, {
        ...{ x: () => 4, y: (_: string, i: number) => (i + 0.5) * lineHeight, text: (line: string) => line },
        ...{ textAnchor: "start", fontWeight: 600, fill: ink },
      }),
    ],
  });
}

function picture(rates: readonly number[], { lines }: RocPart, window: RocWindow): Drawing {
  const { right, bottom } = window;
  const diagonal = within(
    [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ],
    window,
  );
  const axis = { tickSize: 3, ticks: 5, labelAnchor: "center", labelArrow: "none", grid: true } as const;
  return draw({
    ...{ width: side, height: side - 30, marginLeft: 46, marginRight: 12, marginTop: 8, marginBottom: 40 },
    x: { ...axis, domain: [0, right], label: "1 − specificity", tickFormat: String },
    y: { ...axis, domain: [bottom, 1], label: "sensitivity", tickFormat: String },
    marks: [
      Plot.frame({ stroke: muted, strokeOpacity: 0.35 }),
      Plot.line(diagonal, {
        ...{ x: "x", y: "y", stroke: muted, strokeOpacity: 0.6, strokeDasharray: "3 3" },
      }),
      ...lines.map((line) =>
        Plot.line(within(pointsOf(rates, line.curve), window), {
          ...{ x: "x", y: "y", strokeWidth: 1.8, ...look(line.look) },
        }),
      ),
    ],
  });
}

function legend(lines: readonly RocLine[]): Drawing {
  const at = lines.map((line, i) => ({ ...line, y: (i + 0.5) * (lineHeight + 2) }));
  return draw({
    ...{ width: side, height: lines.length * (lineHeight + 2), ...bare, ...pixels },
    marks: [
      ...at.map(({ look: i, y }) =>
        Plot.link([{ y }], { x1: () => 46, x2: () => 84, y1: "y", y2: "y", strokeWidth: 2, ...look(i) }),
      ),
      Plot.text(at, {
        ...{ x: () => 92, y: "y", text: ({ name }: RocLine) => label(name, 34) },
        ...{ textAnchor: "start", fill: ink },
      }),
    ],
  });
}
