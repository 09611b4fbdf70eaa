// One image that somebody dropped: brought to the size and greys that the models learned, and classified.

import { predict, type Classifier } from "tessera/assemble";
import { imageSet } from "tessera/data";
import type { Radiograph } from "../protocol.ts";
import { settingsOf } from "./settings.ts";
import { standard } from "../address.ts";
import type { Trained } from "./training.ts";

/** [size, size] greys of an image, its middle square. */
function greys(image: ImageBitmap, size: number): Uint8Array<ArrayBuffer> {
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser does not draw in a worker: take a newer one");
  const side = Math.min(image.width, image.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, (image.width - side) / 2, (image.height - side) / 2, side, side, 0, 0, size, size);
  const { data } = context.getImageData(0, 0, size, size);
  return Uint8Array.from({ length: size * size }, (_, i) =>
    Math.round(0.299 * (data[4 * i] ?? 0) + 0.587 * (data[4 * i + 1] ?? 0) + 0.114 * (data[4 * i + 2] ?? 0)),
  );
}

export async function classify(
  { arm, classifier, engine }: Trained & { readonly classifier: Classifier },
  image: ImageBitmap,
  size: number,
): Promise<{ readonly probabilities: Readonly<Record<string, number>>; readonly seen: Radiograph }> {
  const pixels = greys(image, size);
  image.close();
  const states = new Uint8Array(arm.classes.length).fill(255);
  const set = imageSet(
    { source: "dropped", count: 1, height: size, width: size, channels: 1, pixels, states },
    arm.classes.length,
  );
  const { normalisation } = settingsOf(standard);
  const logits = await predict(engine, classifier, set, normalisation, 1);
  const probabilities = Object.fromEntries(
    arm.classes.map((name, k) => [name, 1 / (1 + Math.exp(-(logits[k] ?? 0)))]),
  );
  return { probabilities, seen: { index: 0, size, pixels } };
}
