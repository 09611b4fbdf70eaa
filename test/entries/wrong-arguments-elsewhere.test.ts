// As wrong-arguments.test.ts, of layers, optimisers, metrics, operators, kernels and profiling.

import { afterAll, beforeAll, expect, test } from "vitest";
import * as metrics from "../../src/metrics/index.ts";
import * as nn from "../../src/nn/index.ts";
import * as operators from "../../src/operators/index.ts";
import * as optim from "../../src/optim/index.ts";
import * as profiling from "../../src/profiling/index.ts";
import { kernels } from "../../src/kernels/built-in-kernels.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import {
  complaintsAbout,
  walksOf,
  type Arguments,
  type Rows,
  type Strangers,
  type WalkedCall,
} from "./argument-walk.ts";

let engine: Engine;
let other: Engine;
let strangers: Strangers;
beforeAll(async () => {
  engine = await openEngine({ device: "reference" });
  other = await openEngine({ device: "reference" });
  const disposed = engine.zeros([2, 2]);
  disposed.dispose();
  strangers = { stranger: other.zeros([2, 2]), disposed };
});
afterAll(() => {
  engine.close();
  other.close();
});

const full = (...shape: number[]): Tensor => engine.full(shape, 0.5);
const init = (): nn.Initialiser => new nn.Initialiser(engine, 1);
const linear = (): nn.Linear => new nn.Linear(engine, init(), 2, 2);
const stem = { features: 4, kernel: 3, stride: 1, pool: false };
const denseNet = { inputChannels: 1, stem, blocks: [1], growth: 4, bottleneck: null, compression: 0.5 };
const resNet = { kind: "resnet", inputChannels: 1, stem, blocks: [1], block: "basic" } as const;

const uNet = { kind: "unet", inputChannels: 1, width: 4, levels: 2 } as const;

const ofModules: Rows<typeof nn> = {
  Module: "not called by users", // abstract
  AveragePool2d: () => [engine, { window: 2, stride: 2, padding: 1, ceilMode: true, countIncludePad: false }],
  Conv2d: () => [
    engine,
    init(),
    2,
    4,
    { kernel: [3, 1], stride: 1, padding: 1, dilation: 1, groups: 2, bias: true, fan: "out" },
  ],
  BatchNorm: () => [engine, 4, { epsilon: 1e-3, momentum: 0.2 }],
  ConvTranspose2d: () => [
    ...[engine, init(), 2, 4],
    { kernel: 3, stride: [2, 2], padding: 1, outputPadding: 1, dilation: 1, bias: true },
  ],
  DenseBlock: () => [engine, init(), 4, { layers: 1, growth: 4, bottleneck: null }],
  DenseLayer: () => [engine, init(), 4, 4, null],
  DenseNet: () => [engine, init(), denseNet],
  GlobalAveragePool: () => [engine],
  Dropout: () => [engine, init(), { rate: 0.5 }],
  Initialiser: () => [engine, 1],
  Embedding: () => [engine, init(), 5, 3, { padding: 0 }],
  Linear: () => [engine, init(), 2, 3, { bias: true }],
  MaxPool2d: () => [engine, { window: 2, stride: 2, padding: 1, ceilMode: true }],
  MultiHeadAttention: () => [engine, init(), 4, 2, { bias: true }],
  GroupNorm: () => [engine, 2, 4, { epsilon: 1e-5 }],
  InstanceNorm: () => [engine, 4, { epsilon: 1e-5 }],
  LayerNorm: () => [engine, 4, { epsilon: 1e-5 }],
  RMSNorm: () => [engine, 4, { epsilon: 1e-6 }],
  ResNet: () => [engine, init(), resNet],
  ResidualBlock: () => [engine, init(), 4, { block: "basic", width: 4, stride: 2 }],
  Sequential: () => [engine, [linear(), (x: Tensor) => x]],
  TransformerBlock: () => [
    engine,
    init(),
    { width: 4, heads: 2, hidden: 3, normFirst: true, activation: "gelu", epsilon: 1e-5, dropout: 0.1 },
  ],
  Transition: () => [engine, init(), 4, 2],
  UNet: () => [engine, init(), uNet],
  Upsample: () => [engine, { scale: 2, method: "nearest" }],
  createBackbone: () => [engine, init(), denseNet],
  densenet121: "not called by users", // as createBackbone, with seven million weights
  densenet121Configuration: "no function",
  densenetConfigurations: "no function",
  loadWeights: () => [linear(), { weight: full(2, 2), bias: full(2) }, { strict: true }],
  readWeights: () => [linear()],
  resnetConfigurations: "no function",
  writeWeights: () => [
    linear(),
    new Map([
      ["weight", { shape: [2, 2], data: new Float32Array(4) }],
      ["bias", { shape: [2], data: new Float32Array(2) }],
    ]),
  ],
};

