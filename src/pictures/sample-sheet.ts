// The contact sheet of one source in one part: examples of each class with their labels below, so that a person can see
// whether the labels are right.
import type { Catalogue } from "../data/catalogue/catalogue.ts";
import type { SampleList } from "../data/catalogue/sample-lists.ts";
import type { ExampleGroup } from "../data/inspection/examples.ts";
import { kindOf } from "../data/inspection/counts.ts";
import { ignored } from "../labels/label-map.ts";
import { colours, contactSheet, type Cell, type SheetRow, type Word } from "./contact-sheet.ts";
import { letterWidth } from "./letters.ts";
import { classLegend } from "./overlay-sheet.ts";
import { overlay } from "./overlay.ts";
import { shrunk } from "./zoom.ts";

/** Sheet pixels to a dot of a letter. */
const letterScale = 2;
const letter = letterScale * letterWidth;
/** More negative or absent classes than these are summed up in one line. */
const mostNamed = 3;

/** Two ways to fill a sheet of less than 2,000 pixels: many small cells, or fewer where names are long. */
const narrow = { columns: 12, narrowest: 13 * letter - letterScale, widest: 154 };
const wide = { columns: 6, narrowest: 20 * letter - letterScale, widest: 320 };

/** The number of images of each group, by the number of classes, for a sheet that a person can look through. */
export const examplesPerGroup = (classCount: number): number =>
  classCount <= 10 ? 12 : classCount <= 40 ? 6 : 3;

export interface SampleSheet {
  readonly catalogue: Pick<Catalogue, "classes">;
  readonly list: SampleList;
  readonly groups: readonly ExampleGroup[];
  /** The image of a sample as the network gets it. */
  readonly image: (row: number) => Cell;
  /** [height, width] Its label map, for segmentation: classes are outlined in their colours. */
  readonly map?: (row: number) => Uint8Array;
}

/** @returns the bytes of a PNG file */
export function sampleSheet({ catalogue, list, groups, image, map }: SampleSheet): Buffer {
  const { classes } = catalogue;
  const known = classes.map((_, k) => list.samples.some((_sample, row) => stateAt(row, k) !== "absent"));
  function stateAt(row: number, k: number): ReturnType<typeof kindOf> {
    return kindOf(list.states[row * classes.length + k]);
  }
  // Images of one sheet have one size.
  const width = groups.length === 0 ? 1 : image(groups[0].rows[0]).width;
  const longest = Math.max(...classes.map((name, k) => (known[k] ? name.length + 1 : 0)));
  const layout = longest * letter <= narrow.narrowest && width <= narrow.widest ? narrow : wide;
  const shrink = Math.ceil(width / layout.widest);
  // Small ones are enlarged to about the width that captions need anyway.
  const enlarged = Math.round(layout.narrowest / width);
  const zoom = Math.max(1, enlarged * width <= layout.widest ? enlarged : enlarged - 1);

  const lettersPerColumn = Math.floor((layout.narrowest + letterScale) / letter);
  const cell = (row: number, column?: number): Cell => {
    const labels = classes.flatMap((name, k) =>
      known[k] ? [{ name, k, kind: stateAt(row, k), state: list.states[row * classes.length + k] }] : [],
    );
    // Outlines show the other classes, and so many words beside each slice would hide its own.
    const words =
      map === undefined || column === undefined
        ? labelWords(labels)
        : ownWords(
            labels.filter(({ k }) => k === column),
            labels.filter(({ k, kind }) => k !== column && kind === "positive").length,
          );
    const id = [{ text: shorten(list.samples[row].id, 2 * lettersPerColumn), colour: colours.name }];
    // Lines of an overlay are drawn at the size they are shown at.
    const shown =
      map === undefined
        ? shrunk(image(row), shrink)
        : overlay({ image: image(row), given: map(row), zoom: shrink > 1 ? 1 / shrink : zoom });
    return { ...shown, caption: [id, words] };
  };
  const hasIgnored = groups.some(({ rows }) => rows.some((row) => map?.(row).includes(ignored)));
  return contactSheet({
    title: [
      [
        ...legend(catalogue.classes, known, list),
        ...(map === undefined ? [] : outlineLegend(classes, known, hasIgnored)),
      ],
    ],
    columns: [],
    zoom: map === undefined ? zoom : 1,
    narrowest: layout.narrowest,
    letterScale,
    rows: rowsOf(groups, layout.columns, lettersPerColumn, cell),
  });
}

