// The convolution layer's options: each means what the function's means, and what is left out keeps what networks had.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { add } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Conv2d } from "../../src/nn/layers/convolution-layers.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const open = useEngine({ device: "reference" });
const layer = (inputs: number, outputs: number, options: ConstructorParameters<typeof Conv2d>[4]): Conv2d =>
  new Conv2d(open(), new Initialiser(open(), 1), inputs, outputs, options);

describe("Conv2d", () => {
  test("without further options has a square filter and no bias, and keeps the size", () => {
    const plain = layer(2, 3, { kernel: 3 });
    expect(plain.weight.shape).toEqual([3, 3, 2, 3]);
    expect(plain.bias).toBeUndefined();
    expect([...plain.parameters().keys()]).toEqual(["weight"]);
    expect(plain.forward(open().zeros([1, 5, 4, 2])).shape).toEqual([1, 5, 4, 3]);
  });

  test.each([
    [[1, 3], 1],
    [
      [5, 3],
      [1, 2],
    ],
    [3, [3, 1]],
  ] as const)("with a kernel of %j and a dilation of %j keeps the size at stride 1", (kernel, dilation) => {
    const { shape } = layer(2, 3, { kernel, dilation }).forward(open().zeros([1, 9, 8, 2]));
    expect(shape).toEqual([1, 9, 8, 3]);
  });

  test("with all options is the function with them, and the bias added", async () => {
    const options = { stride: [1, 2], padding: [2, 0], dilation: [2, 1], groups: 2 } as const;
    const all = layer(4, 6, { kernel: [2, 3], ...options, bias: true });
    expect(all.weight.shape).toEqual([2, 3, 2, 6]);
    expect([...all.parameters().keys()]).toEqual(["weight", "bias"]);
    const { bias } = all;
    if (bias === undefined) throw new Error("no bias");
    expect([...(await bias.read())]).toEqual([0, 0, 0, 0, 0, 0]);
    const x = open().tensor(normal([2, 5, 7, 4], 3).data, [2, 5, 7, 4]);
    const expected = await add(conv2d(x, all.weight, options), bias).read();
    expect([...(await all.forward(x).read())]).toEqual([...expected]);
    const { gradients } = valueAndGradients(() => sum(all.forward(x)), [bias]);
    // Each output pixel counts once: 2 images of 7 x 3.
    expect([...(await gradients[0].read())]).toEqual([42, 42, 42, 42, 42, 42]);
  });

  test("a bias changes no number that is drawn", async () => {
    const [without, withBias] = [false, true].map((bias) => layer(2, 3, { kernel: 3, bias }));
    expect([...(await withBias.weight.read())]).toEqual([...(await without.weight.read())]);
  });

  test.each([
    ["in", 16],
    ["out", 8],
  ] as const)("starts with a variance of 2 / fan-%s of one group", async (fan, members) => {
    const weights = [...(await layer(256, 128, { kernel: [3, 5], groups: 16, fan }).weight.read())];
    const variance = weights.reduce((total, w) => total + w * w, 0) / weights.length;
    expect(variance / (2 / (15 * members))).toBeCloseTo(1, 1);
  });

  test("groups that do not divide the channels, and extents that are none, are refused", () => {
    expect(() => layer(4, 6, { kernel: 3, groups: 4 })).toThrow(
      "Conv2d: 4 groups divide 4 inputs and 6 outputs",
    );
    expect(() => layer(4, 6, { kernel: [3, 0] })).toThrow(/^Conv2d: .*kernel/);
    expect(
      layer(4, 6, { kernel: 3, stride: 2, padding: [[0, 1], 1] }).forward(open().zeros([1, 8, 8, 4])).shape,
    ).toEqual([1, 4, 4, 6]);
    expect(() => layer(4, 6, { kernel: 3, padding: 0.5 })).toThrow(/^Conv2d: .*padding/);
  });
});
