// A contact sheet: many small grey or colour images on one PNG with captions, for a person to look at.
import { PNG } from "pngjs";
import { TesseraError } from "../errors/errors.ts";
import { inkText, letterWidth, lineHeight } from "./letters.ts";

export interface ContactSheet {
  /** Lines above everything, each wrapped to the width of the sheet. */
  readonly title?: readonly (readonly Word[])[];
  /** Rows of cells; a missing cell stays empty. */
  readonly rows: readonly SheetRow[];
  /** Captions over the columns. */
  readonly columns: readonly string[];
  /** Sheet pixels to an image pixel along each side, at least 1. */
  readonly zoom: number;
  /** Cells are at least so wide, for captions under small images. */
  readonly narrowest?: number;
  /** Sheet pixels to a dot of a letter under a cell. Default 1. */
  readonly letterScale?: number;
}

export interface SheetRow {
  /** Left of the row. */
  readonly caption: string;
  readonly cells: readonly (Cell | undefined)[];
  /** Above the row, in larger letters, each from its column on; it is cut off where the next one begins. */
  readonly headings?: readonly { readonly column: number; readonly text: string }[];
}

export interface Cell {
  readonly height: number;
  readonly width: number;
  /** 1 (grey) or 3 (red, green, blue). */
  readonly channels: number;
  /** [height, width, channels], 0..255. */
  readonly pixels: Uint8Array;
  /** Lines below the image, each wrapped to the width of a cell. */
  readonly caption?: readonly (readonly Word[])[];
}

/** Letters of one colour; between two words is a space. */
export interface Word {
  readonly text: string;
  readonly colour: Colour;
}

export type Colour = readonly [red: number, green: number, blue: number];

/** Colours of captions. */
export const colours = {
  plain: [230, 230, 230],
  positive: [110, 225, 120],
  negative: [240, 130, 115],
  absent: [140, 140, 140],
  soft: [240, 200, 90],
  name: [150, 185, 235],
} as const satisfies Readonly<Record<string, Colour>>;

const paper = 24;
const gap = 4;
/** Between columns: captions side by side must not read as one. */
const columnGap = 12;
/** Sheet pixels to a dot of the letters of the title and of headings. */
const headingScale = 2;

