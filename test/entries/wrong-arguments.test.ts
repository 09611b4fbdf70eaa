// Whatever plain JavaScript passes to the functions of `tessera`: it works, or one line says what is wrong with which call.
// The table has a row for every export; one without does not compile.

import { afterAll, beforeAll, expect, test } from "vitest";
import * as tessera from "../../src/index.ts";
import { tensorMethods } from "../../src/functions/tensor-methods.ts";
import { operators } from "../../src/operators/registry.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Program } from "../../src/runtime/program.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import {
  complaintsAbout,
  walksOf,
  type Arguments,
  type Further,
  type Rows,
  type Strangers,
  type WalkedCall,
} from "./argument-walk.ts";

let engine: Engine;
let other: Engine;
let strangers: Strangers;
beforeAll(async () => {
  engine = await tessera.openEngine({ device: "reference" });
  other = await tessera.openEngine({ device: "reference" });
  const disposed = engine.zeros([2, 2]);
  disposed.dispose();
  strangers = { stranger: other.zeros([2, 2]), disposed };
});
afterAll(() => {
  engine.close();
  other.close();
});

const full = (...shape: number[]): Tensor => engine.full(shape, 0.5);
const bytes = (...shape: number[]): Tensor =>
  engine.tensor(new Uint8Array(shape.reduce((a, b) => a * b, 1)), shape);
const words = (...values: number[]): Tensor => engine.tensor(Uint32Array.from(values));
const wordRows = (...values: number[]): Tensor => engine.tensor(Uint32Array.from(values), [values.length, 1]);
const stage = (inputs: number, outputs: number): tessera.DenseStage => ({
  gamma: full(inputs),
  beta: full(inputs),
  runningMean: full(inputs),
  runningVariance: full(inputs),
  weight: full(3, 3, inputs, outputs),
});

const unary: Arguments = () => [full(2, 2)];
const binary: Arguments = () => [full(2, 2), full(2, 2)];
const reduction: Arguments = () => [full(2, 2), { axes: 1, keepDimensions: true }];
const masked: Arguments = () => [full(2, 2), { mask: full(2) }];
const pooling: Arguments = () => [
  full(1, 4, 4, 4),
  { window: 2, stride: [2, 2], padding: 1, ceilMode: true },
];

