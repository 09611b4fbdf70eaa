// How small networks learn from drawn radiographs: what the demo on the command line and the page (web/) have in common. It imports
// names alone, so that the page can take it as it is.

import type { TrainingSettings } from "../../assemble/training-settings.ts";
import { findingNames, type Finding, type Site } from "../../data/phantoms/phantom-names.ts";

/** Which findings each site's radiologists report. */
export const knowledge: Readonly<Record<Site, readonly Finding[]>> = {
  A: findingNames.filter((_, i) => i < 4),
  B: findingNames.filter((_, i) => i >= 2),
};

type Shared = Pick<
  TrainingSettings,
  | ("network" | "normalisation" | "batch" | "learningRate" | "lambdaPseudo" | "lambdaConsistency")
  | ("threshold" | "temperature" | "stopGradient")
>;

/** Small enough for a CPU: 8,000 weights. */
export const smallTraining: Shared = {
  network: {
    inputChannels: 1,
    stem: { features: 8, kernel: 3, stride: 2, pool: false },
    blocks: [2, 2, 2],
    growth: 8,
    bottleneck: null,
    compression: 0.5,
  },
  normalisation: { mean: [0.5], deviation: [0.25] },
  batch: 32,
  learningRate: 5e-3,
  // The unsupervised terms start late and weigh little, since a network that is still guessing would teach itself its guesses (with
  // weights of 1 from the fourth epoch the mean AUC fell by .04).
  lambdaPseudo: 0.1,
  lambdaConsistency: 0.1,
  threshold: 0.5,
  temperature: 4,
  stopGradient: true,
};

/** What differs from images as they are, in the weak view and in the strong one. */
export const smallViews = { weak: { shift: 1 }, strong: { shift: 3, noise: 12 } } as const;

/** Epochs before the unsupervised terms begin: two thirds. */
export const warmUpOf = (epochs: number): number => Math.max(1, Math.ceil((2 * epochs) / 3));