const optimiser: Arguments = () => [
  [full(2)],
  { learningRate: 0.1, weightDecay: 0.1, clipNorm: 1, decays: () => true },
];
const target = { learningRate: 1 };
const ofOptimisers: Rows<typeof optim> = {
  Adam: optimiser,
  AdamW: optimiser,
  ConstantRate: "not called by users", // takes nothing
  CosineRate: () => [target, { minimum: 0.1 }],
  GeometricRate: () => [target, { final: 0.1 }],
  FlatOptimiser: () => [
    { name: "flatOptimiser", moments: ["m"], hyper: () => [1], update: () => undefined },
    [full(2)],
    { learningRate: 0.1 },
  ],
  ReduceLROnPlateau: () => [
    target,
    { factor: 0.5, patience: 1, threshold: 0.1, mode: "min", minimum: 0, epsilon: 1e-8 },
  ],
  SGD: optimiser,
  StepLR: () => [target, { every: 1, factor: 0.5 }],
  WarmUp: () => [target, 2, () => new optim.ConstantRate()],
  adam: () => [full(64), full(64), full(64), full(64), full(8), { decay: full(1), decoupled: true }],
  clipByNorm: () => [full(2), full(), 1],
  optimiserNames: "no function",
  optimiserOf: () => [[full(2)], { by: "adam", learningRate: 0.1, decayed: "all" }],
  optimiserOptions: () => ["adam", {}, { learningRate: 0.1 }, 0.1],
  scheduleNames: "no function",
  scheduleOf: () => [target, { by: "cosine", minimum: 0.1, warmup: 2 }],
  sgd: () => [full(64), full(64), full(64), full(2), { decay: full(1), nesterov: true }],
};

const scored: Arguments = () => [
  [0.1, 0.9, 0.4],
  [0, 1, 1],
];
const columns: Arguments = () => [
  [0.1, 0.9, 0.4, 0.2],
  [0, 1, 1, 0],
  ["a", "b"],
];
const counts: Arguments = () => [
  { given: Uint32Array.of(2, 1), predicted: Uint32Array.of(2, 0), both: Uint32Array.of(1, 0) },
];
const countsOfPatients: Arguments = () => [...counts(), Uint8Array.of(1, 1), ["a"], ["x", "y"]];
const scoredImages = { scores: [0.1, 0.9], states: Uint8Array.of(0, 1), patients: ["x", "y"] };
const atThreshold: Arguments = () => [...scored(), 0.5];
const atThresholds: Arguments = () => [...columns(), [0.5, 0.3]];
const rankedQuery = (): metrics.RankedQuery => ({ scores: [3, 2, 1], grades: [0, 2, 1], missed: [1] });

