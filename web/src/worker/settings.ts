// How the models of the page are trained: a network small enough for a CPU.

import { viewPresets, type TrainingSettings } from "tessera/assemble";
import type { Setup } from "../protocol.ts";

/** The unsupervised losses start late and weigh little: a network that is still guessing would teach itself its guesses. */
export function settingsOf({ epochs, seed }: Setup): TrainingSettings {
  return {
    network: {
      inputChannels: 1,
      stem: { features: 8, kernel: 3, stride: 2, pool: false },
      blocks: [2, 2, 2],
      growth: 8,
      bottleneck: null,
      compression: 0.5,
    },
    normalisation: { mean: [0.5], deviation: [0.25] },
    weak: { ...viewPresets.none, shift: 1 },
    strong: { ...viewPresets.none, shift: 3, noise: 12 },
    ...{
      batch: 32,
      epochs,
      warmupEpochs: Math.max(1, Math.ceil((2 * epochs) / 3)),
      learningRate: 5e-3,
      seed,
    },
    ...{ lambdaPseudo: 0.1, lambdaConsistency: 0.1, threshold: 0.5, temperature: 4, stopGradient: true },
    evaluate: "epoch",
  };
}
