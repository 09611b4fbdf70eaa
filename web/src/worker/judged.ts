// What a trained model is shown with: its mistakes on the test, where it looked, and how near its class queries are to each other.

import { predictActivations, type Classifier, type TrainingSettings } from "@tessera-gpu/tessera/assemble";
import type { ImageSet } from "@tessera-gpu/tessera/data";
import type { Engine, Tensor } from "@tessera-gpu/tessera";
import type { Mistake } from "../protocol.ts";
import { shown } from "./radiographs.ts";

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

/** The rows of the test by the most confident wrong prediction of each, the worst first. */
export function worstMistakes(
  logits: Float32Array,
  { states, count }: ImageSet,
  classes: readonly string[],
  most: number,
): { readonly row: number; readonly k: number; readonly probability: number; readonly truth: boolean }[] {
  const wrong = Array.from({ length: count }, (_, row) => {
    const of = classes.flatMap((_, k) => {
      const at = row * classes.length + k;
      const state = states[at];
      const probability = sigmoid(logits[at] ?? 0);
      if (state !== 0 && state !== 1) return [];
      const confidence = state === 1 ? 1 - probability : probability;
      return [{ row, k, probability, truth: state === 1, confidence }];
    });
    return of.sort((a, b) => b.confidence - a.confidence)[0];
  });
  return wrong
    .filter((each) => each !== undefined && each.confidence > 0.5)
    .sort((a, b) => (b?.confidence ?? 0) - (a?.confidence ?? 0))
    .slice(0, most)
    .flatMap((each) => each ?? []);
}

/** The worst mistakes with their images and maps. */
export async function mistakesOf(
  engine: Engine,
  classifier: Classifier,
  settings: TrainingSettings,
  logits: Float32Array,
  test: ImageSet,
  classes: readonly string[],
  sourceOf: (row: number) => string | undefined,
): Promise<Mistake[]> {
  const worst = worstMistakes(logits, test, classes, 12);
  if (worst.length === 0) return [];
  const heats = new Map<number, Mistake["heat"]>();
  const rows = [...new Set(worst.map(({ row }) => row))];
  const classOf = new Map(worst.map(({ row, k }) => [row, k]));
  await predictActivations(
    engine,
    classifier,
    test,
    settings.normalisation,
    settings.batch,
    (row, found) => {
      const map = found.enlarged[classOf.get(row) ?? 0];
      if (map === undefined) return;
      const top = Math.max(...map, 1e-12);
      heats.set(row, {
        height: test.height,
        width: test.width,
        values: map.map((value) => Math.max(0, value) / top),
      });
    },
    { rows },
  );
  return worst.map(({ row, k, probability, truth }): Mistake => {
    const [image] = shown(test, [row]);
    const heat = heats.get(row);
    const source = sourceOf(row);
    return {
      ...image,
      ...(source === undefined ? {} : { source }),
      class: classes[k] ?? "",
      truth,
      probability,
      ...(heat === undefined ? {} : { heat }),
    };
  });
}

/** [K, K] cosines of class queries [K, K]. */
export async function similarities(queries: Tensor): Promise<number[]> {
  const values = await queries.read();
  const [rows = 0, width = 0] = queries.shape;
  const row = (i: number): Float32Array => values.slice(i * width, (i + 1) * width) as Float32Array;
  const dot = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  return Array.from({ length: rows * rows }, (_, at) => {
    const [a, b] = [row(Math.floor(at / rows)), row(at % rows)];
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  });
}
