// Exported weights against torchvision's own lists of names and shapes, and against what the heads compute.

import { describe, expect, test } from "vitest";
import { torchvisionConstructor } from "../../src/export/card-usage.ts";
import { torchWeights } from "../../src/export/torch-weights.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { densenet121Configuration } from "../../src/nn/densenet.ts";
import { resnetConfigurations } from "../../src/nn/resnet.ts";
import type { HeadSettings } from "../../src/assemble/heads/head.ts";
import { useEngine } from "../engines.ts";
import { torchResNets } from "../nn/torchvision-resnets.ts";
import { blankClassifier, madeClassifier, madeSegmenter } from "./models.ts";

const open = useEngine({ device: "reference" });
type Shapes = Record<string, readonly number[]>;

const norm = (name: string, channels: number): Shapes =>
  Object.fromEntries(
    ["weight", "bias", "running_mean", "running_var"].map((each) => [`${name}.${each}`, [channels]]),
  );

/** torchvision's DenseNet-121 with a classifier of K classes, by the rule that Huang et al. give. */
function densenet121Shapes(classes: number): Shapes {
  const found: Shapes = { "features.conv0.weight": [64, 3, 7, 7], ...norm("features.norm0", 64) };
  let channels = 64;
  for (const [i, layers] of [6, 12, 24, 16].entries()) {
    for (let layer = 1; layer <= layers; layer++, channels += 32) {
      const name = `features.denseblock${i + 1}.denselayer${layer}`;
      Object.assign(found, norm(`${name}.norm1`, channels), norm(`${name}.norm2`, 128));
      found[`${name}.conv1.weight`] = [128, channels, 1, 1];
      found[`${name}.conv2.weight`] = [32, 128, 3, 3];
    }
    if (i === 3) continue;
    Object.assign(found, norm(`features.transition${i + 1}.norm`, channels));
    found[`features.transition${i + 1}.conv.weight`] = [channels / 2, channels, 1, 1];
    channels /= 2;
  }
  Object.assign(found, norm("features.norm5", channels));
  return { ...found, "classifier.weight": [classes, channels], "classifier.bias": [classes] };
}

const shapesOf = (weights: ReturnType<typeof torchWeights>): Shapes =>
  Object.fromEntries([...weights].map(([name, { shape }]) => [name, shape]));

describe("names and shapes are torchvision's", () => {
  test("of DenseNet-121", () => {
    const { record, weights } = blankClassifier(open(), densenet121Configuration);
    expect(shapesOf(torchWeights(record, weights))).toEqual(densenet121Shapes(4));
    expect(torchvisionConstructor(record)).toBe("densenet121");
  });

  test("of ResNet-18", () => {
    const name = "resnet18";
    const { record, weights } = blankClassifier(open(), resnetConfigurations[name]);
    const expected: Shapes = { "fc.weight": [4, 512], "fc.bias": [4] };
    for (const { name: conv, norm: bn, filters, channels, kernel } of torchResNets[name]) {
      expected[`${conv}.weight`] = [filters, channels, kernel, kernel];
      Object.assign(expected, norm(bn, filters));
    }
    expect(shapesOf(torchWeights(record, weights))).toEqual(expected);
    expect(torchvisionConstructor(record)).toBe(name);
  });
});

const small = {
  ...{ inputChannels: 3, stem: { features: 4, kernel: 3, stride: 2, pool: false }, blocks: [1] },
  ...{ growth: 4, bottleneck: null, compression: 0.5 },
};

test.each<HeadSettings>([
  { kind: "queries", bias: "fc" },
  { kind: "queries", bias: "class" },
  { kind: "queries", bias: "both" },
  { kind: "per-source", known: [[0, 1, 2], [1, 3], [0]] },
])("the last layer computes what the head does: $kind $bias", async (head) => {
  const engine = open();
  const { module, record, weights } = await madeClassifier(engine, 16, small, head);
  const found = torchWeights(record, weights);
  const [matrix, bias] = ["classifier.weight", "classifier.bias"].map((name) => found.get(name)?.data ?? []);
  const features = Float64Array.from({ length: 8 }, (_, i) => Math.sin(i + 1));
  const logits = await module.head.forward(engine.tensor(features, [1, 8])).read();
  for (const [k, logit] of [...logits].entries()) {
    const own = features.reduce((sum, each, d) => sum + each * matrix[k * 8 + d], bias[k]);
    expect(own).toBeCloseTo(logit, 5);
  }
});

test("filters have the order [outputs, inputs, rows, columns], and those of transposed convolutions the inputs first", async () => {
  const unet = { kind: "unet", inputChannels: 3, width: 2, levels: 2 } as const;
  const { record, weights } = await madeSegmenter(open(), 16, unet, true);
  const found = torchWeights(record, weights);
  expect(found.get("up1.enlarge.weight")?.shape).toEqual([4, 2, 2, 2]);
  expect(found.get("head.weight")?.shape).toEqual([3, 2, 1, 1]);
  const filter = found.get("down1.conv1.weight");
  expect(filter?.shape).toEqual([2, 3, 3, 3]);
  const own = weights.get("features.down1.conv1.weight"); // [3, 3, 3, 2]
  for (const [k, c, r, s] of [
    [0, 1, 2, 1],
    [1, 2, 0, 2],
  ]) {
    expect(filter?.data[((k * 3 + c) * 3 + r) * 3 + s]).toBe(own?.data[((r * 3 + s) * 3 + c) * 2 + k]);
  }
});

test("a dynamic head is refused, with the format that has a place for it", async () => {
  const { record, weights } = await madeClassifier(open(), 16, small, { kind: "dynamic" });
  expect(() => torchWeights(record, weights)).toThrow(UsageError);
  expect(() => torchWeights(record, weights)).toThrow(/dynamic head .*--to onnx/);
});

test("a configuration that differs in anything is not one of torchvision's", () => {
  const network = { ...densenet121Configuration, growth: 24 };
  expect(torchvisionConstructor({ network })).toBeUndefined();
});

test("a temperature divides the last layer alone", async () => {
  const { record, weights } = await madeClassifier(open(), 16, small, { kind: "queries", bias: "class" });
  const plain = torchWeights(record, weights);
  const warm = torchWeights({ ...record, temperature: { value: 4 } }, weights);
  for (const [name, { data }] of plain) {
    const divisor = name.startsWith("classifier.") ? 4 : 1;
    expect(warm.get(name)?.data).toEqual(Float32Array.from(data, (value) => value / divisor));
  }
});