const rows: Rows<typeof tessera> = {
  DeviceLostError: "not called by users",
  DeviceUnavailableError: "not called by users",
  Engine: "not called by users",
  KernelError: "not called by users",
  LastingEngine: "not called by users",
  LifetimeError: "not called by users",
  OutOfMemoryError: "not called by users",
  Program: "not called by users",
  ShapeError: "not called by users",
  Tensor: "not called by users",
  TesseraError: "not called by users",
  UsageError: "not called by users",
  kernels: "no function",
  Tape: () => [engine, [full(2)]],
  activatedPool: () => {
    const { weight: _, ...norm } = stage(4, 4);
    return [
      "max",
      full(1, 4, 4, 4),
      full(2, 4),
      norm,
      { window: 2, stride: 2, padding: 1, epsilon: 1e-5, momentum: 0.1 },
    ];
  },
  abs: unary,
  add: binary,
  addRows: () => [full(3, 2), words(0, 1, 1), 2, { padding: 1 }],
  affine: () => [full(2, 2), 2, 1],
  argMax: () => [full(2, 2), { axis: 1, keepDimensions: true }],
  argMin: () => [full(2, 2), { axis: 1, keepDimensions: true }],
  assembleLoss: () => [
    ...[full(2, 3), full(2, 3), full(2, 3), full(2), bytes(2, 2), full(2)],
    {
      threshold: 0.5,
      temperature: 4,
      stopGradient: true,
      unsupervisedOn: "absent",
      normalise: "batch",
      strongShare: 0,
      supervised: true,
      positiveWeights: full(2),
      focus: { positive: 1, negative: 2, shift: 0.05 },
      labelSmoothing: 0.1,
      parents: words(2, 0),
    },
  ],
  aucMargin: () => [full(2, 3), full(2, 3), full(2), bytes(2, 2), { margin: 1 }],
  assemblePixels: () => [
    ...[full(2, 3, 3, 4), full(2, 3, 3, 4), full(2, 4), full(2), bytes(2, 3, 3)],
    ...[wordRows(3, 1), wordRows(0, 0), full(2)],
    {
      threshold: 0.5,
      temperature: 4,
      stopGradient: true,
      unsupervisedOn: "absent",
      normalise: "batch",
      strongShare: 0,
      classWeights: full(2),
    },
  ],
  attention: () => [
    full(2, 3, 4),
    full(2, 5, 4),
    full(2, 5, 6),
    { mask: full(3, 5), scale: 0.5, causal: true },
  ],
  augmentImages: () => [
    bytes(1, 4, 4, 1),
    words(1, 2, 3, 4),
    { mean: [0.5], deviation: [0.5], flip: 0.5, rotation: 3, view: 1, eraseArea: [0.1, 0.2], geometry: 0 },
  ],
  augmentLabels: () => [
    bytes(1, 4, 4),
    words(1, 2, 3, 4),
    { geometry: 0, flip: 0.5, rotation: 3, shift: 1, scale: 0.1 },
  ],
  averagePool2d: () => [
    full(1, 4, 4, 4),
    { window: 2, stride: [2, 2], padding: 1, ceilMode: true, countIncludePad: false },
  ],
  background: "no function",
  batchMoments: () => [full(2, 4)],
  batchNorm: () => {
    const running = { mean: full(4), variance: full(4) };
    return [full(2, 4), full(4), full(4), { epsilon: 1e-5, running, momentum: 0.1 }];
  },
  batchNormInference: () => [full(2, 4), full(4), full(4), full(4), full(4), { epsilon: 1e-5 }],
  binaryCrossEntropyWithLogits: () => [full(2, 2), full(2, 2), { weights: full(2, 2), positiveWeight: 2 }],
  cast: () => [full(2, 2), "f16"],
  broadcastTo: () => [full(1, 2), [2, 2]],
  clamp: () => [full(2, 2), 0, 1],
  concat: () => [[full(2, 2), full(2, 2)], -1],
  concatChannels: () => [[full(2, 2), full(2, 2)]],
  convTranspose2d: () => [
    full(1, 2, 2, 3),
    full(3, 3, 2, 3),
    { stride: 2, padding: [1, 1], dilation: 1, outputPadding: 1 },
  ],
  cumulativeSum: () => [full(2, 2), { axis: 1, exclusive: true, reverse: true }],
  conv2d: () => [full(1, 4, 4, 2), full(3, 3, 1, 2), { stride: 1, padding: [1, 1], dilation: 1, groups: 2 }],
  crossEntropy: () => [full(2, 2), words(0, 1), { ignore: 1, labelSmoothing: 0.1 }],
  customGradient: () => [[full(2)], ([x]: readonly Tensor[]) => tessera.exp(x), (g: Tensor) => [g]],
  denseBlock: () => [full(1, 4, 4, 4), [[stage(4, 4)]], { epsilon: 1e-5, momentum: 0.1 }],
  denseBlockInference: () => [full(1, 4, 4, 4), [[stage(4, 4)]], { epsilon: 1e-5 }],
  divide: binary,
  dropout: () => [full(2, 2), words(1, 2, 3, 4), { rate: 0.5, stream: 1 }],
  elu: () => [full(2), { alpha: 1 }],
  equal: binary,
  erf: unary,
  exclusionBits: () => [[[0, 1]], 2],
  exp: unary,
  gelu: unary,
  globalAveragePool: () => [full(1, 2, 2, 2)],
  globalMaxPool: () => [full(1, 2, 2, 2)],
  greater: binary,
  greaterEqual: binary,
  huberLoss: () => [full(2, 2), full(2, 2), { delta: 1 }],
  ignored: "no function",
  kernelOf: () => [tessera.kernels.unary.text, { name: "unary" }],
  knownBits: () => [Uint8Array.of(1, 255), 2],
  launchesOf: () => [{ launches: new Map([["add", 2]]), buffers: [], bytes: {} }],
  hardSwish: unary,
  leakyRelu: () => [full(2), { slope: 0.1 }],
  groupNorm: () => [full(2, 3, 4), 2, full(4), full(4), { epsilon: 1e-5 }],
  instanceNorm: () => [full(2, 3, 4), full(4), full(4), { epsilon: 1e-5 }],
  layerNorm: () => [full(2, 4), full(4), full(4), { epsilon: 1e-5 }],
  less: binary,
  lessEqual: binary,
  linear: () => [full(2, 3), full(4, 3), full(4), { transposeWeight: true }],
  log: unary,
  logSoftmax: masked,
  maskedDice: () => [
    ...[full(2, 3, 3, 4), full(2, 4), full(2), bytes(2, 3, 3), wordRows(3, 1), wordRows(0, 0)],
    { smooth: 1 },
  ],
  matmul: () => [full(2, 3), full(2, 3), { transposeA: true, transposeB: false }],
  max: reduction,
  maxPool2d: pooling,
  maximum: binary,
  mean: reduction,
  minimum: binary,
  movingAverage: () => [full(2), full(2), { momentum: 0.1, scale: 1 }],
  multiply: binary,
  noGradient: () => [engine, () => full(2)],
  marginalCrossEntropy: () => [
    full(1, 2, 2, 3),
    full(3, 3),
    full(3),
    bytes(1, 2, 2),
    engine.tensor(Uint32Array.of(3), [1, 1]),
  ],
  normalCdf: unary,
  normaliseImages: () => [bytes(1, 2, 2, 1), { mean: [0.5], deviation: [0.5] }],
  notEqual: binary,
  oneHot: () => [words(0, 1, 1), 2],
  openEngine: () => [{ device: "reference", checked: true, candidates: {}, tuning: {} }],
  pad: () => [full(2, 2), [1, 1], [0, 0]],
  queryInnerProduct: () => [full(2, 3), full(4, 3), full(4)],
  randomNormal: () => [words(1, 2, 3, 4), [2, 2], 1],
  randomUniform: () => [words(1, 2, 3, 4), [2, 2], 1],
  power: binary,
  relu: unary,
  reshape: () => [full(2, 2), [4]],
  resize2d: () => [full(1, 2, 2, 4), [3, 4], { method: "bilinear" }],
  rmsNorm: () => [full(2, 4), full(4), { epsilon: 1e-6 }],
  runOperator: () => [operators.exp, [full(2)], {}],
  sampleRows: () => [full(2, 2), words(1, 2, 3, 4), { temperature: 0.5, allowed: full(2), stream: 1 }],
  sharpen: () => [full(2, 2), { threshold: 0.5, temperature: 4 }],
  sigmoid: unary,
  silu: unary,
  slice: () => [full(2, 2), [0, 0], [1, 1]],
  sliceChannels: () => [full(2, 2), 0, 1],
  softmax: masked,
  softmaxCrossEntropy: binary,
  softplus: unary,
  split: () => [full(4, 3), [1, 3], 0],
  sqrt: unary,
  stack: () => [[full(2), full(2)], 0],
  stopGradient: unary,
  subtract: binary,
  sum: reduction,
  takeRows: () => [full(2, 2), words(0, 1, 1), { padding: 1 }],
  tanh: unary,
  topRows: () => [full(2, 3), full(4, 3), 2],
  transpose: () => [full(2, 3), [1, 0]],
  valueAndGradients: () => {
    const x = full(2);
    return [() => tessera.sum(x), [x]];
  },
  where: () => [full(2, 2), full(2, 2), full(2, 2)],
};