const ofMetrics: Rows<typeof metrics> = {
  absent: "no function",
  accuracy: () => [[0.1, 0.9, 0.4, 0.2], [0, 1, 1, 0], 2],
  auc: scored,
  aucByClass: columns,
  aucDifferenceIntervals: () => [
    ...[[0.1, 0.9], [0.2, 0.8], [0, 1], ["a"]],
    { resamples: 50, patients: [1, 2] },
  ],
  aucIntervals: () => [
    ...[[0.1, 0.9], [0, 1], ["a"]],
    { resamples: 50, level: 0.9, seed: 1, stratified: true },
  ],
  averagePrecision: scored,
  averagePrecisionByClass: columns,
  bootstrapValues: () => [[[0, 1]], (weights: Uint32Array) => [weights[0]], { resamples: 50 }],
  brierScore: scored,
  calibrationBins: "no function",
  classColumn: () => [[0.1, 0.9, 0.4, 0.2], 1, 2],
  confusionCounts: atThreshold,
  confusionCountsByClass: atThresholds,
  countOverlaps: () => [Uint8Array.of(0, 254), Uint8Array.of(0, 0), Uint8Array.of(1), 1],
  expectedCalibrationError: () => [...scored(), 5],
  f1Score: atThreshold,
  f1ScoreByClass: atThresholds,
  fitTemperature: () => [[0.5, -1, 2, 0.3], Uint8Array.of(1, 0, 1, 0)],
  isSoft: () => [150],
  meanAuc: () => [{ a: 0.5, b: null }],
  negative: "no function",
  operatingPoints: () => [scoredImages, 1, { at: 0.9, fewest: 1 }],
  operatingRules: "no function",
  overlapIntervals: () => [...countsOfPatients(), { resamples: 50, level: 0.9, seed: 1, fewest: 1 }],
  patientOverlap: countsOfPatients,
  patientScores: () => [scoredImages, 1],
  percentileEstimate: () => [0.5, [0.4, 0.6, null], 2, 0.95],
  pooledOverlap: () => [...counts(), ["a"]],
  positive: "no function",
  precision: atThreshold,
  precisionByClass: atThresholds,
  precisionRecallCurve: scored,
  recall: atThreshold,
  recallByClass: atThresholds,
  goesOn: "no function",
  rankingMeasures: "no function",
  pFound: () => [rankedQuery(), "standard", 3],
  ndcg: () => [rankedQuery(), 10, "linear"],
  rankedPrecision: () => [rankedQuery()],
  reciprocalRank: () => [rankedQuery()],
  recallAt: () => [rankedQuery(), 100],
  rankingValues: () => [
    [rankedQuery(), rankedQuery()],
    { pFound: "notebook", bestGrade: 3, ndcgAt: 5, recallAt: 5 },
  ],
  summariseRanking: () => [[rankedQuery(), rankedQuery()], { resamples: 50, level: 0.9, seed: 1 }],
  reliabilityPoints: () => [...scored(), 5],
  rocCorners: () => [metrics.rocCurve([0.1, 0.9], [0, 1])],
  rocCurve: scored,
  sensitivityAtSpecificity: () => [...scored(), 0.5],
  softState: () => [0.5],
  specificityAtSensitivity: () => [...scored(), 0.5],
  targetOf: () => [150],
  tempered: () => [Float32Array.of(1, 2), 2],
  thresholdAt: () => [...scored(), 0.5],
  undefinedClasses: () => [{ a: 0.5, b: null }],
};

const ofOperators: Rows<typeof operators> = {
  KernelError: "not called by users",
  ShapeError: "not called by users",
  UsageError: "not called by users",
  deviceTraits: "not called by users", // takes a GPUDevice, which no test on the reference backend has
  input: () => [0],
  kernelOf: () => [kernels.unary.text, { name: "unary" }],
  kernels: "no function",
  operators: "no function",
  output: () => [0],
  preferred: () => [[{ name: "only", launches: [] }]],
  temporary: () => [0],
  updatesOf: () => [operators.operators.adam, 5],
};

const ofProfiling: Rows<typeof profiling> = {
  chromeTrace: () => [
    {
      launches: [],
      kernels: [],
      phases: [],
      classes: [],
      seconds: 1,
      replays: 1,
      clock: "wall",
      resolution: undefined,
      ceilings: undefined,
    },
    { about: "a test" },
  ],
  measureCeilings: "not called by users", // refuses the reference backend; see below
  profile: "not called by users",
  tune: "not called by users",
  worksOf: () => [[{ calls: [] }], engine.traits],
};

