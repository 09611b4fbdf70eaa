// Exported graphs, computed as the ONNX specification says, against the networks themselves in float64.

import { describe, expect, test } from "vitest";
import { onnxModel } from "../../src/export/onnx-model.ts";
import { normaliseImages } from "../../src/functions/images.ts";
import { decodeOnnx, type OnnxModel } from "../../src/interchange/onnx-messages.ts";
import { raiseAboveChildren } from "../../src/labels/class-tree.ts";
import { densenet121Configuration, type DenseNetConfiguration } from "../../src/nn/densenet.ts";
import type { ResNetConfiguration } from "../../src/nn/resnet.ts";
import type { HeadSettings } from "../../src/assemble/heads/head.ts";
import type { ShownThresholds } from "../../src/runs/kept-thresholds.ts";
import { useEngine } from "../engines.ts";
import { interpret, type Value } from "./onnx-interpreter.ts";
import { madeClassifier, madeSegmenter, type Made } from "./models.ts";

const open = useEngine({ device: "reference" });
const size = 16;
const batch = 2;
const words = { version: "1.2.3", sha256: "ab" };

const stem = { features: 4, kernel: 3, stride: 2, pool: false };
const densenet: DenseNetConfiguration = {
  ...{ inputChannels: 1, stem: { ...stem, kernel: 7, pool: true }, blocks: [2, 1] },
  ...{ growth: 4, bottleneck: 2, compression: 0.5 },
};
const networks = {
  "a DenseNet": densenet,
  "a DenseNet without pool and bottleneck": { ...densenet, inputChannels: 3, stem, bottleneck: null },
  "a ResNet of basic blocks": {
    kind: "resnet",
    inputChannels: 3,
    stem: { ...stem, pool: true },
    blocks: [1, 2],
    block: "basic",
  },
  "a ResNet of bottlenecks": { kind: "resnet", inputChannels: 1, stem, blocks: [1, 1], block: "bottleneck" },
} as const satisfies Record<string, DenseNetConfiguration | ResNetConfiguration>;
const heads: Readonly<Record<string, HeadSettings>> = {
  "queries with a bias in their fc": { kind: "queries", bias: "fc" },
  "queries with a bias per class": { kind: "queries", bias: "class" },
  "queries with both biases": { kind: "queries", bias: "both" },
  "queries without a bias": { kind: "queries", bias: "none" },
  "a linear layer": { kind: "linear" },
  "linear layers per source": {
    kind: "per-source",
    known: [
      [0, 1, 2],
      [1, 3],
      [0, 1],
    ],
  },
  "a dynamic head": { kind: "dynamic" },
};

/** Bytes of images, [B, H, W, C]. */
const pixelsOf = (channels: number): Uint8Array =>
  Uint8Array.from({ length: batch * size * size * channels }, (_, i) => (i * i * 31 + i * 7) % 256);

/** The same with the channels first. */
function planesOf(pixels: ArrayLike<number>, shape: readonly number[]): Value {
  const [n, height, width, channels] = shape;
  const data = Float64Array.from({ length: pixels.length }, (_, at) => {
    const [pixel, plane] = [at % (height * width), Math.floor(at / (height * width))];
    return pixels[(Math.floor(plane / channels) * height * width + pixel) * channels + (plane % channels)];
  });
  return { shape: [n, channels, height, width], data };
}

/** What the file's graph gives, and what the module does. */
async function both({
  module,
  record,
  weights,
}: Made<Awaited<ReturnType<typeof madeClassifier | typeof madeSegmenter>>["module"]>): Promise<{
  model: OnnxModel;
  logits: Value;
  probabilities: Value;
  own: number[];
  ownShape: readonly number[];
}> {
  const engine = open();
  const shape = [batch, size, size, record.image.channels];
  const pixels = pixelsOf(record.image.channels);
  const model = decodeOnnx(onnxModel(record, weights, words));
  const values = interpret(model, { pixels: planesOf(pixels, shape) });
  const [logits, probabilities] = ["logits", "probabilities"].map((name) => values.get(name) as Value);
  const output = module.forward(
    normaliseImages(engine.tensor(pixels, shape, "u8"), record.normalisation),
    "inference",
  );
  return { model, logits, probabilities, own: [...(await output.read())], ownShape: output.shape };
}

/** Weights in the file are of float32, and those of a folded head are rounded once: seven digits. */
function expectNear(found: ArrayLike<number>, expected: readonly number[]): void {
  const largest = Math.max(...expected.map(Math.abs));
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(found[i] - value)).toBeLessThan(2e-6 * largest);
  expect(new Set(expected).size).toBeGreaterThan(1);
}
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

describe("a classifier's graph computes the network's logits, and their sigmoids,", () => {
  for (const [network, configuration] of Object.entries(networks)) {
    for (const [head, settings] of Object.entries(heads)) {
      // Each network with one head, and one network with each.
      if (configuration !== densenet && settings !== heads["a linear layer"]) continue;
      test(`of ${network} with ${head}`, async () => {
        const { logits, probabilities, own } = await both(
          await madeClassifier(open(), size, configuration, settings),
        );
        expect(logits.shape).toEqual([batch, 4]);
        expectNear(logits.data, own);
        expectNear(probabilities.data, own.map(sigmoid));
      });
    }
  }

  test("where classes stand below others, each the largest of its own and of those below it", async () => {
    const parents = [-1, 0, 1, 0, -1];
    const made = await madeClassifier(open(), size, densenet, { kind: "linear" }, { classes: 5, parents });
    const { logits, probabilities, own } = await both(made);
    const raised = Float32Array.from(own);
    raiseAboveChildren(raised, parents);
    expect([...raised]).not.toEqual([...Float32Array.from(own)]);
    expectNear(logits.data, [...raised]);
    expectNear(probabilities.data, [...raised].map(sigmoid));
  });
});