/** What is right beside what the table says. */
const further: Further = {
  kernelOf: { name: "kernelOf|kernel unary" },
  valueAndGradients: { name: "valueAndGradients|gradients" },
  runOperator: { name: "runOperator|engine.run|operator", records: [0, 2] },
  activatedPool: { records: [3] },
  instanceNorm: { name: "instanceNorm|groupNorm" },
  launchesOf: { records: [0] },
  noGradient: { kinds: ["undefined"] },
};

const walks = walksOf(tessera, rows, further);

/** Methods: of what, and arguments that work. */
const methods: Readonly<Record<string, () => readonly [owner: object, args: readonly unknown[]]>> = {
  "engine.tensor": () => [engine, [[1, 2], [2], "f32"]],
  "engine.tensorOfChunks": () => [engine, [[new Uint8Array(4)], [4]]],
  "engine.feed": () => [engine, [() => [1, 2], [2], "f32"]],
  "engine.write": () => [engine, [full(2), [1, 2]]],
  "engine.gather": () => [engine, [[full(2), full(3)]]],
  "engine.phase": () => [engine, ["forward", () => full(2)]],
  "engine.record": () => [engine, [() => 2]],
  "engine.candidatesOf": () => [engine, [() => full(2)]],
  "engine.zeros": () => [engine, [[2]]],
  "engine.full": () => [engine, [[2], 3]],
  "engine.share": () => [engine, [full(2)]],
  "engine.scope": () => [engine, [() => full(2)]],
  "engine.keep": () => [engine, [full(2)]],
  "engine.read": () => [engine, [full(2)]],
  "tape.gradients": () => {
    const x = full(2);
    const tape = new tessera.Tape(engine, [x]);
    return [tape, [tessera.sum(x), [x]]];
  },
};