/** The word of a group's own class, and how many others the image shows. */
const ownWords = (own: readonly Label[], others: number): Word[] => [
  ...labelWords(own),
  ...(others === 0 ? [] : [{ text: `+${others}`, colour: colours.positive }]),
];

interface Label {
  readonly name: string;
  readonly kind: ReturnType<typeof kindOf>;
  readonly state: number;
}

/** Positive labels first, then the others. Of negative and absent labels, the more numerous are summed up if many. */
function labelWords(labels: readonly Label[]): Word[] {
  const of = (...kinds: Label["kind"][]): Label[] => labels.filter(({ kind }) => kinds.includes(kind));
  const [negatives, absents] = [of("negative"), of("absent")];
  const [fewer, more] = negatives.length < absents.length ? [negatives, absents] : [absents, negatives];
  const first = [...of("positive"), ...of("soft"), ...fewer];
  const named = more.length > mostNamed ? first : [...first, ...more];
  const words = named.map(({ name, kind, state }): Word => ({
    text: `${sign(kind, state)}${name}`,
    colour: colours[kind],
  }));
  if (named.length < labels.length) {
    const { kind, state } = more[0];
    const which = first.length === 0 ? "all" : "others";
    words.push({ text: `${sign(kind, state)}${which}(${more.length})`, colour: colours[kind] });
  }
  return words;
}

function sign(kind: Label["kind"], state: number): string {
  if (kind === "soft") return `~${((state - 100) / 100).toFixed(2)}`;
  return { positive: "+", negative: "-", absent: "?" }[kind];
}

/** Groups one after the other, side by side where they fit, or each over as many rows as it needs. */
function rowsOf(
  groups: readonly ExampleGroup[],
  columns: number,
  lettersPerColumn: number,
  cell: (row: number, column: number | undefined) => Cell,
): SheetRow[] {
  const sheetRows: {
    caption: string;
    cells: (Cell | undefined)[];
    headings: { column: number; text: string }[];
  }[] = [];
  for (const { title, rows, total, column } of groups) {
    const text = `${title}: ${rows.length === total ? "all" : `${rows.length} of`} ${total.toLocaleString("en")}`;
    const span = Math.min(columns, Math.max(rows.length, Math.ceil((text.length + 2) / lettersPerColumn)));
    let row = sheetRows.at(-1);
    if (row === undefined || row.cells.length + span > columns) {
      row = { caption: "", cells: [], headings: [] };
      sheetRows.push(row);
    }
    row.headings.push({ column: row.cells.length, text });
    for (const [i, sample] of rows.entries()) {
      if (i > 0 && i % columns === 0) sheetRows.push((row = { caption: "", cells: [], headings: [] }));
      row.cells.push(cell(sample, column));
    }
    for (let i = rows.length; i < span; i++) row.cells.push(undefined);
  }
  return sheetRows;
}

function legend(classes: readonly string[], known: readonly boolean[], list: SampleList): Word[] {
  const words = (text: string, colour: Word["colour"]): Word[] =>
    text.split(" ").map((word) => ({ text: word, colour }));
  const unknown = classes.filter((_, k) => !known[k]);
  return [
    ...words(
      `${list.source}, ${list.part}: ${list.samples.length.toLocaleString("en")} images.`,
      colours.plain,
    ),
    ...words("+positive", colours.positive),
    ...words("~probability", colours.soft),
    ...words("-negative", colours.negative),
    ...words("?absent", colours.absent),
    ...(unknown.length === 0 ? [] : words(`| absent everywhere here: ${unknown.join(", ")}`, colours.absent)),
  ];
}

/** The classes that are outlined here, in their colours. */
const outlineLegend = (
  classes: readonly string[],
  known: readonly boolean[],
  hasIgnored: boolean,
): Word[] => [
  { text: "| outlines:", colour: colours.plain },
  ...classLegend(classes).filter((_, k) => known[k]),
  ...(hasIgnored ? [{ text: "| hatched: ignored", colour: colours.absent }] : []),
];

/** Shortens an identifier from the left, since images mostly differ at its end. */
function shorten(id: string, letters: number): string {
  return id.length <= letters ? id : `..${id.slice(2 - letters)}`;
}
