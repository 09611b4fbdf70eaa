// Heat maps: the labels of an assembly, the similarity of class queries, and what other rooms draw in cells.

import * as Plot from "@observablehq/plot";
import type { LabelCoverage, LabelCount } from "../../data/inspection/counts.ts";
import { draw, grid, label, pageWidth, type Drawing } from "../html/drawing.ts";
import { fixed, listed, whole } from "../html/number-text.ts";
import type { Figure } from "../html/page.ts";
import { cool, muted, warm } from "../html/style.ts";

export interface HeatCell {
  readonly row: string;
  readonly column: string;
  /** Strength of its colour, from -1 to 1. */
  readonly strength: number;
  readonly text: string;
}

/** The strongest colour on which text stays readable, in light and dark. */
const strongest = 0.55;
const usualHeight = 24;

/** Rows and columns are found by their whole names, which are cut only when they are drawn. */
export function heatMap(
  title: string,
  rows: readonly string[],
  columns: readonly string[],
  cells: readonly HeatCell[],
  most: { readonly letters: number; readonly cellWidth: number; readonly cellHeight?: number },
): Drawing {
  const { cellHeight = usualHeight } = most;
  const margin = 14 + 6.6 * Math.min(most.letters, Math.max(...rows.map((name) => name.length)));
  const longest = Math.max(...columns.map((name) => Math.min(most.letters, name.length)));
  const slanted = longest * 6.6 + 8 > most.cellWidth;
  const top = 26 + (slanted ? 12 + longest * 4.6 : 20);
  return draw({
    width: margin + columns.length * most.cellWidth + (slanted ? longest * 4.6 + 6 : 6),
    height: top + rows.length * cellHeight + 6,
    ...{ marginLeft: margin, marginTop: top, marginBottom: 6 },
    marginRight: slanted ? longest * 4.6 + 6 : 6,
    x: {
      ...{ domain: columns, axis: "top", label: null, tickSize: 0, padding: 0.04 },
      ...{ tickFormat: (name: string) => label(name, most.letters), tickRotate: slanted ? -45 : 0 },
    },
    y: {
      ...{ domain: rows, label: null, tickSize: 0, padding: 0.08 },
      tickFormat: (name: string) => label(name, most.letters),
    },
    opacity: { type: "identity" },
    marks: [
      Plot.cell(cells, {
        ...{ x: "column", y: "row" },
        fill: (cell: HeatCell) => (cell.strength < 0 ? warm : cool),
        fillOpacity: (cell: HeatCell) => (Math.abs(cell.strength) * strongest).toFixed(3),
        ...{ stroke: muted, strokeOpacity: 0.2 },
      }),
      Plot.text(cells, { x: "column", y: "row", text: "text" }),
      Plot.text([title], {
        frameAnchor: "top-left",
        dy: 8 - top,
        dx: -margin + 4,
        text: (text: string) => text,
        fontWeight: 600,
      }),
    ],
    color: { type: "identity" },
  });
}

/** With more classes, numbers do not fit into the cells. */
const mostNumbered = 24;

/**
 * The similarity of learned class queries.
 * @param matrix [K, K] cosines
 * @param named an id for the figure, and in a few words whose queries they are
 * @returns undefined for a single class
 */
export function similarityMap(
  classes: readonly string[],
  matrix: readonly (readonly number[])[],
  named: { readonly id: string; readonly title: string; readonly of: string },
): Figure | undefined {
  if (classes.length < 2) return undefined;
  const pairs = classes.flatMap((first, i) =>
    classes.slice(0, i).map((second, j) => ({ first: second, second: first, value: matrix[i][j] })),
  );
  const sorted = pairs.toSorted((a, b) => b.value - a.value);
  const told = (pair: (typeof pairs)[number]): string =>
    `${pair.first} and ${pair.second} (${fixed(pair.value, 2)})`;
  const numbered = classes.length <= mostNumbered;
  const cells = classes.flatMap((row, i) =>
    classes.map((column, j) => ({
      ...{ row, column, strength: i === j ? 0 : matrix[i][j] },
      text: i === j ? "·" : numbered ? fixed(matrix[i][j], 2) : "",
    })),
  );
  const cellWidth = Math.max(numbered ? 44 : 22, Math.min(76, (pageWidth - 110) / classes.length));
  const mean = pairs.reduce((sum, { value }) => sum + value, 0) / pairs.length;
  return {
    ...{ id: named.id, title: named.title },
    text:
      `Cosine similarity of the class queries that ${named.of} learned, for ${classes.length} classes: 1 is the same, 0 has ` +
      `nothing in common, −1 is the opposite. Mean over pairs ${fixed(mean, 2)}. Most alike: ${listed(sorted.slice(0, 3).map(told))}. ` +
      `Least alike: ${listed(sorted.toReversed().slice(0, 3).map(told))}.`,
    drawing: heatMap("cosine similarity", classes, classes, cells, { letters: 18, cellWidth }),
    table: {
      head: ["class", ...classes],
      rows: classes.map((name, i) => [name, ...matrix[i].map((value) => fixed(value, 3))]),
    },
  };
}

