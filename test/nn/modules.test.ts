// Modules: parameter counts and names, initial values, running statistics, the transition's shortcut.

import { describe, expect, test } from "vitest";
import {
  BatchNorm,
  Conv2d,
  DenseNet,
  Initialiser,
  QueryHead,
  Transition,
  densenet121,
} from "../../src/nn/index.ts";
import { relu } from "../../src/operators/functions/elementwise.ts";
import { matmul } from "../../src/operators/functions/matmul.ts";
import { averagePool2d } from "../../src/operators/functions/pooling.ts";
import { conv2d } from "../../src/operators/functions/convolution.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

describe("modules", () => {
  const open = useEngine({ device: "reference" });

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

  test("any configuration runs forward, with and without bottleneck and stem pool", async () => {
    const engine = open();
    for (const bottleneck of [null, 2]) {
      for (const pool of [false, true]) {
        const net = new DenseNet(engine, new Initialiser(engine, 1), {
          inputChannels: 2,
          stem: { features: 6, kernel: pool ? 7 : 3, stride: pool ? 2 : 1, pool },
          blocks: [1, 2],
          growth: 3,
          bottleneck,
          compression: 0.5,
        });
        const x = engine.tensor(normal([3, 16, 16, 2]).data, [3, 16, 16, 2]);
        const y = net.forward(x, "training");
        expect(y.shape).toEqual([3, net.features]);
        expect(net.features).toBe(Math.floor((6 + 3) * 0.5) + 6);
        expect((await y.read()).every(Number.isFinite)).toBe(true);
      }
    }
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

  test("a query head starts as a linear layer: the queries are the identity", async () => {
    const engine = open();
    const head = new QueryHead(engine, new Initialiser(engine, 1), 5, 3);
    const features = engine.tensor(normal([4, 5]).data, [4, 5]);
    const logits = await head.forward(features).read();
    const linear = await matmul(features, head.weight, { transposeB: true }).read();
    linear.forEach((value, i) => expect(logits[i]).toBeCloseTo(value, 12));
    const bound = 1 / Math.sqrt(5);
    expect((await head.weight.read()).every((w) => Math.abs(w) <= bound)).toBe(true);
  });

  test("the bias of a query head is where it was asked for", () => {
    const names = (bias: "none" | "fc" | "class"): string[] => [
      ...new QueryHead(open(), new Initialiser(open(), 1), 5, 3, bias).parameters().keys(),
    ];
    expect(names("none")).toEqual(["queries", "fc.weight"]);
    expect(names("fc")).toEqual(["queries", "fc.weight", "fc.bias"]);
    expect(names("class")).toEqual(["queries", "fc.weight", "bias"]);
  });
});
