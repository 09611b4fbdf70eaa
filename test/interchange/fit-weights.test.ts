// Weights with PyTorch's names and layouts in the networks here: which tensor is which, and what is said where they do not fit.

import { describe, expect, test } from "vitest";
import { fitWeights } from "../../src/interchange/fit-weights.ts";
import { madeFor, networkOf, plainName } from "../../src/interchange/tensor-names.ts";
import { DenseNet } from "../../src/nn/densenet.ts";
import { ResNet } from "../../src/nn/resnet.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import type { Module, State } from "../../src/nn/module.ts";
import type { HeldTensor } from "../../src/tensor/held.ts";
import { useEngine } from "../engines.ts";

const small = {
  inputChannels: 1,
  stem: { features: 8, kernel: 7, stride: 2, pool: true },
  blocks: [2, 1],
  growth: 4,
  bottleneck: 4,
  compression: 0.5,
};

describe("weights of another maker", () => {
  const engine = useEngine({ device: "reference" });
  const densenet = (inputChannels = 1): Module =>
    new DenseNet(engine(), new Initialiser(engine(), 0), { ...small, inputChannels });

  /** Tensors of a module's names and shapes as PyTorch lays them out, each value another, by what a name becomes. */
  function asTorch(
    states: ReadonlyMap<string, State>,
    rename = (name: string): string => `features.${name}`,
  ): Map<string, HeldTensor> {
    let next = 0;
    return new Map(
      [...states].map(([name, { tensor }]) => {
        const [height, width, inputs, outputs] = tensor.shape;
        const shape = tensor.shape.length === 4 ? [outputs, inputs, height, width] : tensor.shape;
        const data = Float32Array.from({ length: tensor.size }, () => next++ / 1000);
        return [rename(name), { shape, data }];
      }),
    );
  }

  test("the norm behind the last block is norm5 in torchvision, however many blocks there are", () => {
    const states = densenet().state();
    const given = asTorch(states, (name) => `features.${name.replace(/^norm3\./u, "norm5.")}`);
    expect([...fitWeights(states, "w.pth", given).weights.keys()]).toEqual([...states.keys()]);
  });

  test("come in by torchvision's names, old and new, in their own layout", () => {
    const states = densenet().state();
    const given = asTorch(states);
    const found = fitWeights(states, "w.pth", given);
    expect([found.taken.length, found.missing, found.leftOver, found.misshapen]).toEqual([
      states.size,
      [],
      [],
      [],
    ]);
    const name = "denseblock1.denselayer2.conv2.weight";
    const [theirs, own] = [given.get(`features.${name}`), found.weights.get(name)];
    const [outputs, inputs, height, width] = theirs?.shape ?? [];
    expect(own?.shape).toEqual([height, width, inputs, outputs]);
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        for (let p = 0; p < height * width; p++) {
          expect(own?.data[(p * inputs + i) * outputs + o]).toBe(
            theirs?.data[(o * inputs + i) * height * width + p],
          );
        }
      }
    }
    const old = new Map(
      [...given].map(([key, value]) => [key.replace(/\.(norm|conv)([12])\./u, ".$1.$2."), value]),
    );
    expect([...old.keys()]).toContain("features.denseblock1.denselayer1.norm.1.weight");
    expect(fitWeights(states, "w.pth", old).weights).toEqual(found.weights);
    const wrapped = new Map([...given].map(([key, value]) => [`module.model.${key}`, value]));
    expect(fitWeights(states, "w.pth", wrapped).weights).toEqual(found.weights);
  });

  test("leave a head of other classes out, and counts of batches", () => {
    const states = densenet().state();
    const given = asTorch(states);
    given.set("classifier.weight", { shape: [18, 10], data: new Float32Array(180) });
    given.set("features.norm0.num_batches_tracked", { shape: [], data: Float32Array.of(7) });
    given.set("op_threshs", { shape: [18], data: new Float32Array(18).fill(NaN) });
    const { taken, leftOver } = fitWeights(states, "w.pth", given);
    expect(taken).toHaveLength(states.size);
    expect(leftOver).toEqual(["classifier.weight", "features.norm0.num_batches_tracked", "op_threshs"]);
  });

  test("of three channels are summed up for one, and of one spread over three", () => {
    const [grey, colour] = [densenet(1).state(), densenet(3).state()];
    const stem = "conv0.weight";
    const three = asTorch(colour);
    const summed = fitWeights(grey, "w.pth", three);
    expect(summed.channels).toEqual({ from: 3, to: 1 });
    const theirs = three.get(`features.${stem}`)?.data ?? [];
    // Output 2, pixel 5 of 7 x 7.
    const at = (c: number): number => theirs[(2 * 3 + c) * 49 + 5];
    expect(summed.weights.get(stem)?.data[5 * 8 + 2]).toBeCloseTo(at(0) + at(1) + at(2), 5);
    const one = asTorch(grey);
    const spread = fitWeights(colour, "w.pth", one);
    expect(spread.channels).toEqual({ from: 1, to: 3 });
    for (let c = 0; c < 3; c++) {
      const value = one.get(`features.${stem}`)?.data[2 * 49 + 5] ?? NaN;
      expect(spread.weights.get(stem)?.data[(5 * 3 + c) * 8 + 2]).toBeCloseTo(value / 3, 6);
    }
  });

  test("that do not fit are refused with the share that does, and the network that they are of", () => {
    const states = densenet().state();
    const given = asTorch(states);
    const cut = new Map([...given].filter(([name]) => !name.includes("norm2.running")));
    expect(() => fitWeights(states, "w.pth", cut)).toThrow(
      /w\.pth: 38 of the 44 tensors of a DenseNet of 2, 1 layers \(86 %\) are in this file: without .*running_mean.* and 3 more/u,
    );
    expect(fitWeights(states, "w.pth", cut, { strict: false }).missing).toHaveLength(6);
    const resnet = new ResNet(engine(), new Initialiser(engine(), 0), {
      ...{ kind: "resnet", inputChannels: 1, stem: { features: 4, kernel: 3, stride: 1, pool: false } },
      ...{ blocks: [1, 1], block: "basic" },
    }).state();
    expect(() =>
      fitWeights(
        states,
        "w.pth",
        asTorch(resnet, (name) => name),
      ),
    ).toThrow(
      /0 of the 44 tensors of a DenseNet of 2, 1 layers \(0 %\) are in this file, which has 30 more and by its names is a ResNet of 1, 1 basic blocks\. Name the network of the weights under model/u,
    );
    expect(
      fitWeights(
        resnet,
        "w.pth",
        asTorch(resnet, (name) => name),
      ).taken,
    ).toHaveLength(resnet.size);
    const deeper = new ResNet(engine(), new Initialiser(engine(), 0), {
      ...{ kind: "resnet", inputChannels: 1, stem: { features: 4, kernel: 3, stride: 1, pool: false } },
      ...{ blocks: [3, 4, 6, 3], block: "basic" },
    }).state();
    expect(() =>
      fitWeights(
        resnet,
        "w.pth",
        asTorch(deeper, (name) => name),
      ),
    ).toThrow(
      /which has \d+ more and by its names is a ResNet of 3, 4, 6, 3 basic blocks\. Its names are those of resnet34: write model: \{ backbone: resnet34 \}, or/u,
    );
    const other = new Map(given).set("features.norm0.weight", { shape: [9], data: new Float32Array(9) });
    expect(() => fitWeights(states, "w.pth", other)).toThrow(
      /in another shape norm0\.weight \[9\] for \[8\]/u,
    );
    const twice = new Map(given).set("module.features.norm0.weight", {
      shape: [8],
      data: new Float32Array(8),
    });
    expect(() => fitWeights(states, "w.pth", twice)).toThrow(/has norm0\.weight twice/u);
    for (const value of [NaN, Infinity]) {
      const bad = new Map(given).set("features.norm0.weight", {
        shape: [8],
        data: new Float32Array(8).fill(value),
      });
      expect(() => fitWeights(states, "w.pth", bad)).toThrow(
        /norm0\.weight holds values that are no finite numbers/u,
      );
    }
  });
});

test("names tell the network, and shapes how its images were shown to it", () => {
  expect(plainName("module.features.denseblock4.denselayer16.norm.2.running_var")).toBe(
    "denseblock4.denselayer16.norm2.running_var",
  );
  expect(networkOf(["layer1.0.conv3.weight", "layer1.2.bn1.bias", "layer2.3.conv1.weight"])).toBe(
    "a ResNet of 3, 4 bottleneck blocks",
  );
  expect(networkOf(["a.b", `features.denseblock${"9".repeat(300)}.denselayer1.x`])).toBeUndefined();
  const shapes = (entries: Record<string, number[]>): Map<string, number[]> =>
    new Map(Object.entries(entries));
  expect(madeFor(shapes({ "fc.weight": [1000, 512] }), 3)).toMatchObject({
    name: "imagenet",
    mean: [0.485, 0.456, 0.406],
  });
  expect(madeFor(shapes({ "classifier.weight": [1000, 512] }), 1)?.mean[0]).toBeCloseTo(0.449, 3);
  expect(madeFor(shapes({ op_threshs: [18] }), 1)).toMatchObject({ name: "xray", mean: [0.5] });
  expect(madeFor(shapes({ "fc.weight": [10, 512] }), 3)).toBeUndefined();
});