/**
 * @param vectors [K, D], a class a row
 * @returns [K, K]
 */
export const cosinesOf = (vectors: readonly ArrayLike<number>[]): number[][] =>
  vectors.map((first) => vectors.map((second) => cosine(first, second)));

/** The cosine of two vectors; 0 where one has no direction. */
function cosine(first: ArrayLike<number>, second: ArrayLike<number>): number {
  let [dot, squares, others] = [0, 0, 0];
  for (let i = 0; i < first.length; i++) {
    dot += first[i] * second[i];
    squares += first[i] ** 2;
    others += second[i] ** 2;
  }
  return squares === 0 || others === 0 ? 0 : dot / Math.sqrt(squares * others);
}

const kinds = [
  { kind: "positive", about: "has the class" },
  { kind: "negative", about: "has not" },
  { kind: "absent", about: "nobody said" },
  { kind: "soft", about: "a probability is given" },
  { kind: "uncertain", about: "the source itself was unsure, before the manifest settled it" },
] as const satisfies readonly { readonly kind: keyof LabelCount; readonly about: string }[];

/** The labels of an assembly's sources, with a picture for each kind of label that occurs. */
export function labelCoverage(
  classes: readonly string[],
  coverage: readonly LabelCoverage[],
): Figure | undefined {
  if (coverage.length === 0) return undefined;
  const nameOf = ({ source, part }: LabelCoverage): string =>
    source === part ? source : `${source}, ${part}`;
  const shown = kinds.filter(({ kind }) =>
    coverage.some((list) => list.classes.some((count) => count[kind] > 0)),
  );
  const maps = shown.map(({ kind, about }) =>
    heatMap(
      `${kind}: ${about}`,
      coverage.map(nameOf),
      classes,
      coverage.flatMap((list) =>
        classes.map((column, k) => ({
          ...{ row: nameOf(list), column, strength: list.classes[k][kind] / Math.max(1, list.images) },
          text: short(list.classes[k][kind]),
        })),
      ),
      { letters: 22, cellWidth: Math.max(46, Math.min(84, (pageWidth - 150) / classes.length)) },
    ),
  );
  return {
    id: "coverage",
    title: "Labels by source and class",
    text: `Numbers of labels of each kind; the stronger a cell's colour, the greater its share of the source's images. ${coverage
      .map((list) => `${nameOf(list)}: ${whole(list.images)} images, ${describe(classes, list)}.`)
      .join(" ")}`,
    drawing: grid(maps, 1, 10),
    table: {
      head: ["source, part", "class", ...shown.map(({ kind }) => kind)],
      words: 2,
      rows: coverage.flatMap((list) =>
        classes.map((name, k) => [
          nameOf(list),
          name,
          ...shown.map(({ kind }) => whole(list.classes[k][kind])),
        ]),
      ),
    },
  };
}

/** The labels of a source, in words. */
function describe(classes: readonly string[], { images, classes: counts }: LabelCoverage): string {
  const known = classes.filter((_, k) => counts[k].absent < images);
  if (known.length === 0) return "no labels";
  const labels = counts.reduce((sum, { absent }) => sum + images - absent, 0);
  const share = Math.round((100 * labels) / (images * classes.length));
  if (known.length === classes.length)
    return `labels of all ${classes.length} classes, ${share} % of entries given`;
  return `labels of ${listed(known)}, ${share} % of all entries given`;
}

function short(count: number): string {
  if (count < 10_000) return whole(count);
  return count < 1_000_000 ? `${Math.round(count / 1000)}k` : `${(count / 1e6).toFixed(1)}M`;
}
