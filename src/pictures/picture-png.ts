// Pictures as PNG files, in Node by pngjs. Imported as #picture-png, for which a browser has picture-png-portable.ts (package.json,
// "imports").

import { PNG } from "pngjs";
import type { Cell } from "./contact-sheet.ts";

/** A PNG file of an image; of another number of channels than three, the first in grey. */
export function picturePng({ height, width, channels, pixels }: Cell): Uint8Array {
  const png = new PNG({ width, height });
  const last = channels === 3 ? 2 : 0;
  for (let from = 0, to = 0; to < png.data.length; from += channels, to += 4) {
    for (let colour = 0; colour < 3; colour++) png.data[to + colour] = pixels[from + Math.min(colour, last)];
    png.data[to + 3] = 255;
  }
  return PNG.sync.write(png, { colorType: last === 0 ? 0 : 2, inputHasAlpha: true });
}