const walks = [
  ...walksOf(nn, ofModules, {
    createBackbone: { name: "createBackbone|DenseNet" },
    writeWeights: { name: "writeWeights|engine.write" },
  }),
  ...walksOf(optim, ofOptimisers, {
    CosineRate: { name: "cosine", records: [0] },
    GeometricRate: { name: "geometric", records: [0] },
    FlatOptimiser: { records: [2] },
    ReduceLROnPlateau: { records: [0] },
    StepLR: { records: [0] },
    WarmUp: { records: [0] },
    optimiserOf: { name: "optimiser|adam" },
    optimiserOptions: { name: "optimiserOptions|adam", records: [1] },
    scheduleOf: { name: "schedule|cosine", records: [0] },
  }),
  ...walksOf(metrics, ofMetrics, {
    auc: { kinds: ["null"] },
    pFound: { records: [0] },
    ndcg: { records: [0], kinds: ["null"] },
    rankedPrecision: { records: [0], kinds: ["null"] },
    reciprocalRank: { records: [0], kinds: ["null"] },
    recallAt: { records: [0], kinds: ["null"] },
    rankingValues: { name: "rankingValues|pFound" },
    targetOf: { kinds: ["undefined"] },
    meanAuc: { kinds: ["null"], records: [0] },
    aucByClass: { name: "aucByClass|auc of class" },
    averagePrecisionByClass: { name: "averagePrecisionByClass|averagePrecision of class" },
    aucIntervals: { name: "aucIntervals|auc of class" },
    aucDifferenceIntervals: { name: "aucDifferenceIntervals|auc of class" },
    confusionCountsByClass: { name: "confusionCountsByClass|confusionCounts of class" },
    f1ScoreByClass: { name: "f1ScoreByClass|f1Score of class" },
    precision: { kinds: ["null"] },
    precisionByClass: { name: "precisionByClass|precision of class" },
    precisionRecallCurve: { kinds: ["null"] },
    recall: { kinds: ["null"] },
    recallByClass: { name: "recallByClass|recall of class" },
    undefinedClasses: { records: [0] },
    operatingPoints: { name: "operatingPoints|patientScores|thresholdAt", records: [0] },
    overlapIntervals: { records: [0] },
    patientOverlap: { records: [0] },
    patientScores: { records: [0] },
    pooledOverlap: { records: [0] },
    thresholdAt: { kinds: ["null"] },
    rocCorners: { records: [0] },
  }),
  // What `updates` gives is the operator's.
  ...walksOf(operators, ofOperators, {
    kernelOf: { name: "kernelOf|kernel unary" },
    updatesOf: { kinds: ["undefined"], records: [0] },
  }),
  ...walksOf(profiling, ofProfiling, { chromeTrace: { records: [0, 1] }, worksOf: { records: [1] } }),
];

test.each(walks)("%s with wrong arguments works or says so in one line", async (_, walked) => {
  expect(await complaintsAbout(engine, strangers, walked)).toEqual([]);
});

