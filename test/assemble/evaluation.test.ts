// Predictions: the right scores for the right images, whatever the batches, with running statistics.

import { describe, expect, test } from "vitest";
import { Classifier } from "../../src/assemble/classifier.ts";
import { evaluate, predict } from "../../src/assemble/evaluation.ts";
import { viewPresets } from "../../src/assemble/augmentation.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import { pixelsInMemory, type ImageSet } from "../../src/data/assembly/assembly.ts";
import { normaliseImages } from "../../src/functions/images.ts";
import { readWeights, writeWeights } from "../../src/nn/weights.ts";
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

  test("views of each image are averaged: the first is the image itself, the seed draws the others", async () => {
    const classifier = await trained();
    const view = { ...viewPresets["paper-weak"], shift: 2 };
    const scores = async (draws: number, seed = 0): Promise<Float32Array> =>
      await predict(open(), classifier, some, normalisation, 4, { augment: { draws, view, seed } });
    const plain = await predict(open(), classifier, some, normalisation, 4);
    expect(await scores(1)).toEqual(plain);
    const [two, three] = [await scores(2), await scores(3)];
    expect(await scores(3)).toEqual(three);
    expect(await scores(3, 1)).not.toEqual(three);
    expect(two).not.toEqual(plain);
    const unmoved = await predict(open(), classifier, some, normalisation, 4, {
      augment: { draws: 3, view: viewPresets.none, seed: 0 },
    });
    unmoved.forEach((score, i) => expect(score).toBeCloseTo(plain[i], 5));
    classifier.dispose();
  });

  test("a temperature divides logits, and changes no AUC", async () => {
    const classifier = await trained();
    const plain = await predict(open(), classifier, some, normalisation, 4);
    const { features, head } = classifier;
    expect(features.features).toBeGreaterThan(0);
    const warm = new Classifier(open(), {
      ...{
        network: smallSettings.network,
        classes: head.classes,
        seed: 0,
        head: head.settings,
        temperature: 4,
      },
    });
    writeWeights(warm, await readWeights(classifier));
    expect(await predict(open(), warm, some, normalisation, 4)).toEqual(plain.map((logit) => logit / 4));
    warm.dispose();
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
