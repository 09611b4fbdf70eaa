// Predictions: the right scores for the right images, whatever the batches, with running statistics.

import { describe, expect, test } from "vitest";
import { Classifier } from "../../src/assemble/classifier.ts";
import { evaluate, predict } from "../../src/assemble/evaluation.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import { pixelsInMemory, type ImageSet } from "../../src/data/assembly/assembly.ts";
import { normaliseImages } from "../../src/functions/images.ts";
import type { Mode } from "../../src/nn/module.ts";
import { useEngine } from "../engines.ts";
import { smallAssembly, smallSettings } from "./settings.ts";

describe("a classifier with a step of training behind it", () => {
  const open = useEngine({ device: "reference" });
  const { normalisation } = smallSettings;
  const assembly = smallAssembly(8);
  const pixelsEach = 16 * 16;
  const some: ImageSet<Uint8Array> = {
    ...assembly.test,
    count: 7,
    pixels: pixelsInMemory(assembly.test).subarray(0, 7 * pixelsEach),
    states: assembly.test.states.subarray(0, 7 * assembly.classes.length),
  };

  async function trained(): Promise<Classifier> {
    const settings = { ...smallSettings, epochs: 1, evaluate: "end", learningRate: 0.02 } as const;
    const { classifier } = await trainClassifier(open(), assembly, settings);
    return classifier;
  }

  test("scores are those of each image alone, also over uneven batches, and use running statistics", async () => {
    const classifier = await trained();
    const forward = async (first: number, count: number, mode: Mode): Promise<Float32Array> => {
      const pixels = some.pixels.subarray(first * pixelsEach, (first + count) * pixelsEach);
      const images = normaliseImages(open().tensor(pixels, [count, 16, 16, 1], "u8"), normalisation);
      return Float32Array.from(await classifier.forward(images, mode).read());
    };
    const alone: number[] = [];
    for (let i = 0; i < some.count; i++) alone.push(...(await forward(i, 1, "inference")));
    expect(new Set(alone).size).toBe(alone.length);
    for (const batch of [3, 7, 64]) {
      const scores = await predict(open(), classifier, some, normalisation, batch);
      expect(scores).toHaveLength(alone.length);
      scores.forEach((score, i) => expect(score).toBeCloseTo(alone[i], 6));
    }
    const batchStatistics = await forward(0, some.count, "untracked");
    expect(Math.abs(batchStatistics[0] - alone[0])).toBeGreaterThan(1e-3);
    classifier.dispose();
  });

  test("a signal ends predictions before the next batch, and leaves nothing behind", async () => {
    const classifier = await trained();
    const before = open().memory().tensors;
    const controller = new AbortController();
    const work = evaluate(open(), classifier, some, assembly.classes, normalisation, 3, {
      signal: controller.signal,
    });
    controller.abort();
    await expect(work).rejects.toBe(controller.signal.reason);
    expect(open().memory().tensors).toBe(before);
    classifier.dispose();
  });
});
