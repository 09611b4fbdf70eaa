// The bench list: calls whose shapes matter in training and inference, with the launches of their candidates, operations, bytes.

import { kernels } from "../../src/kernels/built-in-kernels.ts";
import { operators } from "../../src/operators/registry.ts";
import { updatesOf } from "../../src/operators/operator.ts";
import { leastAdapters } from "../adapter-kinds.mjs";
import { candidatesOf } from "./packed-candidates.mjs";

const f32 = (...shape) => ({ shape, dtype: "f32", fill: "uniform", from: -1, to: 1 });
/** Above 0, as variances are. */
const positive = (...shape) => ({ ...f32(...shape), from: 0.5, to: 1.5 });
const between0And1 = (...shape) => ({ ...f32(...shape), from: 0, to: 1 });
const whole = (shape, below) => ({ shape, dtype: "u32", fill: "whole", below });
const given = (...values) => ({ shape: [values.length], dtype: "f32", fill: "values", values });

const sliding = (stride, padding) => ({
  stride: [stride, stride],
  padding: [padding, padding],
  dilation: [1, 1],
});

/** A convolution and its two gradients. `x` is [N, H, W, C], `filter` [R, S, C, K]. */
function convolution(
  title,
  x,
  filter,
  stride,
  padding,
  only = ["conv2d", "conv2dInputGradient", "conv2dWeightGradient"],
) {
  const attributes = sliding(stride, padding);
  const [y] = operators.conv2d.infer([f32(...x), f32(...filter)], attributes);
  const [images, weights, dy] = [f32(...x), f32(...filter), f32(...y.shape)];
  const rows = {
    conv2d: [title, "conv2d", [images, weights], attributes],
    conv2dInputGradient: [title, "conv2dInputGradient", [dy, weights], { ...attributes, inputShape: x }],
    conv2dWeightGradient: [
      title,
      "conv2dWeightGradient",
      [images, dy],
      { ...attributes, filterShape: filter },
    ],
  };
  return only.map((name) => rows[name]);
}

function depthwise(title, x, size) {
  const channels = x[3];
  const filter = [size, size, 1, channels];
  const attributes = { ...sliding(1, (size - 1) / 2), groups: channels };
  return [
    [title, "groupedConv2d", [f32(...x), f32(...filter)], attributes],
    [title, "groupedConv2dInputGradient", [f32(...x), f32(...filter)], { ...attributes, inputShape: x }],
    [title, "groupedConv2dWeightGradient", [f32(...x), f32(...x)], { ...attributes, filterShape: filter }],
  ];
}

function attention(title, lead, length, width) {
  const rows = f32(...lead, length, width);
  const attributes = { scale: 1 / Math.sqrt(width), causal: false };
  return [
    [title, "attention", [rows, rows, rows], attributes],
    [title, "attentionGradient", [rows, rows, rows, rows, positive(...lead, length), rows], attributes],
  ];
}

const epsilon = { epsilon: 1e-5 };
const product = { transposeA: false, transposeB: false };
const pool = { window: [3, 3], stride: [2, 2], padding: [1, 1] };
const [images, pooled, rows, logits] = [
  [8, 56, 56, 64],
  [8, 28, 28, 64],
  [2048, 768],
  [2048, 1000],
];
const million = 2 ** 20;

