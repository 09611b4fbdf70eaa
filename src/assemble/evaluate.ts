// Predictions over a set of images, and what they are worth.

import type { ImageSet } from "../data/index.ts";
import { aucByClass, meanAuc } from "../metrics/index.ts";
import { normaliseImages } from "../operators/functions/images.ts";
import type { Engine } from "../runtime/index.ts";
import type { Classifier } from "./classifier.ts";
import { gather } from "./step.ts";
import type { Normalisation } from "./views.ts";

export interface Evaluation {
  /** Mean over the classes whose AUC is defined; null when none is. */
  readonly meanAuc: number | null;
  /** By class; null where the labels are not of both kinds. */
  readonly auc: Readonly<Record<string, number | null>>;
}

/**
 * Logits [N, K] of a set, in batches, with running statistics and without augmentation.
 *
 * @param signal ends the work before the next batch
 * @throws the signal's reason when it did
 */
export async function predict(
  engine: Engine,
  classifier: Classifier,
  set: ImageSet,
  normalisation: Normalisation,
  batchSize: number,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const classes = classifier.head.queries.shape[0] ?? 1;
  const logits = new Float32Array(set.count * classes);
  for (let first = 0; first < set.count; first += batchSize) {
    signal?.throwIfAborted();
    const count = Math.min(batchSize, set.count - first);
    const indices = Uint32Array.from({ length: count }, (_, i) => first + i);
    const batch = gather(set, indices);
    using output = engine.scope(() => {
      const images = engine.tensor(batch.pixels, [count, set.height, set.width, set.channels], "u8");
      return classifier.forward(normaliseImages(images, normalisation), "inference");
    });
    logits.set(await output.read(), first * classes);
  }
  return logits;
}

/** AUC by class of a classifier on a set; `signal` as for `predict`. */
export async function evaluate(
  engine: Engine,
  classifier: Classifier,
  set: ImageSet,
  classNames: readonly string[],
  normalisation: Normalisation,
  batchSize: number,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const logits = await predict(engine, classifier, set, normalisation, batchSize, signal);
  const auc = aucByClass(logits, set.states, classNames);
  return { auc, meanAuc: meanAuc(auc) };
}