test("a temperature divides the logits, and the metadata has thresholds of the probabilities that come of it", async () => {
  const made = await madeClassifier(open(), size, densenet, { kind: "linear" });
  const point = (threshold: number) => ({ threshold, sensitivity: 0.9, specificity: 0.8 });
  const points = {
    positives: 12,
    negatives: 30,
    youden: point(3),
    sensitivity: null,
    specificity: point(-1),
  };
  const record = {
    ...made.record,
    temperature: { value: 1.5, entries: 42, before: 0.5, after: 0.4 },
    thresholds: { at: 0.9, patients: 42, byClass: Array.from({ length: 4 }, () => points) },
  };
  const { model, logits, probabilities, own } = await both({ ...made, record });
  expectNear(
    logits.data,
    own.map((z) => z / 1.5),
  );
  expectNear(
    probabilities.data,
    own.map((z) => sigmoid(z / 1.5)),
  );
  const metadata = new Map(model.metadataProps.map(({ key, value }) => [key, value]));
  const thresholds = JSON.parse(metadata.get("thresholds") ?? "") as ShownThresholds;
  const [name] = record.classes;
  expect(thresholds.byClass[name].youden).toEqual({ ...point(sigmoid(2)) });
  expect(thresholds.byClass[name].sensitivity).toBeNull();
  expect(metadata.get("temperature")).toBe("1.5");
});

describe("a segmenter's graph", () => {
  const unet = { kind: "unet", inputChannels: 3, width: 2, levels: 3 } as const;

  test("computes the logits of each pixel and their sigmoids", async () => {
    const { logits, probabilities, own, ownShape } = await both(
      await madeSegmenter(open(), size, unet, false),
    );
    const planes = [...planesOf(own, ownShape).data];
    expect(logits.shape).toEqual([batch, 2, size, size]);
    expectNear(logits.data, planes);
    expectNear(probabilities.data, planes.map(sigmoid));
  });

  test("has a softmax over the classes and the background, and the probabilities of the classes alone", async () => {
    const { logits, probabilities, own, ownShape } = await both(
      await madeSegmenter(open(), size, unet, true),
    );
    expectNear(logits.data, [...planesOf(own, ownShape).data]);
    expect(probabilities.shape).toEqual([batch, 2, size, size]);
    const expected = own.flatMap((_, at) => {
      if (at % 3 !== 0) return [];
      const powers = own.slice(at, at + 3).map(Math.exp);
      return powers.slice(0, 2).map((power) => power / (powers[0] + powers[1] + powers[2]));
    });
    expectNear(probabilities.data, [...planesOf(expected, [batch, size, size, 2]).data]);
  });
});

test("the file says for which runtime it is, what goes in and out, and how images come to be pixels", async () => {
  const { record, weights } = await madeClassifier(open(), size, networks["a ResNet of basic blocks"], {
    kind: "linear",
  });
  const model = decodeOnnx(onnxModel(record, weights, words));
  expect(model).toMatchObject({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    producerName: "tessera",
  });
  const shapeOf = (value: OnnxModel["graph"]["input"][number]): unknown => [
    value.name,
    value.type.tensorType.elemType,
    ...value.type.tensorType.shape.dim,
  ];
  expect(model.graph.input.map(shapeOf)).toEqual([
    ["pixels", 1, { dimParam: "batch" }, { dimValue: 3 }, { dimValue: 16 }, { dimValue: 16 }],
  ]);
  expect(model.graph.output.map(shapeOf)).toEqual([
    ["logits", 1, { dimParam: "batch" }, { dimValue: 4 }],
    ["probabilities", 1, { dimParam: "batch" }, { dimValue: 4 }],
  ]);
  const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
  expect(JSON.parse(metadata.classes)).toEqual(record.classes);
  expect(metadata).toMatchObject({
    ...{ task: "classification", height: "16", width: "16", channels: "3", fit: "pad" },
    ...{ mean: "[0.5,0.4,0.3]", deviation: "[0.25,0.2,0.3]" },
    ...{ "tessera.version": "1.2.3", "tessera.model.sha256": "ab" },
  });
});

test("filters have the order of ONNX, and values have the names of the network's own", async () => {
  const { record, weights } = await madeClassifier(open(), size, densenet, { kind: "linear" });
  const { graph } = decodeOnnx(onnxModel(record, weights, words));
  const name = "features.denseblock1.denselayer2.conv1.weight";
  const filter = graph.initializer.find((each) => each.name === name);
  const own = weights.get(name);
  expect(own?.shape).toEqual([1, 1, 8, 8]);
  expect(filter?.dims).toEqual([8, 8, 1, 1]);
  const values = new Float32Array(Uint8Array.from(filter?.rawData ?? []).buffer);
  expect(values[1]).toBe(own?.data[8]);
  expect(values[8]).toBe(own?.data[1]);
});

test("every value of a graph has a name of its own and is made before it is taken", async () => {
  const { record, weights } = await madeClassifier(
    open(),
    32,
    { ...densenet121Configuration, blocks: [1, 1, 1, 1] },
    { kind: "dynamic" },
  );
  const { graph } = decodeOnnx(onnxModel(record, weights, words));
  const known = new Set([...graph.initializer, ...graph.input].map(({ name }) => name));
  for (const { input, output } of graph.node) {
    expect(input.filter((name) => !known.has(name))).toEqual([]);
    for (const name of output) {
      expect(known).not.toContain(name);
      known.add(name);
    }
  }
});
