// Maps of how strongly columns are associated: in the real table, in the synthetic one, and the difference.

import type { Associations } from "../../tabular/judging/table-judgement.ts";
import { heatMap } from "../figures/heat-map.ts";
import { fixed, listed, signed } from "../html/number-text.ts";
import type { Figure } from "../html/page.ts";

/** Of a cell, so that three maps fit beside each other's data on a telephone's width where there are a dozen columns. */
const cell = { cellWidth: 19, cellHeight: 19, letters: 14 } as const;
/** Associations, and differences of them, as large as this have the strongest colour. */
const strong = 0.5;
const strongDifference = 0.2;

/** @returns none for a single column */
export function associationMaps({ columns, real, synthetic }: Associations): Figure[] {
  if (columns.length < 2) return [];
  const difference = real.map((row, i) => row.map((value, j) => synthetic[i][j] - value));
  const pairs = columns.flatMap((_, i) => columns.slice(0, i).map((__, j) => ({ i: j, j: i })));
  const strongest = pairs.toSorted((a, b) => real[b.i][b.j] - real[a.i][a.j]);
  const changed = pairs.toSorted((a, b) => Math.abs(difference[b.i][b.j]) - Math.abs(difference[a.i][a.j]));
  const named = ({ i, j }: (typeof pairs)[number], value: string): string =>
    `${columns[i]} and ${columns[j]} (${value})`;
  const top = (of: typeof pairs, value: (pair: (typeof pairs)[number]) => string): string =>
    listed(of.slice(0, 3).map((pair) => named(pair, value(pair))));
  const map = (
    id: string,
    title: string,
    text: string,
    matrix: readonly (readonly number[])[],
    full: number,
  ): Figure => ({
    ...{ id: `associations-${id}`, title, text },
    drawing: heatMap(
      "",
      columns,
      columns,
      columns.flatMap((row, i) =>
        columns.map((column, j) => ({
          ...{ row, column, text: i === j ? "·" : "" },
          strength: i === j ? 0 : Math.max(-1, Math.min(1, matrix[i][j] / full)),
        })),
      ),
      cell,
    ),
    table: {
      head: ["column", ...columns],
      rows: columns.map((name, i) => [
        name,
        ...matrix[i].map((value) => (id === "difference" ? signed(value, 3) : fixed(value, 3))),
      ]),
    },
  });
  return [
    map(
      "real",
      "Real",
      `Cramér's V of each pair, from 0, no association, to 1; colour is full at ${strong}. Strongest: ${top(strongest, ({ i, j }) => fixed(real[i][j], 2))}.`,
      real,
      strong,
    ),
    map(
      "synthetic",
      "Synthetic",
      `The same of the synthetic table. The strongest real ones are here ${strongest
        .slice(0, 3)
        .map(({ i, j }) => fixed(synthetic[i][j], 2))
        .join(", ")}.`,
      synthetic,
      strong,
    ),
    map(
      "difference",
      "Synthetic less real",
      `Colour is full at ${strongDifference}; orange is weaker than real, blue stronger. Most changed: ${top(changed, ({ i, j }) => signed(difference[i][j], 2))}.`,
      difference,
      strongDifference,
    ),
  ];
}
