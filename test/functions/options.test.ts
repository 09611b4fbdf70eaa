// Options that do not exist are refused by name, with the nearest that does; axes are taken as NumPy takes them.

import { expect, test } from "vitest";
import { expectOptions, required, aNumber, unknownOption } from "../../src/errors/arguments.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { gelu } from "../../src/functions/elementwise.ts";
import { softmaxCrossEntropy } from "../../src/functions/losses.ts";
import { concat, reshape, transpose } from "../../src/functions/movement.ts";
import { batchNorm } from "../../src/functions/normalisation.ts";
import { maxPool2d } from "../../src/functions/pooling.ts";
import { matmul } from "../../src/functions/products.ts";
import { max, mean, sum } from "../../src/functions/reduction.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Conv2d } from "../../src/nn/layers/convolution-layers.ts";
import { BatchNorm } from "../../src/nn/layers/normalisation-layers.ts";
import { Adam } from "../../src/optim/adam.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { train } from "../../src/training/trainer.ts";
import { useEngine } from "../engines.ts";

const open = useEngine({ device: "reference" });

test("words of other libraries, and misspelt ones, are answered with ours", async () => {
  const x = open().full([1, 4, 4, 4], 1);
  const filter = open().full([3, 3, 4, 4], 1);
  const odd = (options: object): never => options as never;
  const said: [() => unknown, string][] = [
    [
      () => sum(x, odd({ axis: 1 })),
      'sum: there is no option "axis"; did you mean "axes"? it has axes, keepDimensions',
    ],
    [() => mean(x, odd({ dim: 1 })), 'mean: there is no option "dim"; did you mean "axes"?'],
    [
      () => max(x, odd({ keepdims: true })),
      'max: there is no option "keepdims"; did you mean "keepDimensions"?',
    ],
    [() => conv2d(x, filter, odd({ pad: 1 })), 'conv2d: there is no option "pad"; did you mean "padding"?'],
    [
      () => conv2d(x, filter, odd({ transposed: true })),
      'conv2d: there is no option "transposed"; it has stride, padding, dilation, groups',
    ],
    [
      () => maxPool2d(x, odd({ window: 2, strides: 2 })),
      'maxPool2d: there is no option "strides"; did you mean "stride"?',
    ],
    [() => maxPool2d(x, odd({ stride: 2 })), 'maxPool2d: the option "window" is missing'],
    [
      () => matmul(x, x, odd({ transpose_b: true })),
      'matmul: there is no option "transpose_b"; did you mean "transposeB"?',
    ],
    [
      () => batchNorm(x, x, x, odd({ eps: 1 })),
      'batchNorm: there is no option "eps"; did you mean "epsilon"?',
    ],
  ];
  for (const [call, message] of said) expect(call).toThrow(message);
  await expect(openEngine(odd({ devices: "reference" }))).rejects.toThrow(
    'openEngine: there is no option "devices"; did you mean "device"?',
  );
});

test("optimisers, layers and the training loop do the same", async () => {
  const parameter = open().full([4], 1);
  const odd = (options: object): never => options as never;
  expect(() => new Adam([parameter], odd({ lr: 1 }))).toThrow(
    'adam: there is no option "lr"; did you mean "learningRate"?',
  );
  expect(() => new SGD([parameter], odd({ learningRate: 1, weight_decay: 1 }))).toThrow(
    'sgd: there is no option "weight_decay"; did you mean "weightDecay"?',
  );
  expect(() => new Adam(new Map([["w", parameter]]) as never, { learningRate: 1 })).toThrow(
    "adam: takes parameters without their names: module.parameters().values()",
  );
  const init = new Initialiser(open(), 1);
  expect(() => new Conv2d(open(), init, 1, 1, odd({ kernelSize: 3 }))).toThrow(
    'Conv2d: there is no option "kernelSize"; did you mean "kernel"?',
  );
  const norm = new BatchNorm(open(), 4);
  const before = await norm.runningMean.read();
  expect(() => norm.forward(open().full([2, 4], 1), undefined as never)).toThrow(
    'BatchNorm: the mode must be one of "training", "untracked", "inference", got undefined',
  );
  expect(await norm.runningMean.read()).toEqual(before);
  await expect(train(undefined as never, odd({}))).rejects.toThrow("train: takes a task, got undefined");
});

