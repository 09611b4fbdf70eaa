// A contact sheet: many small grey or colour images on one PNG with captions, for a person to look at.
import { PNG } from "pngjs";
import { TesseraError } from "../device/errors.ts";

export interface ContactSheet {
  /** Rows of cells; a missing cell stays empty. */
  readonly rows: readonly { readonly caption: string; readonly cells: readonly (Cell | undefined)[] }[];
  /** Captions over the columns. */
  readonly columns: readonly string[];
  /** Sheet pixels to an image pixel along each side, at least 1. */
  readonly zoom: number;
}

export interface Cell {
  readonly height: number;
  readonly width: number;
  /** 1 (grey) or 3 (red, green, blue). */
  readonly channels: number;
  /** [height, width, channels], 0..255. */
  readonly pixels: Uint8Array;
}

const paper = 24;
const gap = 4;
const letterWidth = 6; // 5 and a space
const letterHeight = 7;

/** @returns the bytes of a PNG file. @throws TesseraError for a cell whose pixels do not fit its size */
export function contactSheet({ rows, columns, zoom }: ContactSheet): Buffer {
  if (!Number.isInteger(zoom) || zoom < 1)
    throw new TesseraError(`contact sheet: zoom must be 1, 2, ..., not ${zoom}`);
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
  const cellWidth = Math.max(zoom * Math.max(0, ...cells.map((cell) => cell.width)), widest(columns));
  const cellHeight = Math.max(zoom * Math.max(0, ...cells.map((cell) => cell.height)), letterHeight);
  const left = gap + widest(rows.map((row) => row.caption)) + gap;
  const top = gap + letterHeight + gap;

  const sheet = new PNG({
    width: left + columnCount * (cellWidth + gap),
    height: top + rows.length * (cellHeight + gap),
  });
  sheet.data.fill(paper);
  for (let at = 3; at < sheet.data.length; at += 4) sheet.data[at] = 255;
  const paint = (x: number, y: number, red: number, green: number, blue: number): void => {
    sheet.data.set([red, green, blue], 4 * (y * sheet.width + x));
  };

  for (const [c, text] of columns.entries()) write(text, left + c * (cellWidth + gap), gap, paint);
  for (const [r, { caption, cells: row }] of rows.entries()) {
    const y = top + r * (cellHeight + gap);
    write(caption, gap, y, paint);
    for (const [c, cell] of row.entries()) {
      if (cell !== undefined) place(cell, zoom, left + c * (cellWidth + gap), y, paint);
    }
  }
  return PNG.sync.write(sheet);
}

type Paint = (x: number, y: number, red: number, green: number, blue: number) => void;

function place(cell: Cell, zoom: number, left: number, top: number, paint: Paint): void {
  for (let y = 0; y < cell.height * zoom; y++) {
    for (let x = 0; x < cell.width * zoom; x++) {
      const at = (Math.floor(y / zoom) * cell.width + Math.floor(x / zoom)) * cell.channels;
      const last = cell.channels - 1; // grey: one value for all three
      paint(left + x, top + y, cell.pixels[at], cell.pixels[at + Math.min(1, last)], cell.pixels[at + last]);
    }
  }
}

function write(text: string, left: number, top: number, paint: Paint): void {
  for (let i = 0; i < text.length; i++) {
    const rows = glyphs[text.charAt(i).toUpperCase()] ?? glyphs["?"];
    for (let y = 0; y < letterHeight; y++) {
      const dots = parseInt(rows.charAt(y), 32);
      for (let x = 0; x < 5; x++) {
        if ((dots >> (4 - x)) & 1) paint(left + i * letterWidth + x, top + y, 230, 230, 230);
      }
    }
  }
}

/** Capital letters of 5 x 7 dots: a row is five bits, written as one digit to base 32, top row first. */
// prettier-ignore
const glyphs: Readonly<Record<string, string>> = {
  " ": "0000000", "-": "000e000", "+": "044v440", ".": "0000044", ",": "0000448", ":": "0440440", "/": "112488g",
  "?": "eh12404", "%": "op248j3", "(": "2488842", ")": "8422248", "=": "00v0v00", "_": "000000v", "'": "4400000",
  0: "ehjlphe", 1: "4c4444e", 2: "eh1248v", 3: "v2421he", 4: "26aiv22", 5: "vgu11he", 6: "68guhhe", 7: "v124888",
  8: "ehhehhe", 9: "ehhf12c", A: "ehhvhhh", B: "uhhuhhu", C: "ehggghe", D: "sihhhis", E: "vgguggv", F: "vgguggg",
  G: "ehgnhhf", H: "hhhvhhh", I: "e44444e", J: "72222ic", K: "hikokih", L: "ggggggv", M: "hrllhhh", N: "hhpljhh",
  O: "ehhhhhe", P: "uhhuggg", Q: "ehhhlid", R: "uhhukih", S: "fgge11u", T: "v444444", U: "hhhhhhe", V: "hhhhha4",
  W: "hhhllla", X: "hha4ahh", Y: "hhha444", Z: "v1248gv",
};
