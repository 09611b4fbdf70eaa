// From a manifest to the trainer's settings: every field arrives where it belongs.

import { expect, test } from "vitest";
import { settingsOf } from "../../src/assemble/manifest-settings.ts";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";
import { viewPresets } from "../../src/assemble/augmentation.ts";

test("every value of a manifest arrives in the settings, and none in another's place", () => {
  const manifest = parseTrainingManifest(
    `
classes: [nodule]
image: { height: 64, width: 64, mean: 0.41, deviation: 0.23 }
sources: [{ name: A, format: phantoms, site: A, count: 30, knows: [nodule] }]
test: { format: phantoms, site: B, count: 31 }
model: { stem: { features: 17, kernel: 5, stride: 2, pool: true }, blocks: [4, 6], growth: 11, bottleneck: 7, compression: 0.6 }
train:
  { batch: 48, sampling: per-source, steps: 90, warmupSteps: 30, absent: negative, learningRate: 0.002, lambdaPseudo: 0.7, lambdaConsistency: 0.8, tau: 0.55,
    temperature: 13, stopGradient: false, unsupervisedOn: all, normalise: batch, headBias: class, schedule: { by: halving, every: 4 },
    earlyStopping: 6, keep: final, ema: 0.95, evaluate: end, supervised: both, bnViews: joint }
augment: { weak: { preset: none, shift: 8, noise: 10, flip: 0.4 }, strong: { shift: 12, noise: 26, flip: 0 } }
`,
    "distinct.yaml",
  );
  expect(settingsOf(manifest, 99)).toEqual({
    network: {
      inputChannels: 1,
      stem: { features: 17, kernel: 5, stride: 2, pool: true },
      blocks: [4, 6],
      growth: 11,
      bottleneck: 7,
      compression: 0.6,
    },
    normalisation: { mean: [0.41], deviation: [0.23] },
    weak: { ...viewPresets.none, shift: 8, noise: 10, flip: 0.4 },
    strong: { ...viewPresets["paper-strong"], shift: 12, noise: 26, flip: 0 },
    batch: 48,
    sampling: "per-source",
    epochs: 8,
    steps: 90,
    warmupEpochs: 2,
    warmupSteps: 30,
    absent: "negative",
    learningRate: 0.002,
    lambdaPseudo: 0.7,
    lambdaConsistency: 0.8,
    threshold: 0.55,
    temperature: 13,
    stopGradient: false,
    unsupervisedOn: "all",
    normalise: "batch",
    head: { kind: "queries", bias: "class" },
    schedule: { by: "halving", every: 4 },
    ...{ earlyStopping: 6, keep: "final", ema: 0.95, evaluate: "end", supervised: "both", bnViews: "joint" },
    seed: 99,
  });
});
