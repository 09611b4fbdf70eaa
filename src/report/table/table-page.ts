// The page of a judged synthetic table: gauges between yardsticks, columns and pairs with the worst first, and privacy.

import type {
  ColumnJudgement,
  PairJudgement,
  TableJudgement,
} from "../../tabular/judging/table-judgement.ts";
import { fragment, type Markup } from "../html/markup.ts";
import { fixed, whole } from "../html/number-text.ts";
import { bulleted, figure, folded, note, pageText, paragraph, table, type Section } from "../html/page.ts";
import { associationMaps } from "./association-maps.ts";
import { barLegend, columnFigure } from "./column-figures.ts";
import { gauges } from "./gauges.ts";
import {
  copiesSentence,
  disclosureSentence,
  nearerMeasure,
  noProof,
  qualityMeasures,
  shownValue,
  type MeasureWords,
} from "./measure-words.ts";

/** What a page says beside the judgement. */
export interface TablePageOptions {
  readonly title: string;
  /** Subject, in a sentence. */
  readonly lead: string;
  /** The program that made the page. */
  readonly foot: string;
  /** Sections behind those of the judgement, such as what a model was fitted with. */
  readonly sections?: readonly Section[] | undefined;
}

/** Columns and pairs that are shown first, and columns that have bars at all. */
const worst = 10;
const mostDrawn = 50;

/** The whole file, of UTF-8. The same judgement gives the same bytes. */
export function tablePage(
  found: TableJudgement,
  { title, lead, foot, sections = [] }: TablePageOptions,
): string {
  const quality = qualityMeasures(found);
  const nearer = nearerMeasure(found);
  const { rows } = found;
  return pageText({
    ...{ title, lead, foot },
    facts: [
      ["synthetic rows", whole(rows.synthetic)],
      ["real rows", whole(rows.real)],
      [found.isHalved ? "held out of them" : "hold-out rows", whole(rows.holdout)],
      ["columns", whole(found.columns.length)],
      ["exact copies beyond chance", whole(Math.round(found.privacy.copies.excess))],
    ],
    sections: [
      { id: "quality", title: "How alike the tables are", content: qualitySection(quality) },
      { id: "columns", title: "Columns", content: columnsSection(found.columns) },
      { id: "pairs", title: "Pairs of columns", content: pairsSection(found) },
      { id: "privacy", title: "Privacy", content: privacySection(found, nearer) },
      { id: "method", title: "How it was measured", content: methodSection(found) },
      ...sections,
    ],
  });
}

function qualitySection(measures: readonly MeasureWords[]): Markup[] {
  return [
    paragraph(
      "Each value stands between two yardsticks: independent columns, which are the real columns, each shuffled by itself, and as many real " +
        "rows. A table that was drawn like the real one is at the right end.",
    ),
    gauges(measures),
    folded("The same as a table", measuresTable(measures)),
    note(noProof),
  ];
}

const measuresTable = (measures: readonly MeasureWords[]): Markup =>
  table({
    head: ["measure", "synthetic", "independent columns", "real rows"],
    rows: measures.map((measure) => [
      measure.title,
      shownValue(measure),
      fixed(measure.found.floor, measure.decimals),
      fixed(measure.found.ceiling, measure.decimals),
    ]),
  });

/** How far a shape falls short of that of real rows. */
const shortfall = ({ shape }: Pick<ColumnJudgement | PairJudgement, "shape">): number =>
  (shape.ceiling ?? 1) - (shape.value ?? 1);

