// A small assembly and settings that many tests train with.

import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import { findingNames } from "../../src/data/phantoms/phantom-names.ts";
import { phantoms } from "../../src/data/phantoms/index.ts";
import { viewPresets } from "../../src/assemble/augmentation.ts";
import type { Assembly } from "../../src/data/assembly/assembly.ts";

/** Two sites of small phantoms, each knowing four of the six findings. */
export function smallAssembly(perSite = 48): Assembly {
  const draw = (
    site: "A" | "B",
    count: number,
    seed: number,
    knows = findingNames.slice(),
  ): Assembly["test"] => phantoms({ count, size: 16, site, seed, knows });
  return {
    classes: findingNames,
    sources: [draw("A", perSite, 1, findingNames.slice(0, 4)), draw("B", perSite, 1, findingNames.slice(2))],
    test: draw("A", 40, 2),
  };
}

export const smallSettings = {
  network: {
    inputChannels: 1,
    stem: { features: 8, kernel: 3, stride: 2, pool: false },
    blocks: [2, 2],
    growth: 4,
    bottleneck: 2,
    compression: 0.5,
  },
  normalisation: { mean: [0.5], deviation: [0.25] },
  weak: { ...viewPresets.none, shift: 1, noise: 4 },
  strong: { ...viewPresets.none, shift: 2, noise: 12 },
  batch: 16,
  epochs: 2,
  warmupEpochs: 1,
  learningRate: 1e-3,
  lambdaPseudo: 1,
  lambdaConsistency: 1,
  threshold: 0.5,
  temperature: 4,
  stopGradient: true,
  seed: 3,
} satisfies TrainingSettings;
