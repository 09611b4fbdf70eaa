// The colours of classes in pictures of label maps. A class has the same colour in every picture, whatever else is in it: the
// colour of its number.

import type { Colour } from "./contact-sheet.ts";

/**
 * The first seven are those of Okabe and Ito ("Color universal design", 2008), blue made lighter so that it shows on black. Each
 * further one was the colour, of a grid over RGB, that lies furthest from all before it and from greys: by CIELAB distance, the
 * least of those in usual, red-blind and green-blind sight (Machado et al. 2009). The first twelve lie 17 apart at least.
 */
// prettier-ignore
const table: readonly Colour[] = [
  [230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [60, 110, 220], [213, 94, 0], [204, 121, 167],
  [0, 255, 150], [90, 60, 255], [75, 255, 255], [195, 45, 60], [180, 30, 150],
  [240, 150, 90], [150, 240, 195], [150, 255, 120], [60, 135, 210], [165, 60, 120], [60, 195, 210], [240, 135, 150],
  [255, 30, 105], [195, 60, 30], [75, 105, 255], [60, 120, 75], [195, 210, 75],
];

/** Turns of the hue by this part of the circle never come back near to where they were. */
const goldenTurn = 0.618033988749895;
const lightnesses = [0.62, 0.45, 0.75];

/** The colour of class `k`, from 0 on. */
export function classColour(k: number): Colour {
  if (k < table.length) return table[k];
  const turned = k - table.length;
  return fromHue((turned * goldenTurn) % 1, lightnesses[turned % lightnesses.length]);
}

/** `#rrggbb`, for CSS and SVG. */
export const hexColour = (colour: Colour): string =>
  `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;

/** A colour of a hue in turns and a lightness in 0..1, at a saturation of .75 (HSL). */
function fromHue(hue: number, lightness: number): Colour {
  const chroma = 0.75 * (1 - Math.abs(2 * lightness - 1));
  const channel = (offset: number): number => {
    const at = (12 * hue + offset) % 12;
    return Math.round(255 * (lightness - (chroma / 2) * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
