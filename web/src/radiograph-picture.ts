// Images as canvases, with the map of where a model looked laid over them where it is asked for.

import { rgbaOf } from "./pixels.ts";
import type { Mistake, Radiograph, Setup } from "./protocol.ts";

/** Images that are shown of each source. */
export const shownExamples = 6;

export function picture(image: Radiograph, alternative: string, heat?: Mistake["heat"]): HTMLCanvasElement {
  const canvas = blank(image.size);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", alternative);
  canvas.getContext("2d")?.putImageData(rgbaOf(image, heat), 0, 0);
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
