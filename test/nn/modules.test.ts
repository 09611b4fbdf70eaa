// Modules: parameter counts and names, initial values, running statistics, the transition's shortcut.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { Conv2d } from "../../src/nn/layers/convolution-layers.ts";
import { Embedding } from "../../src/nn/layers/embedding-layer.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { BatchNorm } from "../../src/nn/layers/normalisation-layers.ts";
import { DenseNet, Transition, densenet121 } from "../../src/nn/densenet.ts";
import * as nn from "../../src/nn/index.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Module } from "../../src/nn/module.ts";
import { relu } from "../../src/functions/elementwise.ts";
import { concatChannels } from "../../src/functions/movement.ts";
import { sum } from "../../src/functions/reduction.ts";
import { batchNorm } from "../../src/functions/normalisation.ts";
import { averagePool2d, globalAveragePool, maxPool2d } from "../../src/functions/pooling.ts";
import { Adam } from "../../src/optim/adam.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

test("every layer declares its name, so that a minifier leaves it", () => {
  const layers = Object.entries(nn).filter(([, value]) => Object.getPrototypeOf(value) === Module);
  expect(layers.length).toBeGreaterThan(20);
  for (const [name, layer] of layers) {
    // The name that the language gives a class cannot be written; a declared one can.
    expect(Object.getOwnPropertyDescriptor(layer, "name")).toMatchObject({ value: name, writable: true });
  }
});