/** @returns the bytes of a PNG file. @throws TesseraError for a cell whose pixels do not fit its size */
export function contactSheet(description: ContactSheet): Buffer {
  const { rows, columns, zoom, title = [], narrowest = 0, letterScale = 1 } = description;
  for (const [what, scale] of [["zoom", zoom] as const, ["letterScale", letterScale] as const]) {
    if (!Number.isInteger(scale) || scale < 1)
      throw new TesseraError(`contact sheet: ${what} must be 1, 2, ..., not ${scale}`);
  }
  const cells = rows.flatMap((row) => row.cells).filter((cell) => cell !== undefined);
  for (const { height, width, channels, pixels } of cells) {
    if (pixels.length !== height * width * channels || (channels !== 1 && channels !== 3)) {
      throw new TesseraError(
        `contact sheet: a cell of ${height} x ${width} x ${channels} has ${pixels.length} values; it needs height x width x 1 or 3`,
      );
    }
  }
  const columnCount = Math.max(columns.length, ...rows.map((row) => row.cells.length), 1);
  const widest = (texts: readonly string[]): number =>
    Math.max(0, ...texts.map((text) => text.length * letterWidth));
  const cellWidth = Math.max(zoom * largest(cells, "width"), widest(columns), narrowest);
  const rowCaptions = widest(rows.map((row) => row.caption));
  const left = gap + (rowCaptions === 0 ? 0 : rowCaptions + gap);
  const sheetWidth = left + columnCount * (cellWidth + columnGap);

  // First what stands where, then the sheet that is high enough for it.
  const titleLines = title.flatMap((line) => wrap(line, sheetWidth - 2 * gap, headingScale));
  const titleHeight = titleLines.length * lineHeight * headingScale;
  let bottom = gap + titleHeight + (columns.length === 0 ? 0 : lineHeight);
  const places = rows.map((row) => {
    const captions = row.cells.map((cell) =>
      (cell?.caption ?? []).flatMap((line) => wrap(line, cellWidth, letterScale)),
    );
    const headings = row.headings ?? [];
    const top = bottom + (headings.length === 0 ? 0 : 3 * gap + headingScale * lineHeight);
    const images = zoom * largest(row.cells, "height");
    const lines = Math.max(0, ...captions.map((caption) => caption.length));
    const below = lines === 0 ? 0 : gap + lines * lineHeight * letterScale;
    bottom = top + Math.max(images + below, row.caption === "" ? 0 : lineHeight) + gap;
    return { row, captions, headings, headingTop: top - headingScale * lineHeight, top };
  });
  const sheet = new PNG({ width: sheetWidth, height: Math.max(bottom, 2 * gap + lineHeight) });
  for (let at = 0; at < sheet.data.length; at++) sheet.data[at] = at % 4 === 3 ? 255 : paper;

  for (const [i, line] of titleLines.entries())
    write(sheet, line, gap, gap + i * lineHeight * headingScale, headingScale);
  const plain = (text: string): Word[] => [{ text, colour: colours.plain }];
  for (const [c, text] of columns.entries()) {
    write(sheet, plain(text), left + c * (cellWidth + columnGap), gap + titleHeight, 1);
  }
  for (const { row, captions, headings, headingTop, top } of places) {
    for (const [i, { column, text }] of headings.entries()) {
      const span = (headings[i + 1]?.column ?? columnCount) - column;
      const letters = Math.floor((span * (cellWidth + columnGap)) / (letterWidth * headingScale)) - 1;
      const cut = text.length <= letters ? text : `${text.slice(0, Math.max(0, letters - 2))}..`;
      write(sheet, plain(cut), left + column * (cellWidth + columnGap), headingTop, headingScale);
    }
    write(sheet, plain(row.caption), gap, top, 1);
    for (const [c, cell] of row.cells.entries()) {
      if (cell === undefined) continue;
      const x = left + c * (cellWidth + columnGap);
      place(sheet, cell, zoom, x, top);
      for (const [i, line] of captions[c].entries()) {
        const y = top + zoom * cell.height + gap + i * lineHeight * letterScale;
        write(sheet, line, x, y, letterScale);
      }
    }
  }
  // Enlarged images repeat their rows, of which the filter "up" (2) leaves nothing: on a sheet of 1,600 x 6,100 pixels
  // half the time and two thirds of the bytes of trying all filters.
  return PNG.sync.write(sheet, { colorType: 2, inputHasAlpha: true, filterType: 2 });
}

function largest(cells: readonly (Cell | undefined)[], side: "height" | "width"): number {
  return Math.max(0, ...cells.map((cell) => cell?.[side] ?? 0));
}

function place(sheet: PNG, cell: Cell, zoom: number, left: number, top: number): void {
  const last = cell.channels - 1; // grey: one value for all three
  for (let y = 0; y < cell.height * zoom; y++) {
    for (let x = 0; x < cell.width * zoom; x++) {
      const from = (Math.floor(y / zoom) * cell.width + Math.floor(x / zoom)) * cell.channels;
      const to = 4 * ((top + y) * sheet.width + left + x);
      sheet.data[to] = cell.pixels[from];
      sheet.data[to + 1] = cell.pixels[from + Math.min(1, last)];
      sheet.data[to + 2] = cell.pixels[from + last];
    }
  }
}

/** Words dealt into lines of at most `width` sheet pixels; a word that is longer than a line goes on in the next. */
function wrap(words: readonly Word[], width: number, scale: number): Word[][] {
  const most = Math.max(1, Math.floor((width + scale) / (letterWidth * scale)));
  const lines: Word[][] = [];
  let room = 0;
  for (const { text, colour } of words) {
    let rest = text;
    while (rest !== "") {
      const line = lines.at(-1);
      if (line !== undefined && rest.length + 1 <= room) {
        line.push({ text: rest, colour });
        room -= rest.length + 1;
        break;
      }
      const piece = rest.slice(0, most);
      lines.push([{ text: piece, colour }]);
      room = most - piece.length;
      rest = rest.slice(most);
    }
  }
  return lines;
}

function write(sheet: PNG, words: readonly Word[], left: number, top: number, scale: number): void {
  let x = left;
  for (const { text, colour } of words) {
    inkText(text, (column, row) => {
      for (let dy = 0; dy < scale; dy++) {
        for (let dx = 0; dx < scale; dx++) {
          const at = 4 * ((top + row * scale + dy) * sheet.width + x + column * scale + dx);
          for (const [channel, value] of colour.entries()) sheet.data[at + channel] = value;
        }
      }
    });
    x += (text.length + 1) * letterWidth * scale;
  }
}
