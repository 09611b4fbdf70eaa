// A sheet of overlays: a row for each image, with what is given, what is predicted and what is wrong beside each other.

import { classColour } from "./class-colours.ts";
import { colours, contactSheet, type Cell, type Word } from "./contact-sheet.ts";
import { letterWidth, swatch } from "./letters.ts";
import { mistakes, overlay, verdictColours, type Overlay } from "./overlay.ts";
import { zoomTo } from "./zoom.ts";

export interface OverlayRow extends Omit<Overlay, "zoom"> {
  /** Words below the image. */
  readonly caption?: readonly Word[];
}

export interface OverlaySheet {
  /** Words above the legend. */
  readonly title?: readonly Word[];
  /** Names of the classes, by number. */
  readonly classes: readonly string[];
  /** Each has what the first has of `given` and `predicted`. */
  readonly rows: readonly OverlayRow[];
  /** Sheet pixels of an image's width, about. Default 288. */
  readonly width?: number;
}

/** Sheet pixels to a dot of a letter. */
const letterScale = 2;

/** Each name with a swatch before it, in the colour of the class. */
export const classLegend = (classes: readonly string[]): Word[] =>
  classes.map((name, k) => ({ text: `${swatch} ${name} `, colour: classColour(k) }));

/** What the colours of wrong pixels mean; where there is one class, none can be taken for another. */
export const verdictLegend = (classCount: number): Word[] => [
  { text: `${swatch} missed `, colour: verdictColours.missed },
  { text: `${swatch} false alarm `, colour: verdictColours.falseAlarm },
  ...(classCount < 2 ? [] : [{ text: `${swatch} another class `, colour: verdictColours.otherClass }]),
];

/** @returns the bytes of a PNG file. @throws TesseraError as `overlay` */
export function overlaySheet({ title = [], classes, rows, width = 288 }: OverlaySheet): Buffer {
  const zoom = zoomTo(Math.max(1, ...rows.map(({ image }) => image.width)), width);
  const both = rows.at(0)?.given !== undefined && rows.at(0)?.predicted !== undefined;
  const panels = rows.map((row) => panelsOf({ ...row, zoom }, both));
  const headings =
    rows.length === 0 ? [] : panels[0].map(({ heading }, column) => ({ column, text: heading }));
  return contactSheet({
    title: [[...title, ...classLegend(classes), ...(both ? verdictLegend(classes.length) : [])]],
    columns: [],
    zoom: 1,
    letterScale,
    // Names of panels must fit above them.
    narrowest: letterScale * letterWidth * 11,
    rows: panels.map((own, i) => ({
      caption: "",
      headings: i === 0 ? headings : [],
      cells: own.map(({ cell }, column) =>
        column === 0 ? { ...cell, caption: [rows[i].caption ?? []] } : cell,
      ),
    })),
  });
}

interface Panel {
  readonly heading: string;
  readonly cell: Cell;
}

function panelsOf(row: Overlay, both: boolean): Panel[] {
  const { given, predicted } = row;
  const plain = { ...row, given: undefined, predicted: undefined };
  return [
    { heading: "image", cell: overlay(plain) },
    ...(given === undefined ? [] : [{ heading: "given", cell: overlay({ ...row, predicted: undefined }) }]),
    ...(predicted === undefined
      ? []
      : [{ heading: "predicted", cell: overlay({ ...row, given: undefined }) }]),
    ...(both ? [{ heading: "wrong", cell: mistakes(row) }] : []),
  ];
}

/** Words of one colour, for captions. */
export const named = (text: string): Word[] => [{ text, colour: colours.name }];
