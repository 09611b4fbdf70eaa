// Images as canvases, with the map of where a model looked laid over them where it is asked for.

import type { Mistake, Radiograph, Setup } from "./protocol.ts";

/** Images that are shown of each source. */
export const shownExamples = 6;

export function picture(
  { size, channels, pixels }: Radiograph,
  alternative: string,
  heat?: Mistake["heat"],
): HTMLCanvasElement {
  const canvas = blank(size);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", alternative);
  const context = canvas.getContext("2d");
  const image = context?.createImageData(size, size);
  if (context === null || image === undefined) return canvas;
  const last = channels === 3 ? 2 : 0;
  const warmest = [255, 140, 0];
  for (let i = 0; i < size * size; i++) {
    const warm = heat === undefined ? 0 : (heat.values[i] ?? 0) * 0.65;
    warmest.forEach((hue, k) => {
      const value = pixels[i * channels + Math.min(k, last)] ?? 0;
      image.data[4 * i + k] = value + warm * (hue - value);
    });
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

function blank(size: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [size, size];
  return canvas;
}

/** Places for the images of each source, so that nothing moves when these come. */
export function showNoExamples(place: HTMLElement, { sources, size }: Setup): void {
  place.replaceChildren(
    ...sources.map(({ name }) => {
      const row = document.createElement("figure");
      row.dataset["source"] = name;
      const caption = document.createElement("figcaption");
      caption.textContent = `Hospital ${name}`;
      row.append(caption, ...Array.from({ length: shownExamples }, () => blank(size)));
      return row;
    }),
  );
}

export function showExamples(place: HTMLElement, source: string, images: readonly Radiograph[]): void {
  const row = place.querySelector(`[data-source="${CSS.escape(source)}"]`);
  images.slice(0, shownExamples).forEach((each, i) => {
    row?.querySelectorAll("canvas")[i]?.replaceWith(picture(each, `image ${i + 1} of hospital ${source}`));
  });
}
