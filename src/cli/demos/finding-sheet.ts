// The picture of the demo of segmentation is drawn here, from label maps alone: a row a radiograph, a column a model, and under each
// image which of its findings the model found, missed or made up.

import { background } from "../../labels/label-map.ts";
import { positive } from "../../labels/states.ts";
import { countOverlaps, overlapScores } from "../../metrics/overlap.ts";
import { classColour } from "../../pictures/class-colours.ts";
import { colours, contactSheet, type Cell, type Word } from "../../pictures/contact-sheet.ts";
import { letterWidth } from "../../pictures/letters.ts";
import { classLegend } from "../../pictures/overlay-sheet.ts";
import { overlay } from "../../pictures/overlay.ts";
import { zoomTo } from "../../pictures/zoom.ts";

/** A finding counts as found where its Dice on the image is above this. */
const found = 0.5;
/** So many pixels of an image, as a share, of a finding that is not there are a false alarm; fewer are stray ones. */
const falseShare = 0.01;
const cellWidth = 224;
const letterScale = 2;

export interface FindingSheet {
  readonly findings: readonly string[];
  readonly rows: readonly FindingRow[];
  readonly models: readonly ModelColumn[];
}

export interface FindingRow {
  readonly image: Cell;
  /** [H, W] Label map of all findings. */
  readonly given: Uint8Array;
  readonly site: string;
}

export interface ModelColumn {
  readonly title: string;
  /** Below the title. */
  readonly explanation: string;
  /** Whether the model has learned the finding, by number. */
  readonly learned: readonly boolean[];
  /** [H, W] of each row: the label map that the model predicts. */
  readonly maps: readonly Uint8Array[];
}

/** @returns the bytes of a PNG file */
export function findingSheet({ findings, rows, models }: FindingSheet): Buffer {
  const zoom = zoomTo(Math.max(1, ...rows.map(({ image }) => image.width)), cellWidth);
  const columns = [
    { title: "radiograph", explanation: "new to every model" },
    { title: "findings", explanation: "all that there are" },
    ...models,
  ];
  const widest = Math.max(...columns.map(({ title }) => title.length + 1));
  return contactSheet({
    title: [
      [
        word(
          "Where are the findings? Each site outlines only some of them. Look for stripes: there a model misses a finding.",
        ),
      ],
      [
        ...classLegend(findings),
        word(`in colour: what a model finds; striped: what it misses (Dice up to ${found})`),
      ],
    ],
    columns: [],
    zoom: 1,
    letterScale,
    narrowest: letterScale * letterWidth * widest,
    rows: [
      {
        caption: "",
        headings: columns.map(({ title }, column) => ({ column, text: title })),
        cells: columns.map(({ explanation }) => ({ ...noImage, caption: [words(explanation)] })),
      },
      ...rows.map((row, i) => ({
        caption: "",
        cells: [
          { ...overlay({ image: row.image, zoom }), caption: [words(`of site ${row.site}`)] },
          overlay({ image: row.image, given: row.given, zoom }),
          ...models.map(({ maps, learned }) => modelCell(findings, row, maps[i], learned, zoom)),
        ],
      })),
    ],
  });
}

const noImage: Cell = { height: 0, width: 0, channels: 1, pixels: new Uint8Array(0) };

function modelCell(
  findings: readonly string[],
  { image, given }: FindingRow,
  predicted: Uint8Array,
  learned: readonly boolean[],
  zoom: number,
): Cell {
  const verdicts = findingVerdicts(given, predicted, findings.length);
  const missed = given.map((label) => (verdicts[label] === "missed" ? label : background));
  // Only whole findings that are missed are struck through; every border has wrong pixels.
  const known = findings.map(() => false);
  return {
    ...overlay({ image, given: missed, predicted, known, zoom }),
    caption: verdictLines(findings, verdicts, learned),
  };
}

export type FindingVerdict = "found" | "missed" | "false" | "none";

/** What a prediction makes of each finding of an image: `none` where it is neither there nor predicted. */
export function findingVerdicts(given: Uint8Array, predicted: Uint8Array, count: number): FindingVerdict[] {
  const counts = countOverlaps(given, predicted, new Uint8Array(count).fill(positive), count);
  return Array.from({ length: count }, (_, k) => {
    const { dice } = overlapScores(counts.given[k], counts.predicted[k], counts.both[k]);
    if (dice !== null) return dice > found ? "found" : "missed";
    return counts.predicted[k] >= falseShare * given.length ? "false" : "none";
  });
}

/** How many findings a model finds, and by name those that it does not. */
function verdictLines(
  findings: readonly string[],
  verdicts: readonly FindingVerdict[],
  learned: readonly boolean[],
): Word[][] {
  const numbers = (wanted: FindingVerdict): number[] =>
    verdicts.flatMap((verdict, k) => (verdict === wanted ? [k] : []));
  const [seen, missed] = [numbers("found").length, numbers("missed")];
  const there = seen + missed.length;
  const colour = seen === there ? colours.positive : seen === 0 ? colours.negative : colours.soft;
  const line = (text: string, of: readonly number[]): Word[][] =>
    of.length === 0
      ? []
      : [[...words(text, colours.negative), ...of.map((k) => word(findings[k], classColour(k)))]];
  const unlearned = missed.filter((k) => !learned[k]);
  return [
    [word(`finds ${seen} of ${there}`, colour)],
    ...line(
      "misses",
      missed.filter((k) => learned[k]),
    ),
    ...line("never learned", unlearned),
    ...line("false", numbers("false")),
  ];
}

const word = (text: string, colour: Word["colour"] = colours.plain): Word => ({ text, colour });

/** Each may go to the next line by itself. */
const words = (text: string, colour: Word["colour"] = colours.absent): Word[] =>
  text.split(" ").map((each) => word(each, colour));
