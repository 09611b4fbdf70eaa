// Both views as one batch of two groups, against one view after the other: the same numbers in half the launches.

import { describe, expect, test } from "vitest";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import { viewFeatures } from "../../src/assemble/assemble-step.ts";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { add, multiply } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { createBackbone, type BackboneConfiguration } from "../../src/nn/backbones.ts";
import { DenseNet, type DenseNetConfiguration } from "../../src/nn/densenet.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import type { Module } from "../../src/nn/module.ts";
import { UNet } from "../../src/nn/unet.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";
import { WatchingBackend } from "./calls.ts";
import { smallAssembly, smallSettings } from "./settings.ts";

const stem = { features: 8, kernel: 3, stride: 1, pool: true };
const densenet: DenseNetConfiguration = { ...smallSettings.network, stem };
const oddNet: BackboneConfiguration = { ...densenet, stem: { ...stem, features: 6, pool: false }, growth: 6 };
const resnet: BackboneConfiguration = {
  kind: "resnet",
  inputChannels: 1,
  block: "basic",
  stem,
  blocks: [1, 1],
};

const networks: readonly (readonly [string, (engine: Engine) => Module])[] = [
  ["a DenseNet", (engine) => createBackbone(engine, new Initialiser(engine, 1), densenet)],
  [
    "a DenseNet of plain operators",
    (engine) => {
      const net = new DenseNet(engine, new Initialiser(engine, 1), densenet);
      net.composition = "plain";
      return net;
    },
  ],
  [
    "a DenseNet of channels that are no fours",
    (engine) => createBackbone(engine, new Initialiser(engine, 1), oddNet),
  ],
  ["a ResNet", (engine) => createBackbone(engine, new Initialiser(engine, 1), resnet)],
  [
    "a U-Net",
    (engine) =>
      new UNet(engine, new Initialiser(engine, 1), { kind: "unet", inputChannels: 1, width: 4, levels: 2 }),
  ],
];

const batch = 3;

interface Outcome {
  readonly features: readonly number[][];
  /** By name, of all parameters. */
  readonly gradients: ReadonlyMap<string, readonly number[]>;
  readonly statistics: readonly number[][];
}

async function outcome(engine: Engine, build: (engine: Engine) => Module, atOnce: boolean): Promise<Outcome> {
  const network = build(engine);
  const views = [normal([batch, 16, 16, 1], 1), normal([batch, 16, 16, 1], 2, 0.5, 2)].map(
    ({ data, shape }) => engine.tensor(data, shape),
  );
  const parameters = network.parameters();
  let features: readonly Tensor[] = [];
  const { gradients } = valueAndGradients(() => {
    const how = { bothViews: true, bnViews: "separate", atOnce } as const;
    features = viewFeatures(network, how, (index) => views[index]).map((each) => engine.keep(each));
    const weighted = features.map((each, i) => {
      const { data, shape } = normal(each.shape, 5 + i);
      return sum(multiply(each, engine.tensor(data, shape)));
    });
    return weighted.reduce(add);
  }, [...parameters.values()]);
  const read = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.read());
  const listed = await Promise.all(gradients.map(read));
  const buffers = [...network.state().values()].filter(({ kind }) => kind === "buffer");
  const found = {
    features: await Promise.all(features.map(read)),
    gradients: new Map([...parameters.keys()].map((name, i) => [name, listed[i]])),
    statistics: await Promise.all(buffers.map(({ tensor }) => read(tensor))),
  };
  for (const each of [...features, ...gradients]) each.dispose();
  network.dispose();
  return found;
}

/** How far apart two lists are, of the largest value in them. */
function distance(a: readonly number[], b: readonly number[]): number {
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / largest;
}

