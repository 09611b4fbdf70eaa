// One image that somebody dropped: brought to the size that a model learned, and classified.

import { predict, type Classifier } from "tessera/assemble";
import type { Engine } from "tessera";
import { imageSet } from "tessera/data";
import type { Radiograph } from "../protocol.ts";

/** A model that can be asked. */
export interface Answering {
  /** Which it is, in words. */
  readonly by: string;
  readonly engine: Engine;
  readonly classifier: Classifier;
  readonly classes: readonly string[];
  readonly size: number;
  readonly channels: number;
  readonly normalisation: { readonly mean: readonly number[]; readonly deviation: readonly number[] };
}

/** [size, size, channels] of an image, its middle square. */
function pixelsOf(image: ImageBitmap, size: number, channels: number): Uint8Array<ArrayBuffer> {
  const context = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser does not draw in a worker: take a newer one");
  const side = Math.min(image.width, image.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, (image.width - side) / 2, (image.height - side) / 2, side, side, 0, 0, size, size);
  const { data } = context.getImageData(0, 0, size, size);
  const at = (pixel: number, channel: number): number => data[4 * pixel + channel] ?? 0;
  return Uint8Array.from({ length: size * size * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    if (channels === 3) return at(pixel, i % 3);
    return Math.round(0.299 * at(pixel, 0) + 0.587 * at(pixel, 1) + 0.114 * at(pixel, 2));
  });
}

export async function classify(
  { engine, classifier, classes, size, channels, normalisation }: Answering,
  image: ImageBitmap,
): Promise<{ readonly probabilities: Readonly<Record<string, number>>; readonly seen: Radiograph }> {
  const pixels = pixelsOf(image, size, channels);
  image.close();
  const states = new Uint8Array(classes.length).fill(255);
  const set = imageSet(
    { source: "dropped", count: 1, height: size, width: size, channels, pixels, states },
    classes.length,
  );
  const logits = await predict(engine, classifier, set, normalisation, 1);
  const probabilities = Object.fromEntries(
    classes.map((name, k) => [name, 1 / (1 + Math.exp(-(logits[k] ?? 0)))]),
  );
  return { probabilities, seen: { index: 0, size, channels, pixels } };
}
