// Batch norm's running statistics of a trained network, estimated anew: those that training leaves follow its last steps alone,
// whose weights were still moving, and views that are bent as the weak one is.

import type { ImageSet } from "../data/assembly/assembly.ts";
import { permutation } from "../data/assembly/order.ts";
import { randomStream } from "../data/random-stream.ts";
import { normaliseImages } from "../functions/images.ts";
import { defaultMomentum } from "../nn/layers/normalisation-layers.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { JudgeOptions } from "../training/task.ts";
import type { Model } from "./assembly-task.ts";
import { imageBatches } from "./image-batches.ts";
import { RecordedPass, type BatchStep } from "./recorded-pass.ts";
import { partOf, type TrainingSettings } from "./training-settings.ts";

/** How many images the statistics are of, and in how many batches they were seen. */
export interface Reestimated {
  readonly images: number;
  readonly batches: number;
}

/** @param available training images of all sources */
export function reestimation(
  { reestimate, batch, batchSplit }: Pick<TrainingSettings, "reestimate" | "batch" | "batchSplit">,
  available: number,
): Reestimated | undefined {
  if (reestimate === undefined) return undefined;
  const images = Math.min(reestimate, available);
  return { images, batches: Math.ceil(images / partOf(batch, { batchSplit })) };
}

/**
 * Sets the running mean and variance of each batch norm to the mean, over batches of training images without augmentation, of what
 * training would move them towards: the batch's mean and its unbiased variance. All other weights stay as they are. The images are
 * drawn from the seed; batches differ by one image at most, and count the same. Statistics that a forward pass in training leaves alone,
 * as those of frozen layers, stay.
 *
 * @throws the signal's reason when it ended the work, and whatever reading images throws; the statistics are as they were then
 */
export async function reestimateStatistics(
  engine: Engine,
  model: Model,
  sources: readonly ImageSet[],
  { images, batches }: Reestimated,
  { normalisation, seed, memory }: Pick<TrainingSettings, "normalisation" | "seed" | "memory">,
  { signal, progress }: JudgeOptions = {},
): Promise<void> {
  const buffers = [...model.state().values()].flatMap(({ kind, tensor }) =>
    kind === "buffer" ? [tensor] : [],
  );
  const available = sources.reduce((sum, { count }) => sum + count, 0);
  const order = permutation(available, randomStream(seed, "statistics")).subarray(0, images);
  const orders = Array.from({ length: batches }, (_, i) =>
    order.subarray(Math.floor((i * images) / batches), Math.floor(((i + 1) * images) / batches)),
  );
  const before = await valuesOf(engine, buffers);
  let followed: readonly number[] | undefined;
  const sums = buffers.map(({ size }) => new Float64Array(size));
  const batchSize = Math.ceil(images / batches);
  using pass = new RecordedPass(engine, sources[0], statisticsPass(model, normalisation));
  const passes = imageBatches(engine, sources, orders, batchSize, { signal, memory, progress });
  try {
    for await (const batch of passes) {
      const see = async (): Promise<void> => {
        await pass.of(batch.count, batch.pixels);
      };
      if (followed === undefined) {
        await see();
        followed = (await valuesOf(engine, buffers)).flatMap((values, i) =>
          values.some((value, at) => value !== before[i][at]) ? [i] : [],
        );
      }
      // From nothing, what is left after a step is the momentum's share of the batch alone.
      const moved = followed.map((i) => buffers[i]);
      for (const tensor of moved) engine.write(tensor, new Float32Array(tensor.size));
      await see();
      const seen = await valuesOf(engine, moved);
      followed.forEach((i, which) => {
        seen[which].forEach((value, at) => (sums[i][at] += value / defaultMomentum));
      });
    }
    for (const i of followed ?? []) {
      engine.write(
        buffers[i],
        Float32Array.from(sums[i], (sum) => sum / batches),
      );
    }
  } catch (error) {
    buffers.forEach((tensor, i) => {
      engine.write(tensor, before[i]);
    });
    throw error;
  }
}

/** Lets the running statistics follow a batch. */
export const statisticsPass =
  (model: Pick<Model, "features">, normalisation: TrainingSettings["normalisation"]): BatchStep =>
  (images) => {
    model.features.forward(normaliseImages(images, normalisation), "training");
    return [];
  };

const valuesOf = async (engine: Engine, tensors: readonly Tensor[]): Promise<readonly Float32Array[]> =>
  (await engine.readAll(tensors)).map((values) => Float32Array.from(values));
