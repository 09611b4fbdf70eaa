// Layers that enlarge, layers one behind the other, batch norm's options, and loading weights by name.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import { relu } from "../../src/functions/elementwise.ts";
import { batchNorm, movingAverage } from "../../src/functions/normalisation.ts";
import { convTranspose2d } from "../../src/functions/transposed-convolution.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Dropout } from "../../src/nn/layers/dropout-layer.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { BatchNorm } from "../../src/nn/layers/normalisation-layers.ts";
import { ConvTranspose2d } from "../../src/nn/layers/transposed-convolution-layer.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import { loadWeights, readWeights, writeWeights } from "../../src/nn/weights.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const open = useEngine({ device: "reference" });
const init = (): Initialiser => new Initialiser(open(), 1);
const drawn = (...shape: number[]): Tensor => open().tensor(normal(shape).data, shape);

describe("ConvTranspose2d", () => {
  test.each([
    [{ kernel: 2 }, [6, 8]],
    [{ kernel: 3 }, [6, 8]],
    [{ kernel: 4 }, [6, 8]],
    [{ kernel: [2, 5], stride: [2, 4] }, [6, 16]],
    [{ kernel: 3, dilation: 2 }, [6, 8]],
    [{ kernel: 1, stride: 3 }, [9, 12]],
    [{ kernel: 3, stride: 1 }, [3, 4]],
    [{ kernel: 3, padding: 0 }, [7, 9]],
    [{ kernel: 3, padding: 1, outputPadding: [1, 0] }, [6, 7]],
    [{ kernel: 2, stride: 1 }, [4, 5]],
  ] as const)("%j makes 3 x 4 pixels %j", (options, size) => {
    const layer = new ConvTranspose2d(open(), init(), 3, 5, options);
    expect(layer.forward(drawn(2, 3, 4, 3)).shape).toEqual([2, ...size, 5]);
  });

  test("is its function with weight and bias, and keeps the variance where each value meets one tap", async () => {
    const layer = new ConvTranspose2d(open(), init(), 32, 16, { kernel: 2, bias: true });
    const x = drawn(1, 6, 7, 32);
    expect([...layer.parameters().keys()]).toEqual(["weight", "bias"]);
    expect(layer.weight.shape).toEqual([2, 2, 16, 32]);
    await loadWeights(layer, { bias: open().full([16], 3) }, { strict: false });
    const plain = Array.from(await convTranspose2d(x, layer.weight, { stride: 2 }).read());
    const y = await layer.forward(x).read();
    y.forEach((value, i) => expect(value).toBeCloseTo(plain[i] + 3, 10));
    const variance = plain.reduce((sum, value) => sum + value * value, 0) / plain.length;
    expect(variance / 2).toBeCloseTo(1, 0);
  });
});

describe("Sequential", () => {
  test("hands x and the mode from layer to layer, and names tensors by place", async () => {
    const layers = [new Linear(open(), init(), 4, 3), relu, new BatchNorm(open(), 3)] as const;
    const net = new Sequential(open(), layers);
    expect([...net.parameters().keys()]).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
    const x = drawn(5, 4);
    const wanted = await layers[2].forward(relu(layers[0].forward(x)), "inference").read();
    expect(await net.forward(x, "inference").read()).toEqual(wanted);
    expect(await layers[2].runningMean.read()).toEqual(new Float64Array(3));
    net.forward(x, "training");
    expect(await layers[2].runningMean.read()).not.toEqual(new Float64Array(3));
  });

  test("names tensors by the names of an object, also of one within another", () => {
    const head = new Sequential(open(), [new Linear(open(), init(), 3, 2)]);
    const net = new Sequential(open(), { stem: new Linear(open(), init(), 4, 3), act: relu, head });
    expect([...net.state().keys()]).toEqual(["stem.weight", "stem.bias", "head.0.weight", "head.0.bias"]);
  });

  test.each([
    [() => [], "takes at least one layer"],
    [() => [relu, 3], 'layer "1" must be a module or a function of a tensor, got 3'],
    [() => [Linear], 'layer "0" must be a module'],
    [() => ({ "a.b": relu }), 'a layer cannot be named "a.b"'],
    [() => 3, "takes layers in a list, or by name"],
  ])("refuses what is no layer: %#", (layers, message) => {
    expect(() => new Sequential(open(), layers() as never)).toThrow(`Sequential: ${message}`);
  });

  test("refuses a layer that gives no tensor, by name", () => {
    const net = new Sequential(open(), { odd: (() => 3) as never });
    expect(() => net.forward(drawn(1, 2), "training")).toThrow('layer "odd" must give a tensor, got 3');
  });
});