describe("on the reference backend", () => {
  const open = useEngine({ device: "reference" });

  test.each(networks)("%s gives the same bits as view after view", async (_, build) => {
    const [once, turns] = [await outcome(open(), build, true), await outcome(open(), build, false)];
    expect(once.features).toEqual(turns.features);
    expect(once.statistics).toEqual(turns.statistics);
    for (const [name, gradient] of once.gradients) {
      const expected = turns.gradients.get(name) ?? [];
      expect(
        expected.some((value) => value !== 0),
        name,
      ).toBe(true);
      // A convolution of its own adds up the pixels of both views in one go, and not view by view.
      if (gradient.join() === expected.join()) continue;
      expect(name).toMatch(/conv|up|downsample|layer/);
      expect(distance(gradient, expected), name).toBeLessThan(1e-12);
    }
  });

  test("what is not a convolution of its own has the same bits in the gradients, too", async () => {
    const [, build] = networks[0];
    const [once, turns] = [await outcome(open(), build, true), await outcome(open(), build, false)];
    const equal = [...once.gradients].filter(
      ([name, values]) => values.join() === turns.gradients.get(name)?.join(),
    );
    const names = [...once.gradients.keys()].filter((name) => !/^(conv0|transition1\.conv)/.test(name));
    expect(equal.map(([name]) => name)).toEqual(expect.arrayContaining(names));
  });

  test("joint statistics are others", async () => {
    const [, build] = networks[0];
    const net = build(open());
    const views = [1, 2].map((seed) =>
      open().tensor(normal([batch, 16, 16, 1], seed, seed).data, [batch, 16, 16, 1]),
    );
    const of = (bnViews: "joint" | "separate"): Tensor =>
      viewFeatures(net, { bothViews: true, bnViews }, (index) => views[index])[0];
    expect(Array.from(await of("joint").read())).not.toEqual(Array.from(await of("separate").read()));
  });
});

describe("a device whose buffers do not hold both views", () => {
  /** What a run of one step with both views calls, on a device with so many bytes in its largest buffer. */
  async function groupsOf(bytes: number): Promise<unknown[]> {
    class SmallBackend extends WatchingBackend {
      override readonly traits = { ...new WatchingBackend([]).traits, maxBufferBytes: bytes };
    }
    const backend = new SmallBackend(["denseBlock"]);
    using engine = new Engine(backend);
    const { classifier } = await trainClassifier(engine, smallAssembly(4), {
      ...{ ...smallSettings, batch: 8, epochs: 1, warmupEpochs: 0, evaluate: "end" },
    });
    classifier.dispose();
    return backend.of("denseBlock").map(({ attributes }) => [attributes["groups"], attributes["momentum"]]);
  }
  /** Of the activations of the first dense block for both views of eight images: 16 channels at 8 x 8 pixels. */
  const both = 4 * 2 * 8 * 8 * 8 * 16;

  test("takes them one after the other; one that holds them, as one batch", async () => {
    const blocks = smallSettings.network.blocks.length;
    expect(await groupsOf(both)).toEqual(new Array(blocks).fill([2, 0.1]));
    const inTurn = await groupsOf(both - 1);
    expect(inTurn).toEqual(
      [0.1, 0].flatMap((momentum) => new Array<unknown>(blocks).fill([undefined, momentum])),
    );
  });
});

describe("on WebGPU", () => {
  const open = useEngine({ device: "webgpu" });

  test.each(networks)("%s gives the same but for rounding", async (_, build) => {
    const [once, turns] = [await outcome(open(), build, true), await outcome(open(), build, false)];
    once.features.forEach((values, i) => {
      expect(distance(values, turns.features[i])).toBeLessThan(1e-5);
    });
    once.statistics.forEach((values, i) => {
      expect(distance(values, turns.statistics[i])).toBeLessThan(1e-5);
    });
    for (const [name, values] of once.gradients) {
      expect(distance(values, turns.gradients.get(name) ?? []), name).toBeLessThan(1e-4);
    }
  });
});

test("a network refuses groups that the images do not make, and modes that there are not", async () => {
  using engine = await openEngine({ device: "reference" });
  const net = createBackbone(engine, new Initialiser(engine, 1), densenet);
  const images = engine.zeros([3, 16, 16, 1]);
  expect(() => net.forward(images, { mode: "training", groups: 2 })).toThrow(
    "3 images do not make 2 groups of the same size",
  );
  expect(() => net.forward(images, { mode: "training", groups: 0 })).toThrow(UsageError);
  expect(() => net.forward(images, { mode: "inference", groups: 3 } as never)).toThrow(
    /mode must be one of "training", "untracked"/,
  );
  net.freeze();
  // What is frozen takes its running statistics, which no groups have.
  expect(net.forward(images, { mode: "training", groups: 2 }).shape[0]).toBe(3);
});
