// One training step of Label-Assemble: two views, the fused loss, gradients, Adam.

import { Tape } from "../autograd/index.ts";
import type { ImageSet } from "../data/index.ts";
import { assembleLoss, type AssembleLossOptions } from "../operators/functions/losses.ts";
import { concat, reshape } from "../operators/functions/movement.ts";
import type { Adam } from "../optim/index.ts";
import type { Engine } from "../runtime/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Classifier } from "./classifier.ts";
import { randomView, type Normalisation, type ViewSettings } from "./views.ts";

export interface StepSettings {
  readonly weak: ViewSettings;
  readonly strong: ViewSettings;
  readonly normalisation: Normalisation;
  readonly loss: AssembleLossOptions;
  readonly seed: number;
}

/** Images and label states of a step, on the host. */
export interface Batch {
  /** u8 [B, H, W, C] */
  readonly pixels: Uint8Array;
  /** u8 [B, K] */
  readonly states: Uint8Array;
  readonly count: number;
}

/** What varies from step to step. */
export interface StepVariables {
  readonly step: number;
  readonly lambdaPseudo: number;
  readonly lambdaConsistency: number;
}

/** Copies the images at `indices` out of a set. */
export function gather(set: ImageSet, indices: Uint32Array): Batch {
  const pixelsEach = set.height * set.width * set.channels;
  const statesEach = set.states.length / set.count;
  const pixels = new Uint8Array(indices.length * pixelsEach);
  const states = new Uint8Array(indices.length * statesEach);
  indices.forEach((index, i) => {
    pixels.set(set.pixels.subarray(index * pixelsEach, (index + 1) * pixelsEach), i * pixelsEach);
    states.set(set.states.subarray(index * statesEach, (index + 1) * statesEach), i * statesEach);
  });
  return { pixels, states, count: indices.length };
}

/**
 * Trains the classifier on one batch.
 *
 * In warm-up (both weights 0) the strong view cannot matter and is not computed; the reported consistency is then
 * that of the weak view with itself.
 *
 * @returns losses [4]: total, bce, pseudo, consistency; the caller disposes it
 */
export function trainingStep(
  engine: Engine,
  classifier: Classifier,
  optimiser: Adam,
  size: { readonly height: number; readonly width: number; readonly channels: number },
  batch: Batch,
  settings: StepSettings,
  variables: StepVariables,
): Tensor {
  return engine.scope(() => {
    const { lambdaPseudo, lambdaConsistency, step } = variables;
    const { height, width, channels } = size;
    const images = engine.tensor(batch.pixels, [batch.count, height, width, channels], "u8");
    const states = engine.tensor(batch.states, [batch.count, batch.states.length / batch.count], "u8");
    const weights = engine.tensor([lambdaPseudo, lambdaConsistency]);
    const seed = engine.tensor(Uint32Array.of(settings.seed, 0x1abe1, step, 0));
    const view = (index: number, limits: ViewSettings): Tensor =>
      randomView(engine, images, seed, index, limits, settings.normalisation);

    const parameters = [...classifier.parameters().values()];
    using tape = new Tape(engine, parameters);
    const weak = classifier.features.forward(view(0, settings.weak), "training");
    const unsupervised = lambdaPseudo > 0 || lambdaConsistency > 0;
    // Running statistics follow the weak view alone: they are for images as they are, not as the strong view bends them.
    const strong = unsupervised ? classifier.features.forward(view(1, settings.strong), "untracked") : weak;
    const { head } = classifier;
    const { total, parts } = assembleLoss(
      weak,
      strong,
      head.theta(),
      head.classBias,
      states,
      weights,
      settings.loss,
    );
    optimiser.step(tape.gradients(total, parameters));
    return concat([reshape(total, [1]), parts], 0);
  });
}
