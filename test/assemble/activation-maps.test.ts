// Where a classifier looked: maps that are exact for heads that are linear in the features, and Grad-CAM's for others.

import { describe, expect, test } from "vitest";
import { activationMaps } from "../../src/assemble/activation-maps.ts";
import { Classifier } from "../../src/assemble/classifier.ts";
import { predict } from "../../src/assemble/evaluation.ts";
import type { HeadSettings } from "../../src/assemble/heads/head.ts";
import { predictActivations, type ImageActivations } from "../../src/assemble/predict-activations.ts";
import { UsageError } from "../../src/errors/errors.ts";
import type { BackboneConfiguration } from "../../src/nn/backbones.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { phantoms } from "../../src/data/phantoms/index.ts";
import { add } from "../../src/functions/elementwise.ts";
import { globalAveragePool } from "../../src/functions/pooling.ts";
import { readWeights, writeWeights } from "../../src/nn/weights.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const [images, size, classes] = [3, 16, 3];
const heads: readonly HeadSettings[] = [
  { kind: "queries", bias: "fc" },
  { kind: "queries", bias: "both" },
  { kind: "linear" },
  {
    kind: "per-source",
    known: [
      [0, 1],
      [1, 2],
    ],
  },
];
const dynamic: HeadSettings = { kind: "dynamic" };
const networks: Readonly<Record<"DenseNet" | "ResNet", BackboneConfiguration>> = {
  DenseNet: {
    ...{ inputChannels: 1, blocks: [1, 2], growth: 4, bottleneck: null, compression: 0.5 },
    stem: { features: 6, kernel: 3, stride: 2, pool: false },
  },
  ResNet: {
    ...{ kind: "resnet", inputChannels: 1, blocks: [1, 1], block: "basic" },
    stem: { features: 8, kernel: 3, stride: 2, pool: false },
  },
};

/** Biases begin at 0, and would hide a map that leaves them out. */
async function withBiases(engine: Engine, head: HeadSettings, more: object = {}): Promise<Classifier> {
  const classifier = new Classifier(engine, { network: networks.DenseNet, classes, seed: 1, head, ...more });
  const weights = new Map(await readWeights(classifier));
  for (const [name, { shape }] of weights) {
    if (!/^head\..*bias$/u.test(name)) continue;
    const data = Float32Array.from(normal(shape).data, (value) => value + 0.5);
    // What the head has no bias of its own for stays 0.
    if (classifier.parameters().has(name)) weights.set(name, { shape, data });
  }
  writeWeights(classifier, weights);
  return classifier;
}

const drawn = (engine: Engine) =>
  engine.tensor(normal([images, size, size, 1]).data, [images, size, size, 1]);

describe.each(["reference", "webgpu"] as const)("maps on %s", (device) => {
  const engine = useEngine({ device });
  const digits = device === "reference" ? 12 : 5;

  test.each(heads)("of a head $kind $bias: their mean over positions is the logit", async (head) => {
    const classifier = await withBiases(engine(), head);
    const { kind, maps, logits } = activationMaps(classifier, drawn(engine()));
    expect(kind).toBe("class-activation");
    expect(maps.shape).toEqual([images, 4, 4, classes]);
    const expected = await classifier.forward(drawn(engine()), "inference").read();
    const means = await globalAveragePool(maps).read();
    for (const [i, logit] of (await logits.read()).entries()) {
      expect(logit).toBeCloseTo(expected[i], digits);
      expect(means[i]).toBeCloseTo(expected[i], digits);
    }
  });

  test("of a dynamic head: Grad-CAM, whose weights are gradients of the logit", async () => {
    const classifier = await withBiases(engine(), dynamic);
    const { kind, maps, logits } = activationMaps(classifier, drawn(engine()));
    expect(kind).toBe("grad-cam");
    const [features] = classifier.features.maps(drawn(engine()), "inference").slice(-1);
    const [, height, width, depth] = features.shape;
    const values = await features.read();
    const found = await maps.read();
    const base = await logits.read();
    expect(found.every((value) => value >= 0)).toBe(true);
    expect(found.some((value) => value > 0)).toBe(true);
    if (device !== "reference") return;
    // By differences: how much the logits change when one channel of the features grows everywhere.
    const step = 1e-6;
    const slopes: Float64Array[] = [];
    for (let d = 0; d < depth; d++) {
      const one = Float64Array.from({ length: depth }, (_, at) => (at === d ? step : 0));
      const moved = classifier.head.forward(
        globalAveragePool(add(features, engine().tensor(one, [1, 1, 1, depth]))),
      );
      slopes.push(Float64Array.from(await moved.read(), (value, i) => (value - base[i]) / step));
    }
    for (let at = 0; at < found.length; at++) {
      const [position, k] = [Math.floor(at / classes), at % classes];
      const image = Math.floor(position / (height * width));
      let sum = 0;
      for (let d = 0; d < depth; d++) sum += slopes[d][image * classes + k] * values[position * depth + d];
      expect(found[at]).toBeCloseTo(Math.max(0, sum), 4);
    }
  });
});