test("what is no object of options is refused, and an undefined option is one left out", async () => {
  const x = open().tensor([1, 2]);
  for (const odd of [null, 1, "axes", [0], Promise.resolve({}), new Map(), x, (): number => 1]) {
    expect(() => sum(x, odd as never)).toThrow(
      /^sum: options must be an object such as \{ axes: \.\.\. \}, got /,
    );
  }
  expect(await sum(x, { axes: undefined } as never).item()).toBe(3);
  expect(await sum(x, { nonsense: undefined } as never).item()).toBe(3);
  const bare = Object.assign(Object.create(null) as object, { axes: 0 });
  expect(await sum(x, bare).item()).toBe(3);
});

test("options may be of a class, may be inherited, and are not what a program adds to all objects", () => {
  class Options {
    a = 1;
    b = 2;
  }
  const checks = { a: required(aNumber), b: aNumber };
  const polyfill = { value: 1, enumerable: true, configurable: true, writable: true };
  Object.defineProperty(Object.prototype, "polyfill", polyfill);
  try {
    for (const options of [new Options(), Object.create({ a: 1 }) as { a: number }, { a: 1 }]) {
      expect(() => expectOptions<{ a: number; b?: number }>("f", options, checks)).not.toThrow();
    }
    expect(() => expectOptions<{ a: number }>("f", new Options(), { a: checks.a })).toThrow('no option "b"');
  } finally {
    delete (Object.prototype as { polyfill?: number }).polyfill;
  }
  for (const strange of [new Map(), [1], Promise.resolve({ a: 1 }), new Float32Array(1), "a", 1]) {
    expect(() => expectOptions<{ a: number }>("f", strange as never, { a: checks.a })).toThrow(
      /^f: options must be an object such as \{ a: \.\.\. \}, got /,
    );
  }
});

test("functions that others know with options refuse them", () => {
  const [x, y] = [open().zeros([2, 2]), open().zeros([2, 2])];
  expect(() => softmaxCrossEntropy(x, y, { reduction: "sum" } as never)).toThrow(
    'softmaxCrossEntropy: there is no option "reduction"; it has none',
  );
  expect(() => gelu(x, { approximate: "tanh" } as never)).toThrow('gelu: there is no option "approximate"');
});

test("an option of the wrong kind is named with what it must be", () => {
  const checks = { a: required(aNumber), b: aNumber };
  expect(() => expectOptions<{ a: number; b?: number }>("f", { a: NaN }, checks)).toThrow(
    "f: a must be a number, got NaN",
  );
  expect(() => expectOptions<{ a: number; b?: number }>("f", { a: 1, b: "2" as never }, checks)).toThrow(
    'f: b must be a number, got the string "2"',
  );
  expect(unknownOption("f", "lr", ["learningRate"]).message).toBe(
    'f: there is no option "lr"; did you mean "learningRate"? it has learningRate',
  );
  const inherited = { a: 1, constructor: 2 } as never;
  expect(() => expectOptions<{ a: number; b?: number }>("f", inherited, checks)).toThrow(
    'f: there is no option "constructor"; it has a, b',
  );
  expect(unknownOption("f", "constructor", []).message).toBe(
    'f: there is no option "constructor"; it has none',
  );
});

test("one axis needs no list, negative ones count from the end, and a wrong or repeated one is named", async () => {
  const x = open().tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(await sum(x, { axes: 0 }).read()).toEqual(Float64Array.of(5, 7, 9));
  expect(await sum(x, { axes: -1 }).read()).toEqual(Float64Array.of(6, 15));
  expect(mean(x, { axes: [-1, 0], keepDimensions: true }).shape).toEqual([1, 1]);
  expect(await max(x, { axes: [] }).read()).toEqual(await x.read());
  expect(concat([x, x], -2).shape).toEqual([4, 3]);
  expect(await transpose(x, [-1, 0]).read()).toEqual(await transpose(x).read());
  expect(() => sum(x, { axes: 2 })).toThrow(
    "sum: there is no axis 2 in [2, 3]; it has 0 to 1, or -2 to -1 from the end",
  );
  expect(() => sum(x, { axes: 0.5 })).toThrow("sum: there is no axis 0.5 in [2, 3]");
  expect(() => sum(x, { axes: ["0"] as never })).toThrow(
    'sum: an axis must be a whole number, got the string "0"',
  );
  expect(() => sum(x, { axes: [1, -1] })).toThrow("sum: axis 1 of [2, 3] is named twice in [1, -1]");
  expect(() => sum(reshape(sum(x), []), { axes: 0 })).toThrow("sum: there is no axis 0 in []; it has none");
  expect(() => concat([x, x], 2)).toThrow("concat: there is no axis 2 in [2, 3]");
  expect(() => transpose(x, [0, -2])).toThrow("transpose: axis 0 of [2, 3] is named twice in [0, -2]");
});
