// Features of images: what a classifier's network makes of them before its head.

import { expectOptions } from "../errors/arguments.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Classifier } from "./classifier.ts";
import { evaluationOptions, expectPass, inferencePass } from "./evaluation.ts";
import { rowsInBatches, type PassOptions } from "./image-batches.ts";
import { RecordedPass } from "./recorded-pass.ts";
import type { Normalisation } from "./views.ts";

/**
 * Features [N, D] of a set, those that the head makes logits of, with running statistics and without augmentation.
 *
 * @throws the signal's reason when it ended the work; DataError when a file of the cache was changed meanwhile
 */
export async function embed(
  engine: Engine,
  classifier: Classifier,
  set: ImageSet,
  normalisation: Normalisation,
  batchSize: number,
  options: PassOptions = {},
): Promise<Float32Array> {
  expectPass("embed", engine, classifier, set, normalisation, batchSize);
  expectOptions("embed", options, evaluationOptions);
  const { features } = classifier;
  using pass = new RecordedPass(engine, set, inferencePass(features, normalisation));
  return await rowsInBatches(engine, set, features.features, batchSize, options, async (batch) => {
    const [rows] = await pass.of(batch.count, batch.pixels);
    return rows;
  });
}
