// A program as a page or its worker might have it, for tests to bundle: trains three steps on phantoms, on the CPU, and gives the
// losses and the file of the model.

import { openEngine } from "@tessera-gpu/tessera";
import {
  classifierOfBytes,
  modelBytes,
  recipes,
  trainClassifier,
  viewPresets,
  type TrainingSettings,
} from "@tessera-gpu/tessera/assemble";
import { assembly, phantoms, type Finding, type ImageSet, type Site } from "@tessera-gpu/tessera/data";

const size = 16;
const classes = ["nodule", "effusion"] as const;
const drawn = (site: Site, count: number, knows: readonly Finding[], seed: number): ImageSet => ({
  ...phantoms({ count, size, site, seed, findings: classes, knows, prevalence: 0.5 }),
  source: `site ${site}`,
});

export interface Trained {
  readonly losses: readonly Readonly<Record<string, number>>[];
  /** Of its file. */
  readonly model: readonly number[];
  /** Classes as they are read back from it. */
  readonly classes: readonly string[];
}

const { tau: threshold, ...recipe } = recipes.small;
const settings: TrainingSettings = {
  ...recipe,
  ...{ steps: 3, warmupSteps: 1, threshold, batch: 4, seed: 7 },
  network: {
    ...{ inputChannels: 1, blocks: [1], growth: 2, bottleneck: 2, compression: 0.5 },
    stem: { features: 4, kernel: 3, stride: 2, pool: false },
  },
  normalisation: { mean: [128], deviation: [64] },
  ...{ weak: viewPresets["paper-weak"], strong: viewPresets["paper-strong"] },
};

/** What three steps come to. */
export async function trained(): Promise<Trained> {
  const engine = await openEngine({ device: "reference" });
  const data = assembly({
    classes,
    sources: [drawn("A", 4, ["nodule"], 1), drawn("B", 4, ["effusion"], 2)],
    test: { ...drawn("A", 6, classes, 3), source: "test" },
  });
  const losses: Readonly<Record<string, number>>[] = [];
  const { classifier, kept } = await trainClassifier(engine, data, settings, {
    step: (report) => losses.push(report.losses),
  });
  const bytes = await modelBytes(classifier, { assembly: data, settings, kept });
  const { classifier: again, record } = classifierOfBytes(engine, bytes);
  for (const model of [classifier, again]) model.dispose();
  engine.close();
  return { losses, model: Array.from(bytes), classes: record.classes };
}
