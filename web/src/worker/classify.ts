// One image that somebody dropped: brought to the size that a model learned, and classified.

import { predict, type Classifier } from "@tessera-gpu/tessera/assemble";
import type { Engine } from "@tessera-gpu/tessera";
import { imageOfFile, imageSet, type Fit } from "@tessera-gpu/tessera/data";
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
  /** How an image of another shape is brought to that size. */
  readonly fit: Fit;
  readonly normalisation: { readonly mean: readonly number[]; readonly deviation: readonly number[] };
}

export async function classify(
  { engine, classifier, classes, size, channels, fit, normalisation }: Answering,
  file: File,
): Promise<{ readonly probabilities: Readonly<Record<string, number>>; readonly seen: Radiograph }> {
  const image = { height: size, width: size, channels, fit };
  const pixels = new Uint8Array((await imageOfFile({ path: file.name, bytes: file }, image)).pixels);
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