describe("maps of a set", () => {
  const engine = useEngine({ device: "reference" });
  const normalisation = { mean: [0.5], deviation: [0.25] };
  const set: ImageSet = phantoms({
    ...{ count: 5, size, site: "A", seed: 3 },
    findings: ["mass", "effusion", "cardiomegaly"],
  });
  const mapsOf = async (classifier: Classifier, options = {}): Promise<Map<number, ImageActivations>> => {
    const found = new Map<number, ImageActivations>();
    await predictActivations(
      engine(),
      classifier,
      set,
      normalisation,
      2,
      (row, own) => void found.set(row, own),
      options,
    );
    return found;
  };

  test("have the logits of predict, and go to the size that is asked for", async () => {
    const classifier = await withBiases(engine(), { kind: "linear" });
    const logits = await predict(engine(), classifier, set, normalisation, 2);
    const found = await mapsOf(classifier, { size: [8, 12], rows: [4, 1] });
    expect([...found.keys()]).toEqual([4, 1]);
    for (const [row, { height, width, logits: own, maps, enlarged }] of found) {
      expect([height, width, maps.length, enlarged.length]).toEqual([4, 4, classes, classes]);
      for (let k = 0; k < classes; k++) {
        expect(own[k]).toBeCloseTo(logits[row * classes + k], 5);
        expect(maps[k].reduce((sum, value) => sum + value, 0) / 16).toBeCloseTo(own[k], 5);
        expect(enlarged[k].length).toBe(96);
        // Corners lie on the outermost positions.
        expect(enlarged[k][0]).toBe(maps[k][0]);
        expect(enlarged[k][95]).toBe(maps[k][15]);
      }
    }
  });

  test("tell logits that are divided by the classifier's temperature, which maps are not", async () => {
    const classifier = await withBiases(engine(), { kind: "linear" });
    const warm = await withBiases(engine(), { kind: "linear" }, { temperature: 2 });
    const logits = await predict(engine(), warm, set, normalisation, 2);
    const [plain, found] = [await mapsOf(classifier), await mapsOf(warm)];
    for (const [row, { logits: own, maps }] of found) {
      own.forEach((logit, k) => expect(logit).toBeCloseTo(logits[row * classes + k], 5));
      expect(own[0]).toBeCloseTo((plain.get(row)?.logits[0] ?? NaN) / 2, 6);
      expect(maps).toEqual(plain.get(row)?.maps);
    }
  });

  test("where a class is above others, it has the map of the one that makes it likely", async () => {
    const own = await mapsOf(await withBiases(engine(), { kind: "linear" }));
    const passed = new Set<number>();
    for (const root of [0, 1, 2]) {
      const parents = [0, 1, 2].map((k) => (k === root ? -1 : root));
      const raised = await mapsOf(await withBiases(engine(), { kind: "linear" }, { parents }));
      for (const [row, { logits, maps }] of raised) {
        const before = own.get(row);
        if (before === undefined) throw new Error(`no image ${row}`);
        const from = before.logits.indexOf(Math.max(...before.logits));
        if (from !== root) passed.add(root);
        for (const k of [0, 1, 2]) {
          expect(logits[k]).toBe(before.logits[k === root ? from : k]);
          expect(maps[k]).toEqual(before.maps[k === root ? from : k]);
        }
      }
    }
    expect(passed.size).toBeGreaterThan(0);
  });

  test("of a ResNet are made as well", async () => {
    const classifier = new Classifier(engine(), { network: networks.ResNet, classes, seed: 1 });
    const { maps } = activationMaps(classifier, drawn(engine()));
    const logits = await classifier.forward(drawn(engine()), "inference").read();
    (await globalAveragePool(maps).read()).forEach((mean, i) => expect(mean).toBeCloseTo(logits[i], 10));
  });

  test("refuse what is no classifier, and options that are none", async () => {
    expect(() => activationMaps(engine() as never, drawn(engine()))).toThrow(UsageError);
    const classifier = await withBiases(engine(), { kind: "linear" });
    await expect(mapsOf(classifier, { size: [0, 4] })).rejects.toThrow(/size must be \[height, width\]/u);
    await expect(mapsOf(classifier, { rows: ["a"] })).rejects.toThrow(UsageError);
  });
});