/** Methods: of what, and arguments that work. */
const methods: Readonly<Record<string, () => readonly [owner: object, args: readonly unknown[]]>> = {
  "Linear.forward": () => [linear(), [full(1, 2)]],
  "Conv2d.forward": () => [new nn.Conv2d(engine, init(), 2, 2, { kernel: 1 }), [full(1, 2, 2, 2)]],
  "BatchNorm.forward": () => [new nn.BatchNorm(engine, 2), [full(2, 2), "training"]],
  "LayerNorm.forward": () => [new nn.LayerNorm(engine, 2), [full(2, 2)]],
  "RMSNorm.forward": () => [new nn.RMSNorm(engine, 2), [full(2, 2)]],
  "GroupNorm.forward": () => [new nn.GroupNorm(engine, 1, 2), [full(2, 2, 2)]],
  "InstanceNorm.forward": () => [new nn.InstanceNorm(engine, 2), [full(2, 2, 2)]],
  "BatchNorm.options": () => [new nn.BatchNorm(engine, 2), ["inference"]],
  "MultiHeadAttention.forward": () => [
    new nn.MultiHeadAttention(engine, init(), 4, 2),
    [full(1, 3, 4), "training", { mask: full(3, 2), causal: false, context: full(1, 2, 4) }],
  ],
  "TransformerBlock.forward": () => [
    new nn.TransformerBlock(engine, init(), { width: 4, heads: 2, hidden: 3 }),
    [full(1, 3, 4), "training", { mask: full(3, 3), causal: true }],
  ],
  "DenseNet.forward": () => [new nn.DenseNet(engine, init(), denseNet), [full(1, 4, 4, 1), "training"]],
  "DenseNet.maps": () => [new nn.DenseNet(engine, init(), denseNet), [full(1, 4, 4, 1), "inference"]],
  "ResNet.forward": () => [new nn.ResNet(engine, init(), resNet), [full(1, 4, 4, 1), "training"]],
  "UNet.forward": () => [new nn.UNet(engine, init(), uNet), [full(1, 4, 4, 1), "training"]],
  "Initialiser.heNormal": () => [init(), [[2, 2], 2]],
  "Initialiser.uniform": () => [init(), [[2, 2], 2]],
  "Adam.step": () => [new optim.Adam([full(2)], { learningRate: 0.1 }), [[full(2)]]],
  "Adam.restore": () => [
    new optim.Adam([full(2)], { learningRate: 0.1 }),
    [
      {
        steps: 1,
        learningRate: 0.1,
        moments: { firstMoment: new Float32Array(64), secondMoment: new Float32Array(64) },
      },
    ],
  ],
  "kernel unary.specialise": () => [kernels.unary, [{ OPERATION: "exp" }]],
  "kernel unary.pack": () => [kernels.unary, [{ count: 4, first: 1, second: 1 }]],
  "kernel unary.workgroups": () => [
    kernels.unary,
    [{ count: 4, first: 1, second: 1 }, { OPERATION: "exp" }, 100],
  ],
  "kernel unary.operations": () => [kernels.unary, [{ count: 4, first: 1, second: 1 }, { OPERATION: "exp" }]],
};

/** What messages name in the place of the method. */
const speaker: Readonly<Record<string, string>> = {
  "Linear.forward": "linear",
  "Conv2d.forward": "conv2d",
  "MultiHeadAttention.forward": "MultiHeadAttention|attention|linear",
  "TransformerBlock.forward": "TransformerBlock|MultiHeadAttention|attention|linear|add",
  "LayerNorm.forward": "layerNorm",
  "RMSNorm.forward": "rmsNorm",
  "GroupNorm.forward": "groupNorm",
  "InstanceNorm.forward": "instanceNorm|groupNorm",
};

test.each(Object.entries(methods))(
  "%s with wrong arguments works or says so in one line",
  async (path, example) => {
    const [owner = "", method = ""] = path.split(".");
    let made: object;
    const walked: WalkedCall = {
      name:
        speaker[path] ??
        (owner === "Initialiser" ? method : ["DenseNet", "ResNet"].includes(owner) ? "" : owner),
      make: () => {
        const [fresh, args] = example();
        made = fresh;
        return args;
      },
      call: (args) =>
        (made[method as never] as (...args: readonly unknown[]) => unknown).apply(made, [...args]),
    };
    expect(await complaintsAbout(engine, strangers, walked)).toEqual([]);
  },
);

test("there is no kernel of another name, whatever the name is", () => {
  const table = kernels as unknown as Record<string, unknown>;
  expect(() => table["unray"]).toThrow(/^there is no kernel "unray"; did you mean "unary"\?$/);
});

test("profiling refuses what it cannot measure in one line", async () => {
  for (const odd of [undefined, null, "text", {}, [], NaN, Promise.resolve(1)]) {
    await expect(profiling.measureCeilings(odd as never)).rejects.toThrow(
      /^measureCeilings: takes an engine, got .*$/,
    );
    await expect(profiling.profile(odd as never)).rejects.toThrow(/^profile: takes a program, got .*$/);
    await expect(profiling.tune(odd as never, [])).rejects.toThrow(/^tune: takes an engine, got .*$/);
  }
  await expect(profiling.tune(engine, [], { secs: 1 } as never)).rejects.toThrow(
    'tune: there is no option "secs"',
  );
  using program = await engine.record(() => full(2));
  await expect(profiling.profile(program, { warmups: 1 } as never)).rejects.toThrow(
    'profile: there is no option "warmups"; did you mean "warmup"?',
  );
});
