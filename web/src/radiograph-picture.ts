// A radiograph as a canvas, with the map of where a model looked laid over it where it is asked for.

import type { Mistake, Radiograph } from "./protocol.ts";

export function picture(
  { size, pixels }: Radiograph,
  alternative: string,
  heat?: Mistake["heat"],
): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", alternative);
  const context = canvas.getContext("2d");
  const image = context?.createImageData(size, size);
  if (context === null || image === undefined) return canvas;
  for (let i = 0; i < size * size; i++) {
    const grey = pixels[i] ?? 0;
    const warm = heat === undefined ? 0 : (heat.values[i] ?? 0) * 0.65;
    image.data.set([grey + warm * (255 - grey), grey + warm * (140 - grey), grey * (1 - warm), 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
