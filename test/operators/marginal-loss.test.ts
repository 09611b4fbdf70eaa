// The marginal loss beside what it is made of: softmax cross entropy, and the sum of the probabilities that a background holds.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { crossEntropy, marginalCrossEntropy } from "../../src/functions/losses.ts";
import { linear } from "../../src/functions/products.ts";
import { reshape } from "../../src/functions/movement.ts";
import { background, ignored, knownBits } from "../../src/labels/label-map.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { integers, normal } from "./sample.ts";

const backends = [
  ["the reference", useEngine({ device: "reference" })],
  ["WebGPU", useEngine({ device: "webgpu" })],
] as const;
const [images, height, width, depth, classes] = [2, 3, 4, 5, 3];
const outputs = classes + 1;
const perImage = height * width;
const features = normal([images, height, width, depth], 1);
const theta = normal([outputs, depth], 2);
const bias = normal([outputs], 3);
/** The first image knows classes 0 and 2, the second one class 1 alone. */
const known = knownBits(Uint8Array.of(0, 255, 1, 255, 0, 255), classes);
const meanings = [
  [1, 3],
  [0, 2, 3],
];

/** Loss, and the gradients of features, theta and bias. */
async function lossOf(engine: Engine, labels: readonly number[], bits = known, by = features.data) {
  const taught = [
    engine.tensor(by, features.shape),
    ...[theta, bias].map((t) => engine.tensor(t.data, t.shape)),
  ];
  const map = engine.tensor(Uint8Array.from(labels), [images, height, width]);
  const words = engine.tensor(bits, [images, 1]);
  const { value, gradients } = valueAndGradients(
    () => marginalCrossEntropy(taught[0], taught[1], taught[2], map, words),
    taught,
  );
  const slopes = await Promise.all(gradients.map(async (each) => Array.from(await each.read())));
  return { loss: await value.item(), slopes };
}

/** The mean of -log of the summed probabilities, as the formula says, in float64. */
function expected(labels: readonly number[]): number {
  const terms = labels.flatMap((label, row) => {
    if (label === ignored) return [];
    const powers = Array.from({ length: outputs }, (_, k) => {
      let z = bias.data[k];
      for (let d = 0; d < depth; d++) z += features.data[row * depth + d] * theta.data[k * depth + d];
      return Math.exp(z);
    });
    const meant = label === background ? meanings[Math.floor(row / perImage)] : [label];
    const all = powers.reduce((sum, power) => sum + power, 0);
    return [-Math.log(meant.reduce((sum, k) => sum + powers[k], 0) / all)];
  });
  return terms.reduce((sum, term) => sum + term, 0) / terms.length;
}

const drawn = Array.from(integers([images * perImage], classes + 2, 4).data);
const mixed = drawn.map((each) => [background, ignored][each - classes] ?? each);

describe.each(backends)("on %s", (_, engine) => {
  test("the background's probability holds that of every class its image does not know", async () => {
    expect(new Set(mixed).size).toBe(classes + 2);
    expect((await lossOf(engine(), mixed)).loss).toBeCloseTo(expected(mixed), 5);
    // The second image's source outlines more: its background stands for less, and the loss is larger.
    const more = knownBits(Uint8Array.of(0, 255, 1, 0, 0, 255), classes);
    expect((await lossOf(engine(), mixed, more)).loss).toBeGreaterThan(expected(mixed) + 0.01);
  });

  test("where all classes are known it is the cross entropy of a softmax over the classes and the background", async () => {
    const all = Uint32Array.of(0b111, 0b111);
    const { loss, slopes } = await lossOf(engine(), mixed, all);
    const rows = mixed.map((label) => (label === background ? classes : label));
    const taught = [features, theta, bias].map((t) => engine().tensor(t.data, t.shape));
    const wanted = engine().tensor(Uint32Array.from(rows));
    const { value, gradients } = valueAndGradients(() => {
      const logits = linear(reshape(taught[0], [images * perImage, depth]), taught[1], taught[2], {
        transposeWeight: true,
      });
      return crossEntropy(logits, wanted, { ignore: ignored });
    }, taught);
    expect(loss).toBeCloseTo(await value.item(), 5);
    for (const [i, gradient] of gradients.entries()) {
      const others = await gradient.read();
      slopes[i].forEach((slope, at) => expect(slope).toBeCloseTo(others[at], 5));
    }
  });

  test("an ignored pixel changes no bit, whatever its features are", async () => {
    const other = features.data.slice();
    mixed.forEach((label, row) => {
      if (label === ignored) other.fill(99, row * depth, (row + 1) * depth);
    });
    const [one, two] = [await lossOf(engine(), mixed), await lossOf(engine(), mixed, known, other)];
    expect(two.loss).toBe(one.loss);
    expect(two.slopes[2]).toEqual(one.slopes[2]);
    expect(two.slopes[0]).toEqual(one.slopes[0]);
  });

  test("without a pixel that counts, loss and gradients are 0", async () => {
    const { loss, slopes } = await lossOf(
      engine(),
      mixed.map(() => ignored),
    );
    expect(loss).toBe(0);
    for (const gradient of slopes) for (const slope of gradient) expect(Math.abs(slope)).toBe(0);
  });

  test("a label of no class makes the loss NaN", async () => {
    for (const label of [classes, 253]) {
      expect((await lossOf(engine(), mixed.with(5, label))).loss).toBeNaN();
    }
  });
});

test("shapes that do not fit are named in words", () => {
  const engine = backends[0][1]();
  const of = (t: { data: ArrayLike<number>; shape: readonly number[] }) =>
    engine.tensor(Array.from(t.data), t.shape);
  const labels = engine.tensor(new Uint8Array(images * perImage), [images, height, width]);
  const words = engine.tensor(known, [images, 1]);
  const call = (...[x = of(features), queries = of(theta), map = labels, bits = words]) =>
    marginalCrossEntropy(x, queries, engine.zeros([queries.shape[0]]), map, bits);
  expect(() => call(engine.zeros([images, height, width, depth + 1]))).toThrow(
    "must be [images, height, width, features] and [classes + 1, features], with as many features in both",
  );
  expect(() => call(undefined, engine.zeros([1, depth]))).toThrow(
    "must have a row for each of 1 to 254 classes",
  );
  expect(() => call(undefined, undefined, engine.zeros([images, height, width]))).toThrow(
    "labels must be u8",
  );
  expect(() => call(undefined, undefined, undefined, engine.tensor(known, [1, images]))).toThrow(
    "known must be u32",
  );
});
