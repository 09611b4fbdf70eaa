// Sheets of an image and the maps of where a classifier looked.

import { colours, contactSheet, type Cell, type Word } from "./contact-sheet.ts";
import { heatOverlay, largestOf, rampColour } from "./heat-overlay.ts";
import { overlay } from "./overlay.ts";

/** One map of an image, with what is written below it. */
export interface HeatPanel {
  readonly heat: Float32Array;
  readonly caption: readonly Word[];
}

/** Rows of the legend under a map, and of the space above it. */
const [barHeight, barSpace] = [7, 4];

/**
 * A sheet of an image and the maps of some classes beside it, each with its ramp, from 0 to the map's largest value, below it.
 * @returns the bytes of a PNG file
 */
export function heatSheet(
  image: Cell,
  caption: readonly Word[],
  panels: readonly HeatPanel[],
  zoom: number,
): Buffer {
  const cells = panels.map((panel): Cell => {
    const top = largestOf(panel.heat);
    const scale = top > 0 ? `0 to ${top.toPrecision(3)}` : "nothing speaks for it";
    return {
      ...withBar(heatOverlay(image, panel.heat, zoom), top > 0),
      caption: [panel.caption, [{ text: scale, colour: colours.absent }]],
    };
  });
  const plain = { ...overlay({ image, zoom }), caption: [caption] };
  return contactSheet({
    columns: [],
    zoom: 1,
    letterScale: 2,
    rows: [{ caption: "", cells: [plain, ...cells] }],
  });
}

/** The picture with its ramp below it, as opaque as over black. */
function withBar(picture: Cell, isDrawn: boolean): Cell {
  const { height, width } = picture;
  const pixels = new Uint8Array((height + barSpace + barHeight) * width * 3).fill(24);
  pixels.set(picture.pixels);
  for (let y = height + barSpace; isDrawn && y < height + barSpace + barHeight; y++) {
    for (let x = 0; x < width; x++) {
      const value = x / Math.max(1, width - 1);
      pixels.set(
        rampColour(value).map((channel) => Math.round(channel * Math.min(1, 1.5 * value))),
        3 * (y * width + x),
      );
    }
  }
  return { ...picture, height: height + barSpace + barHeight, pixels };
}
