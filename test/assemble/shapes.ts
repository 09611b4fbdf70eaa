// A small assembly of outlines, and settings that tests of segmentation train with: discs and squares on noise, and two sources
// that each outline one of them.

import { viewPresets } from "../../src/assemble/augmentation.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import type { Assembly, ImageSet } from "../../src/data/assembly/assembly.ts";
import { background } from "../../src/labels/label-map.ts";
import { absent } from "../../src/labels/states.ts";

export const shapeClasses = ["disc", "square"] as const;
const size = 16;

/** @param knows the numbers of the classes that the source outlines */
export function shapeSet(source: string, count: number, seed: number, knows: readonly number[]): ImageSet {
  let state = seed;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const pixels = new Uint8Array(count * size * size);
  const maps = new Uint8Array(count * size * size).fill(background);
  const states = new Uint8Array(2 * count).fill(absent);
  for (let n = 0; n < count; n++) {
    for (const k of knows) states[2 * n + k] = 0;
    const drawn = pixels.subarray(n * size * size, (n + 1) * size * size);
    drawn.forEach((_, i) => (drawn[i] = 40 + 60 * random()));
    for (const k of [0, 1]) {
      if (random() < 0.25) continue;
      const [top, left, radius] = [4 + 8 * random(), 4 + 8 * random(), 2.5 + 1.5 * random()];
      drawn.forEach((_, i) => {
        const [y, x] = [Math.abs(Math.floor(i / size) - top), Math.abs((i % size) - left)];
        if (k === 0 ? Math.hypot(y, x) > radius : Math.max(y, x) > radius) return;
        drawn[i] = (k === 0 ? 200 : 150) + 30 * random();
        // What is drawn later lies above.
        maps[n * size * size + i] = knows.includes(k) ? k : background;
      });
    }
    for (const k of knows) {
      states[2 * n + k] = Number(maps.subarray(n * size * size, (n + 1) * size * size).includes(k));
    }
  }
  return { source, count, height: size, width: size, channels: 1, pixels, states, maps };
}

/** Two sources of so many images, of which one outlines discs and the other squares; the test images have both. */
export const shapeAssembly = (perSource = 24): Assembly => ({
  classes: shapeClasses,
  exclusive: [[0, 1]],
  sources: [shapeSet("discs", perSource, 1, [0]), shapeSet("squares", perSource, 2, [1])],
  test: shapeSet("test", 20, 3, [0, 1]),
});

export const shapeSettings: TrainingSettings = {
  task: "segmentation",
  network: { kind: "unet", inputChannels: 1, width: 4, levels: 2 },
  normalisation: { mean: [0.5], deviation: [0.25] },
  weak: { ...viewPresets.none, shift: 1, flip: 0.5, noise: 4 },
  strong: { ...viewPresets.none, noise: 12, brightness: 0.2, erase: 0.5 },
  batch: 8,
  epochs: 2,
  warmupEpochs: 1,
  learningRate: 4e-3,
  lambdaPseudo: 1,
  lambdaConsistency: 1,
  threshold: 0.5,
  temperature: 4,
  stopGradient: true,
  seed: 3,
};
