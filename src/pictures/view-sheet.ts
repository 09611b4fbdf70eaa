// The contact sheet of both views: what weak and strong augmentation make of a few images.
import { colours, contactSheet, type Cell, type SheetRow } from "./contact-sheet.ts";
import { shrunk } from "./zoom.ts";

/** Small images are enlarged to about this width, large ones shrunk to at most this one. */
const smallest = 200;
const largest = 260;

export interface ViewedImage {
  /** Words for below the original. */
  readonly names: readonly string[];
  readonly original: Cell;
  readonly weak: readonly Cell[];
  readonly strong: readonly Cell[];
}

/** A row an image: as it is, its weak views, its strong views. @returns the bytes of a PNG file */
export function viewSheet(images: readonly ViewedImage[]): Buffer {
  const width = images.at(0)?.original.width ?? 1;
  const shrink = Math.ceil(width / largest);
  const headings = ({ weak, strong }: ViewedImage): NonNullable<SheetRow["headings"]> => [
    { column: 0, text: "original" },
    ...weak.map((_, i) => ({ column: 1 + i, text: `weak ${i + 1}` })),
    ...strong.map((_, i) => ({ column: 1 + weak.length + i, text: `strong ${i + 1}` })),
  ];
  return contactSheet({
    columns: [],
    zoom: Math.max(1, Math.floor(smallest / width)),
    letterScale: 2,
    rows: images.map((image, i) => ({
      caption: "",
      cells: [
        { ...image.original, caption: image.names.map((text) => [{ text, colour: colours.name }]) },
        ...image.weak,
        ...image.strong,
      ].map((cell) => shrunk(cell, shrink)),
      headings: i === 0 ? headings(image) : [],
    })),
  });
}
