// One training step of Label-Assemble: two views, the fused loss, gradients, Adam.

import { Tape } from "../autograd/index.ts";
import type { ImageSet } from "../data/index.ts";
import { assembleLoss, type AssembleLossOptions } from "../operators/functions/losses.ts";
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
export interface StepInputs {
  readonly batch: Batch;
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

/** What is the same in every step, and may be fixed in a recorded one. */
export interface StepShape extends StepSettings {
  /** Images of a batch. */
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /**
   * Whether the strong view is computed. In warm-up (both weights 0) it cannot matter; the reported consistency is then
   * that of the weak view with itself.
   */
  readonly unsupervised: boolean;
}

/**
 * Trains the classifier on one batch. May be recorded: `inputs` is asked for the step's values each time it runs.
 *
 * @returns losses [4]: total, bce, pseudo, consistency; the caller disposes it
 */
export function trainingStep(
  engine: Engine,
  classifier: Classifier,
  optimiser: Adam,
  shape: StepShape,
  inputs: () => StepInputs,
): Tensor {
  return engine.scope(() => {
    const { count, height, width, channels } = shape;
    const { head } = classifier;
    const classes = head.queries.shape[0] ?? 1;
    const images = engine.feed(() => inputs().batch.pixels, [count, height, width, channels], "u8");
    const states = engine.feed(() => inputs().batch.states, [count, classes], "u8");
    const weights = engine.feed(() => [inputs().lambdaPseudo, inputs().lambdaConsistency], [2]);
    const seed = engine.feed(() => Uint32Array.of(shape.seed, 0x1abe1, inputs().step, 0), [4], "u32");
    const view = (index: number, limits: ViewSettings): Tensor =>
      randomView(engine, images, seed, index, limits, shape.normalisation);

    const parameters = [...classifier.parameters().values()];
    using tape = new Tape(engine, parameters);
    const weak = classifier.features.forward(view(0, shape.weak), "training");
    // Running statistics follow the weak view alone: they are for images as they are, not as the strong view bends them.
    const strong = shape.unsupervised
      ? classifier.features.forward(view(1, shape.strong), "untracked")
      : weak;
    const { total, losses } = assembleLoss(
      weak,
      strong,
      head.theta(),
      head.classBias,
      states,
      weights,
      shape.loss,
    );
    optimiser.step(tape.gradients(total, parameters));
    return losses;
  });
}
