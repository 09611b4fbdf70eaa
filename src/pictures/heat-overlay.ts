// Where a classifier looked, drawn over its image: what speaks for a class as warm light, the brighter the more.

import { TesseraError } from "../errors/errors.ts";
import type { Cell, Colour } from "./contact-sheet.ts";
import { overlay } from "./overlay.ts";
import { zoomTo } from "./zoom.ts";

/**
 * From little to much: stops of matplotlib's inferno (Smith and van der Walt 2015), evenly spaced. Its lightness rises steadily, so that
 * more looks like more also in grey and to the colour-blind. The dark beginning is left out: there the image shows through.
 */
const ramp: readonly Colour[] = [
  [101, 21, 110],
  [159, 42, 99],
  [212, 72, 66],
  [245, 125, 21],
  [250, 193, 39],
  [252, 255, 164],
];
/** How much of a pixel its colour takes where a map is largest; less shows where it is less. */
const mostShare = 0.72;

/** A colour of the ramp, from 0 to 1. */
export function rampColour(value: number): Colour {
  const at = Math.min(1, Math.max(0, value)) * (ramp.length - 1);
  const stop = Math.min(ramp.length - 2, Math.floor(at));
  const [low, high] = [ramp[stop], ramp[stop + 1]];
  const mixed = low.map((from, channel) => Math.round(from + (at - stop) * (high[channel] - from)));
  return [mixed[0], mixed[1], mixed[2]];
}

/** Opacity at a value from 0 to 1: nothing at 0, and soon enough to be seen. */
const shareAt = (value: number): number => mostShare * Math.min(1, 1.5 * value);

/** How a picture of an image at about a width is zoomed, and its size, which its heat must have. */
export function heatSize(
  { height, width }: Pick<Cell, "height" | "width">,
  shown: number,
): { readonly zoom: number; readonly size: readonly [height: number, width: number] } {
  const zoom = zoomTo(width, shown);
  return { zoom, size: [Math.ceil(height * zoom), Math.ceil(width * zoom)] };
}

/**
 * An image with heat over it. Values of 0 and less, which speak against the class or not at all, stay clear; the largest value of the map
 * has the lightest colour, whatever it is. A map without a value above 0 leaves the image as it is.
 *
 * @param heat of the picture's size, as `heatSize` tells it
 * @returns RGB
 * @throws TesseraError for heat of another size
 */
export function heatOverlay(image: Cell, heat: Float32Array, zoom: number): Cell {
  const picture = overlay({ image, zoom });
  const { height, width, pixels } = picture;
  if (heat.length !== height * width) {
    throw new TesseraError(
      `heatOverlay: ${heat.length} values of heat are not those of a picture of ${height} x ${width}`,
    );
  }
  const top = largestOf(heat);
  if (!(top > 0)) return picture;
  for (const [at, value] of heat.entries()) {
    if (!(value > 0)) continue;
    const colour = rampColour(value / top);
    const share = shareAt(value / top);
    for (let channel = 0; channel < 3; channel++) {
      const to = 3 * at + channel;
      pixels[to] = Math.round((1 - share) * pixels[to] + share * colour[channel]);
    }
  }
  return picture;
}

/** The largest value of a map. */
export const largestOf = (heat: Float32Array): number =>
  heat.reduce((most, value) => Math.max(most, value), -Infinity);