test.each(walks)("%s with wrong arguments works or says so in one line", async (_, walked) => {
  expect(await complaintsAbout(engine, strangers, walked)).toEqual([]);
});

test.each(Object.entries(methods))(
  "%s with wrong arguments works or says so in one line",
  async (path, example) => {
    const name = path.slice(path.indexOf(".") + 1);
    let owner: object;
    const walked: WalkedCall = {
      name,
      make: () => {
        const [made, args] = example();
        owner = made;
        return args;
      },
      call: (args) => {
        const method = owner[name as never] as (...args: readonly unknown[]) => unknown;
        return method.apply(owner, [...args]);
      },
      kinds: ["undefined"], // what a body may return
    };
    expect(await complaintsAbout(engine, strangers, walked)).toEqual([]);
  },
);

test("engine.run with wrong inputs says so in one line", async () => {
  const make = (): readonly unknown[] => [[full(2), full(2)]];
  const call = ([inputs]: readonly unknown[]): unknown =>
    engine.run(operators.add, inputs as readonly Tensor[], {})[0];
  expect(await complaintsAbout(engine, strangers, { name: "add", make, call })).toEqual([]);
  expect(() => engine.run(undefined as never, [], {})).toThrow(
    /^engine\.run: takes an operator's record, .* got undefined/,
  );
});

test("Program.follow with wrong arguments says so in one line", async () => {
  const program: Program<Tensor> = await engine.record(() => full(2));
  const make = (): readonly unknown[] => [program.result, 2];
  const call = (args: readonly unknown[]): unknown =>
    (program.follow as (...args: readonly unknown[]) => unknown).apply(program, [...args]);
  expect(await complaintsAbout(engine, strangers, { name: "follow", make, call })).toEqual([]);
  program.dispose();
});

test("methods of tensors refuse what their functions refuse", async () => {
  for (const name of Object.keys(tensorMethods) as (keyof typeof tensorMethods)[]) {
    const make = rows[name];
    if (typeof make === "string") throw new Error(`${name} has no row`);
    const call = (args: readonly unknown[]): unknown => {
      const owner = make()[0] as Record<string, (...args: readonly unknown[]) => unknown>;
      return owner[name](...args);
    };
    const walked = { name: further[name]?.name ?? name, make: () => make().slice(1), call };
    expect(await complaintsAbout(engine, strangers, walked)).toEqual([]);
  }
});
