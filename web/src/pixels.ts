// Pixels of an image for a canvas, of the page or of its worker, with the map of where a model looked laid over them.

import type { Mistake, Radiograph } from "./protocol.ts";

const warmest = [255, 140, 0];

/** [size, size, 4] */
export function rgbaOf({ size, channels, pixels }: Radiograph, heat?: Mistake["heat"]): ImageData {
  const image = new ImageData(size, size);
  const last = channels === 3 ? 2 : 0;
  for (let i = 0; i < size * size; i++) {
    const warm = heat === undefined ? 0 : (heat.values[i] ?? 0) * 0.65;
    warmest.forEach((hue, k) => {
      const value = pixels[i * channels + Math.min(k, last)] ?? 0;
      image.data[4 * i + k] = value + warm * (hue - value);
    });
    image.data[4 * i + 3] = 255;
  }
  return image;
}