describe("batch norm", () => {
  test("takes epsilon and momentum as options", async () => {
    const norm = new BatchNorm(open(), 1, { epsilon: 0.5, momentum: 0.25 });
    const x = open().tensor([2, 4, 6, 8], [4, 1]);
    const y = await norm.forward(x, "training").read();
    expect(y[0]).toBeCloseTo((2 - 5) / Math.sqrt(5.5), 10);
    expect(await norm.runningMean.item()).toBeCloseTo(0.25 * 5, 10);
    expect(await norm.runningVariance.item()).toBeCloseTo(0.75 + 0.25 * (20 / 3), 10);
    expect(norm.options("training")).toEqual({ epsilon: 0.5, momentum: 0.25, groups: 1 });
    const grouped = norm.options({ mode: "untracked", groups: 2 });
    expect(grouped).toEqual({ epsilon: 0.5, momentum: 0, groups: 2 });
    expect(() => new BatchNorm(open(), 1, { momentum: 2 })).toThrow("momentum must be a number from 0 to 1");
    expect(() => new BatchNorm(open(), 1, { epsilon: 0 })).toThrow("epsilon must be a number above 0");
  });

  test("the function moves running statistics as movingAverage does by hand", async () => {
    const [x, ones, zeros] = [drawn(7, 3), open().full([3], 1), open().zeros([3])];
    const running = { mean: drawn(3), variance: open().full([3], 2) };
    const byHand = { mean: drawn(3), variance: open().full([3], 2) };
    const { mean, variance } = batchNorm(x, ones, zeros, { running, momentum: 0.2 });
    movingAverage(byHand.mean, mean, { momentum: 0.2 });
    movingAverage(byHand.variance, variance, { momentum: 0.2, scale: 7 / 6 });
    expect(await running.mean.read()).toEqual(await byHand.mean.read());
    expect(await running.variance.read()).toEqual(await byHand.variance.read());
  });

  test("refuses running statistics that do not fit, and a momentum of nothing, before anything is moved", async () => {
    const [x, ones] = [drawn(7, 3), open().full([3], 1)];
    const mean = open().zeros([3]);
    expect(() => batchNorm(x, ones, ones, { running: { mean, variance: open().zeros([4]) } })).toThrow(
      "batchNorm: the running variance must be f32 [3], one for each channel of x [7, 3], got f32 [4]",
    );
    expect(() => batchNorm(x, ones, ones, { running: { mean, variance: mean } })).toThrow("the same tensor");
    expect(() => batchNorm(x, ones, ones, { momentum: 0.1 })).toThrow("a momentum is of running statistics");
    expect(await mean.read()).toEqual(new Float64Array(3));
  });
});

describe("loadWeights", () => {
  const net = (outputs = 2): Sequential =>
    new Sequential(open(), {
      body: new Linear(open(), init(), 4, 3),
      head: new Linear(open(), init(), 3, outputs),
    });

  test("takes what readWeights gives, tensors of another engine, a map or an object", async () => {
    const [from, to] = [net(), net()];
    from.parameters().forEach((tensor) => open().write(tensor, normal(tensor.shape, 9).data));
    const weights = await readWeights(from);
    const result = await loadWeights(to, weights);
    expect(result).toEqual({ loaded: [...weights.keys()], missing: [], unexpected: [], misshapen: [] });
    expect(await readWeights(to)).toEqual(weights);
    const again = net();
    await loadWeights(again, Object.fromEntries(from.parameters()));
    expect(await readWeights(again)).toEqual(weights);
  });

  test("strictly, one error lists all that is missing, unexpected and of another shape, and nothing has changed", async () => {
    const to = net();
    const before = await readWeights(to);
    const given = new Map(await readWeights(net(5)));
    given.delete("body.bias");
    given.set("neck.weight", { shape: [1], data: Float32Array.of(1) });
    const message =
      "the weights are of another module: missing body.bias; unexpected neck.weight; of another shape " +
      "head.weight ([5, 3], and here [2, 3]), head.bias ([5], and here [2])";
    const error: unknown = await loadWeights(to, given).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ShapeError);
    expect((error as Error).message).toBe(`loadWeights: ${message}`);
    expect(() => writeWeights(to, given)).toThrow(`writeWeights: ${message}`);
    expect(await readWeights(to)).toEqual(before);
  });

  test("not strictly, what fits is loaded, and the rest is told and left alone", async () => {
    const to = net();
    const before = await readWeights(to);
    const given = new Map(await readWeights(net(5)));
    given.set("body.weight", { shape: [3, 4], data: new Float32Array(12).fill(7) });
    given.delete("body.bias");
    given.set("neck.weight", { shape: [1], data: Float32Array.of(1) });
    expect(await loadWeights(to, given, { strict: false })).toEqual({
      loaded: ["body.weight"],
      missing: ["body.bias"],
      unexpected: ["neck.weight"],
      misshapen: ["head.weight", "head.bias"],
    });
    const after = await readWeights(to);
    expect(after.get("body.weight")?.data).toEqual(new Float64Array(12).fill(7));
    expect(after.get("head.weight")).toEqual(before.get("head.weight"));
  });

  test("many names are shortened, and values that do not fill a shape change nothing", async () => {
    const layers = Array.from({ length: 5 }, () => new Linear(open(), init(), 1, 1));
    const many = new Sequential(open(), layers);
    await expect(loadWeights(many, {})).rejects.toThrow(
      "missing 0.weight, 0.bias, 1.weight, 1.bias, 2.weight, 2.bias, and 4 more",
    );
    const given = {
      weight: { shape: [1, 1], data: Float32Array.of(5) },
      bias: { shape: [1], data: Float32Array.of(1, 2) },
    };
    await expect(loadWeights(layers[0], given)).rejects.toThrow(
      "loadWeights: bias: 2 values do not fill [1]",
    );
    expect((await layers[0].weight.read())[0]).not.toBe(5);
  });

  test("a counter of draws is loaded where it is given, and may be missing", async () => {
    const drop = new Dropout(open(), init());
    expect(await loadWeights(drop, {})).toMatchObject({ missing: [] });
    await loadWeights(drop, { seed: { shape: [4], data: Uint32Array.of(1, 2, 3, 4) } });
    expect((await readWeights(drop)).get("seed")?.data).toEqual(Uint32Array.of(1, 2, 3, 4));
  });
});