const shapes = [
  ...convolution("8 x 56 x 56 x 64, 3 x 3, 64", [8, 56, 56, 64], [3, 3, 64, 64], 1, 1),
  ...convolution("8 x 14 x 14 x 256, 3 x 3, 256", [8, 14, 14, 256], [3, 3, 256, 256], 1, 1),
  ...convolution("8 x 28 x 28 x 256, 1 x 1, 128", [8, 28, 28, 256], [1, 1, 256, 128], 1, 0, ["conv2d"]),
  ...convolution("8 x 112 x 112 x 3, 7 x 7, 64, stride 2", [8, 112, 112, 3], [7, 7, 3, 64], 2, 3, ["conv2d"]),
  ...depthwise("8 x 56 x 56 x 96, depthwise 3 x 3", [8, 56, 56, 96], 3),
  ["1024 x 1024 by 1024 x 1024", "matmul", [f32(1024, 1024), f32(1024, 1024)], product],
  ["32 of 128 x 64 by 64 x 128", "matmul", [f32(32, 128, 64), f32(32, 64, 128)], product],
  ["1024 x 768 to 3072", "linear", [f32(1024, 768), f32(3072, 768), f32(3072)], { transposeWeight: true }],
  ["8 x 56 x 56 x 64", "batchNorm", [f32(...images), positive(64), f32(64)], epsilon],
  [
    "8 x 56 x 56 x 64",
    "batchNormGradient",
    [f32(...images), positive(64), f32(64), positive(64), f32(...images)],
    epsilon,
  ],
  ["2048 x 768", "layerNorm", [f32(...rows), positive(768), f32(768)], epsilon],
  ["2048 x 768", "layerNormGradient", [f32(...rows), positive(768), f32(...rows)], epsilon],
  [
    "8 x 28 x 28 x 64, 8 groups",
    "groupNorm",
    [f32(...pooled), positive(64), f32(64)],
    { groups: 8, ...epsilon },
  ],
  ["2048 x 1000", "softmax", [f32(...logits)], {}],
  ["2048 x 1000", "softmaxGradient", [between0And1(...logits), f32(...logits)], {}],
  ...attention("2 x 8 heads, 256 tokens, width 64", [2, 8], 256, 64),
  ["2048 x 1000", "crossEntropy", [f32(...logits), whole([2048], 1000)], { ignore: null, labelSmoothing: 0 }],
  [
    "4096 x 128",
    "binaryCrossEntropyWithLogits",
    [f32(4096, 128), between0And1(4096, 128)],
    { weighted: false, positiveWeight: 1 },
  ],
  ["4096 x 128", "huberLoss", [f32(4096, 128), f32(4096, 128)], { delta: 1 }],
  ["8 x 56 x 56 x 64, 3 x 3, stride 2", "maxPool2d", [f32(...images)], pool],
  [
    "8 x 56 x 56 x 64, 3 x 3, stride 2",
    "maxPool2dGradient",
    [f32(...images), f32(...pooled), f32(...pooled)],
    pool,
  ],
  ["8 x 56 x 56 x 64, 3 x 3, stride 2", "averagePool2d", [f32(...images)], pool],
  [
    "8 x 56 x 56 x 64, 3 x 3, stride 2",
    "averagePool2dGradient",
    [f32(...pooled)],
    { ...pool, inputShape: images },
  ],
  ["8 x 28 x 28 x 64 to 56 x 56", "resize2d", [f32(...pooled)], { size: [56, 56], method: "bilinear" }],
  [
    "4 Mi parameters",
    "adam",
    [
      ...[f32(4 * million), f32(4 * million), positive(4 * million), f32(4 * million)],
      given(1e-3, 0.9, 0.999, 1e-8, 10, 1000, 0.1, 0.001),
    ],
    { decay: "none" },
  ],
  ["4 Mi numbers", "relu", [f32(4 * million)], {}],
  ["4 Mi numbers", "gelu", [f32(4 * million)], {}],
  ["4 Mi numbers", "add", [f32(4 * million), f32(4 * million)], {}],
  ["2048 x 1024, along rows", "sum", [f32(2048, 1024)], { axes: [1], keepDimensions: false }],
];

const wordsOf = ({ shape, dtype }) => {
  const elements = shape.reduce((count, extent) => count * extent, 1);
  return dtype === "u8" ? Math.ceil(elements / 4) : elements;
};
const bytesOf = (specs) => specs.reduce((sum, spec) => sum + 4 * wordsOf(spec), 0);

function itemOf([title, name, inputs, attributes]) {
  const operator = operators[name];
  const outputs = operator.infer(inputs, attributes);
  const candidates = candidatesOf(operator, inputs, attributes).map((candidate) => ({
    ...candidate,
    operations: candidate.launches.reduce(
      (sum, { kernel, sizes, knobs }) => sum + kernels[kernel].operations(sizes, knobs),
      0,
    ),
  }));
  const updated = updatesOf(operator, inputs.length).map((index) => inputs[index]);
  return {
    operator: name,
    title,
    attributes,
    inputs,
    outputs,
    // Of the leanest candidate: what another does beyond that is no use.
    operations: Math.min(...candidates.map(({ operations }) => operations)),
    // Each input read once, each output and each updated input written once.
    bytes: bytesOf([...inputs, ...outputs, ...updated]),
    candidates,
  };
}

/** What the adapter does at best: moving data and nothing else, multiplying and nothing else. */
function ceilings() {
  const count = 4 * million;
  const own = (title, inputs, outputs, bytes, launch) => {
    const operations = kernels[launch.kernel].operations(launch.sizes, launch.knobs);
    const only = {
      name: "only",
      launches: [launch],
      temporaries: [],
      ruleOf: Object.keys(leastAdapters),
      operations,
    };
    return {
      operator: launch.kernel,
      title,
      attributes: {},
      inputs,
      outputs,
      operations,
      bytes,
      candidates: [only],
    };
  };
  const [x, y] = ["input 0", "output 0"];
  const copied = { kernel: "copyVectors", knobs: {}, sizes: { count: count / 4 }, bind: { x, y } };
  const chains = { count: 2 ** 16, steps: 512, factor: 0.999, offset: 0.001 };
  const multiplied = { kernel: "ceilingFma", knobs: {}, sizes: chains, bind: { y } };
  const ends = { shape: [2 ** 18], dtype: "f32" };
  return [
    own(
      "a copy of 16 MiB: the ceiling of GB/s",
      [f32(count)],
      [{ shape: [count], dtype: "f32" }],
      8 * count,
      copied,
    ),
    own("multiply-adds alone: the ceiling of GFLOP/s", [], [ends], 4 * 2 ** 18, multiplied),
  ];
}

/** The list, as JSON has it. */
export function benchList() {
  return [...ceilings(), ...shapes.map(itemOf)];
}