describe("modules", () => {
  const open = useEngine({ device: "reference" });

  test("an embedding looks up rows of a table whose row of padding is zero and stays so", async () => {
    const engine = open();
    const layer = new Embedding(engine, new Initialiser(engine, 1), 50, 40, { padding: 3 });
    expect([...layer.state().keys()]).toEqual(["weight"]);
    expect(layer.weight.shape).toEqual([50, 40]);
    const before = Array.from(await layer.weight.read());
    const squares = before.reduce((all, value) => all + value * value, 0) / (49 * 40);
    expect(squares).toBeCloseTo(1, 1);
    expect(before.slice(120, 160)).toEqual(new Array(40).fill(0));
    const words = engine.tensor(Uint32Array.of(3, 7, 7, 49, 0, 3), [2, 3]);
    const loss = (): Tensor => sum(layer.forward(words));
    const { value, gradients } = valueAndGradients(loss, [layer.weight]);
    const rowSum = (row: number): number => before.slice(row * 40, row * 40 + 40).reduce((a, b) => a + b, 0);
    expect(await value.item()).toBeCloseTo(2 * rowSum(7) + rowSum(49) + rowSum(0), 4);
    const slopes = Array.from(await gradients[0].read());
    expect([0, 3, 7, 8, 49].map((row) => slopes[row * 40])).toEqual([1, 0, 2, 0, 1]);
    expect(layer.forward(words).shape).toEqual([2, 3, 40]);
    expect(() => new Embedding(engine, new Initialiser(engine, 1), 5, 2, { padding: 5 })).toThrow(
      "Embedding: padding must be the number of a row, 0 to 4, got 5",
    );
    layer.dispose();
  });

  test("DenseNet-121 has torchvision's 6,953,856 feature parameters under torchvision's names", () => {
    const net = densenet121(open(), new Initialiser(open(), 1));
    expect(net.parameterCount).toBe(6_953_856);
    const names = [...net.state().keys()];
    // 120 convolutions, and 121 batch norms of four tensors each.
    expect(names).toHaveLength(120 + 121 * 4);
    for (const name of [
      "conv0.weight",
      "norm0.running_var",
      "denseblock1.denselayer1.norm1.weight",
      "denseblock3.denselayer24.conv2.weight",
      "transition3.conv.weight",
      "norm5.bias",
    ]) {
      expect(names).toContain(name);
    }
    expect(net.features).toBe(1024);
    net.dispose();
  });

  test.each([
    [
      "a bottleneck and a stem pool",
      { bottleneck: 2, stem: { features: 6, kernel: 7, stride: 2, pool: true } },
    ],
    ["neither", { bottleneck: null, stem: { features: 5, kernel: 3, stride: 1, pool: false } }],
  ])("a DenseNet with %s is its operators, written out", async (_, part) => {
    const engine = open();
    const configuration = { inputChannels: 2, blocks: [2, 1], growth: 3, compression: 0.5, ...part };
    const net = new DenseNet(engine, new Initialiser(engine, 1), configuration);
    // Batch norms start as equals; a step in random directions tells them apart.
    const parameters = [...net.parameters().values()];
    new Adam(parameters, { learningRate: 0.2 }).step(
      parameters.map(({ shape }, i) => engine.tensor(normal(shape, i).data, shape)),
    );
    const state = net.state();
    const at = (name: string): Tensor => {
      const found = state.get(name);
      if (found === undefined) throw new Error(`no ${name}`);
      return found.tensor;
    };
    const activated = (x: Tensor, name: string): Tensor =>
      relu(batchNorm(x, at(`${name}.weight`), at(`${name}.bias`)).y);
    const layer = (x: Tensor, name: string): Tensor => {
      const first = activated(x, `${name}.norm1`);
      if (part.bottleneck === null) return conv2d(first, at(`${name}.conv1.weight`), { padding: 1 });
      const narrow = conv2d(first, at(`${name}.conv1.weight`));
      return conv2d(activated(narrow, `${name}.norm2`), at(`${name}.conv2.weight`), { padding: 1 });
    };
    const grown = (x: Tensor, name: string): Tensor => concatChannels([x, layer(x, name)]);

    const x = engine.tensor(normal([2, 16, 16, 2]).data, [2, 16, 16, 2]);
    const { kernel, stride, pool } = part.stem;
    let maps = conv2d(x, at("conv0.weight"), { stride, padding: (kernel - 1) / 2 });
    if (pool) maps = maxPool2d(activated(maps, "norm0"), { window: 3, stride: 2, padding: 1 });
    maps = grown(grown(maps, "denseblock1.denselayer1"), "denseblock1.denselayer2");
    maps = conv2d(activated(maps, "transition1.norm"), at("transition1.conv.weight"));
    maps = grown(averagePool2d(maps, { window: 2 }), "denseblock2.denselayer1");
    const plain = await globalAveragePool(activated(maps, "norm3")).read();

    const found = net.forward(x, "training");
    expect(found.shape).toEqual([2, net.features]);
    expect(net.features).toBe(Math.floor((part.stem.features + 6) / 2) + 3);
    const values = await found.read();
    expect(new Set(values).size).toBe(values.length);
    plain.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 10));
  });

  test("two equal convolutions of one network start with different weights", async () => {
    const init = new Initialiser(open(), 1);
    const [first, second] = [0, 1].map(() => new Conv2d(open(), init, 3, 4, { kernel: 3 }));
    expect(await first.weight.read()).not.toEqual(await second.weight.read());
  });

  test("a linear layer starts uniform within 1 / sqrt(inputs), its bias zero", async () => {
    const layer = new Linear(open(), new Initialiser(open(), 1), 25, 40);
    const weights = Array.from(await layer.weight.read());
    expect(Math.max(...weights)).toBeLessThanOrEqual(0.2);
    expect(Math.max(...weights)).toBeGreaterThan(0.195);
    expect(Math.min(...weights)).toBeGreaterThanOrEqual(-0.2);
    expect(Math.min(...weights)).toBeLessThan(-0.195);
    expect(layer.weight.shape).toEqual([40, 25]);
    expect(new Set(await layer.bias?.read())).toEqual(new Set([0]));
  });

  test("a linear layer multiplies as torch's, along any leading axes, with a bias or without", async () => {
    const engine = open();
    const layer = new Linear(engine, new Initialiser(engine, 1), 3, 2);
    engine.write(layer.weight, [1, 2, 3, 4, 5, 6]);
    const x = engine.tensor([
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
      [
        [0, 0, 1],
        [1, 1, 1],
      ],
    ]);
    const y = layer.forward(x);
    expect(y.shape).toEqual([2, 2, 2]);
    expect([...(await y.read())]).toEqual([1, 4, 2, 5, 3, 6, 6, 15]);
    const bare = new Linear(engine, new Initialiser(engine, 1), 3, 2, { bias: false });
    expect([...bare.parameters().keys()]).toEqual(["weight"]);
    expect(bare.forward(x).shape).toEqual([2, 2, 2]);
  });

  test("convolutions start with variance 2 / fan-in, the same for one seed, others for another", async () => {
    const engine = open();
    const draw = async (seed: number): Promise<number[]> =>
      Array.from(
        await new Conv2d(engine, new Initialiser(engine, seed), 32, 64, { kernel: 3 }).weight.read(),
      );
    const [weights, again, other] = [await draw(1), await draw(1), await draw(2)];
    const variance = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
    expect(variance / (2 / (9 * 32))).toBeCloseTo(1, 1);
    expect(again).toEqual(weights);
    expect(other[0]).not.toBe(weights[0]);
  });

  test("batch norm moves its running statistics by a tenth, the variance unbiased; inference uses them", async () => {
    const engine = open();
    const norm = new BatchNorm(engine, 1);
    const x = engine.tensor([2, 4, 6, 8], [4, 1]);
    const y = await norm.forward(x, "training").read();
    expect(y[0]).toBeCloseTo((2 - 5) / Math.sqrt(5 + 1e-5), 10);
    expect(await norm.runningMean.item()).toBeCloseTo(0.1 * 5, 10);
    expect(await norm.runningVariance.item()).toBeCloseTo(0.9 + 0.1 * (20 / 3), 10);
    const z = await norm.forward(x, "inference").read();
    expect(z[0]).toBeCloseTo((2 - 0.5) / Math.sqrt(0.9 + 2 / 3 + 1e-5), 10);
  });

  test("a transition that pools first equals convolving first", async () => {
    const engine = open();
    const transition = new Transition(engine, new Initialiser(engine, 1), 4, 3);
    const x = engine.tensor(normal([2, 6, 6, 4]).data, [2, 6, 6, 4]);
    const [norm, conv] = [new BatchNorm(engine, 4), transition.parameters().get("conv.weight")];
    if (conv === undefined) throw new Error("no convolution");
    const plain = await averagePool2d(conv2d(relu(norm.forward(x, "training")), conv), { window: 2 }).read();
    const fast = await transition.forward(x, "training").read();
    plain.forEach((value, i) => expect(fast[i]).toBeCloseTo(value, 12));
  });
});