function columnsSection(columns: readonly ColumnJudgement[]): Markup[] {
  const sorted = columns.toSorted((a, b) => shortfall(b) - shortfall(a));
  const figures = sorted.slice(0, mostDrawn).map((column, at) => figure(columnFigure(column, at + 1)));
  const beside = (some: readonly Markup[]): Markup => fragment`<div class="beside">${some}</div>\n`;
  const rest = figures.slice(worst);
  return [
    paragraph(
      "Shares of the rows, real and synthetic; those that fall farthest short of real rows come first. ",
    ),
    barLegend,
    beside(figures.slice(0, worst)),
    ...(rest.length === 0
      ? []
      : [
          folded(
            `The ${columns.length > mostDrawn ? "next" : "other"} ${whole(rest.length)}, which are nearer to real rows`,
            beside(rest),
          ),
        ]),
    folded(
      "All columns as a table",
      table({
        head: [
          "column",
          "kind",
          "alike",
          "independent",
          "real rows",
          "values that occur",
          "lost categories",
          "outside",
          "missing, real",
          "synthetic",
        ],
        words: 2,
        rows: sorted.map(({ name, kind, shape, coverage, lost, outside, missing }) => [
          ...[name, kind, fixed(shape.value, 3), fixed(shape.floor, 3), fixed(shape.ceiling, 3)],
          ...[`${fixed(100 * coverage, 1)} %`, whole(lost.categories), whole(outside)],
          ...[missing.real, missing.synthetic].map((share) => `${fixed(100 * share, 1)} %`),
        ]),
      }),
    ),
    note(
      "Categories that fewer than ten real rows have are not named, and bins begin at round numbers, so that the page shows no person's own value.",
    ),
  ];
}

function pairsSection({ pairsOfColumns, associations, columns }: TableJudgement): Markup[] {
  if (pairsOfColumns.length === 0) return [];
  const sorted = pairsOfColumns.toSorted((a, b) => shortfall(b) - shortfall(a));
  const left = columns.length - associations.columns.length;
  return [
    fragment`<div class="beside">${associationMaps(associations).map(figure)}</div>\n`,
    ...(left === 0 ? [] : [note(`The maps leave out the last ${whole(left)} columns.`)]),
    table({
      caption:
        sorted.length === 1
          ? "The only pair"
          : `The ${whole(Math.min(worst, sorted.length))} pairs that fall farthest short of real rows`,
      head: ["columns", "alike", "independent", "real rows", "correlation alike"],
      rows: sorted
        .slice(0, worst)
        .map(({ columns: [first, second], shape, correlation }) => [
          `${first} and ${second}`,
          ...[shape.value, shape.floor, shape.ceiling, correlation].map((value) => fixed(value, 3)),
        ]),
    }),
  ];
}

function privacySection(found: TableJudgement, nearer: MeasureWords): Markup[] {
  const { closest } = found.privacy;
  const disclosed = disclosureSentence(found);
  return [
    gauges([nearer]),
    table({
      caption: "Distance to the closest training row (Gower): 0 is equal, 1 different in every column",
      head: ["so many rows are at most", "synthetic", "hold-out"],
      rows: closest.synthetic.map(({ share, distance }, at) => [
        `${fixed(100 * share, 0)} %`,
        fixed(distance, 4),
        fixed(closest.holdout[at].distance, 4),
      ]),
    }),
    note(
      "Synthetic rows should not be nearer to training rows than hold-out rows are, of which nobody learned. Farther is not safer: rows that are " +
        "unlike anybody are far, too.",
    ),
    paragraph(`Copies: ${copiesSentence(found)}`),
    disclosed === undefined
      ? note("What the table tells of a single column was not asked for (--disclose COLUMN --from COLUMNS).")
      : paragraph(disclosed),
    note(noProof),
  ];
}

function methodSection({ rows, seed, notes }: TableJudgement): Markup[] {
  return [
    bulleted([
      `Shapes, pairs and triples go by ${whole(rows.compared)} rows of each table against ${whole(rows.against)} rows held out; seed ${seed}.`,
      "A missing cell counts as a category, and in numbers as a value below all others. Deciles of the hold-out cut numbers into bins; a value that " +
        "is commoner than a bin is one by itself.",
      "Networks have two hidden layers, 96 and 48 wide, and a fixed small budget. Boosted trees would tell tables apart somewhat better.",
      ...notes,
    ]),
  ];
}
