// Operators, a transformer block and a U-Net block against PyTorch: results and gradients on both backends. The cases are made
// by scripts/torch-vectors.py, which says what stands in a line; TORCH_VECTORS names another file of them.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as tessera from "../../src/index.ts";
import * as nn from "../../src/nn/index.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { DType, Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { UnetBlock } from "./unet-block.ts";

interface Encoded {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Little-endian values in base64. */
  readonly data: string;
}

interface Case {
  readonly call: string;
  readonly case: string;
  readonly options: Readonly<Record<string, never>>;
  readonly inputs: Readonly<Record<string, Encoded>>;
  readonly weights: Readonly<Record<string, Encoded>>;
  readonly upstream: Encoded;
  readonly output: Encoded;
  readonly gradients: Readonly<Record<string, Encoded>>;
}

type Named = Readonly<Record<string, Tensor>>;

/** What a case calls: the function of its inputs and options. */
const functions: Readonly<Record<string, (t: Named, options: never) => Tensor>> = {
  silu: ({ x }) => tessera.silu(x),
  leakyRelu: ({ x }, options) => tessera.leakyRelu(x, options),
  elu: ({ x }, options) => tessera.elu(x, options),
  hardSwish: ({ x }) => tessera.hardSwish(x),
  erf: ({ x }) => tessera.erf(x),
  gelu: ({ x }) => tessera.gelu(x),
  abs: ({ x }) => tessera.abs(x),
  power: ({ x, exponent }, { exponent: number }: { exponent?: number }) =>
    tessera.power(x, number ?? exponent),
  cumulativeSum: ({ x }, options) => tessera.cumulativeSum(x, options),
  softmax: ({ x, mask }) => tessera.softmax(x, { mask }),
  logSoftmax: ({ x }) => tessera.logSoftmax(x),
  layerNorm: ({ x, gamma, beta }, options) => tessera.layerNorm(x, gamma, beta, options),
  rmsNorm: ({ x, gamma }, options) => tessera.rmsNorm(x, gamma, options),
  groupNorm: ({ x, gamma, beta }, { groups, ...options }: { groups: number }) =>
    tessera.groupNorm(x, groups, gamma, beta, options),
  instanceNorm: ({ x, gamma, beta }, options) => tessera.instanceNorm(x, gamma, beta, options),
  crossEntropy: ({ logits, classes }, options) => tessera.crossEntropy(logits, classes, options),
  binaryCrossEntropyWithLogits: ({ logits, targets, ...options }) =>
    tessera.binaryCrossEntropyWithLogits(logits, targets, options),
  huberLoss: ({ x, targets }, options) => tessera.huberLoss(x, targets, options),
  matmul: ({ a, b }) => tessera.matmul(a, b),
  linear: ({ x, weight, bias }, options) => tessera.linear(x, weight, bias, options),
  concat: ({ a, b }, { axis }: { axis: number }) => tessera.concat([a, b], axis),
  stack: ({ a, b }, { axis }: { axis: number }) => tessera.stack([a, b], axis),
  takeRows: ({ x, indices }, options) => tessera.takeRows(x, indices, options),
  attention: ({ q, k, v, mask }, options: { causal?: boolean }) =>
    tessera.attention(q, k, v, { ...options, mask }),
  conv2d: ({ x, filter }, options) => tessera.conv2d(x, filter, options),
  convTranspose2d: ({ x, filter }, options) => tessera.convTranspose2d(x, filter, options),
  resize2d: ({ x }, { size, ...options }: { size: [number, number]; method: "nearest" | "bilinear" }) =>
    tessera.resize2d(x, size, options),
  maxPool2d: ({ x }, options) => tessera.maxPool2d(x, options),
  averagePool2d: ({ x }, options) => tessera.averagePool2d(x, options),
  globalMaxPool: ({ x }) => tessera.globalMaxPool(x),
};

/** Modules that a case builds, whose weights are then the case's. */
const modules: Readonly<
  Record<string, (engine: Engine, options: never) => readonly [nn.Module, (t: Named) => Tensor]>
> = {
  transformerBlock(engine, options: nn.TransformerBlockConfiguration) {
    const block = new nn.TransformerBlock(engine, new nn.Initialiser(engine, 1), options);
    return [block, ({ x, mask }) => block.forward(x, "training", { mask })];
  },
  unet(engine, options: Omit<nn.UNetConfiguration, "kind">) {
    const net = new nn.UNet(engine, new nn.Initialiser(engine, 1), { kind: "unet", ...options });
    return [net, ({ x }) => net.forward(x, "training")];
  },
  unetBlock(engine) {
    const block = new UnetBlock(engine, new nn.Initialiser(engine, 1));
    return [block, ({ x }) => block.forward(x, "training")];
  },
};

const file = process.env["TORCH_VECTORS"] ?? fileURLToPath(new URL("vectors.jsonl", import.meta.url));
const cases = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Case);

function decoded({ dtype, data }: Encoded): Float32Array | Uint32Array {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return dtype === "u32" ? new Uint32Array(bytes.buffer) : new Float32Array(bytes.buffer);
}

/** The largest difference, in units of the largest value. */
function errorOf(actual: HostArray, expected: Encoded): number {
  const want = decoded(expected);
  expect(actual.length).toBe(want.length);
  let largest = 0;
  let worst = 0;
  want.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    worst = Math.max(worst, Math.abs(actual[i] - value));
  });
  return worst / Math.max(largest, 1e-30);
}

const backends = [
  { device: "reference", bound: 1e-6 },
  { device: "webgpu", bound: 2e-5 },
] as const;

describe.each(backends)("$device", ({ device, bound }) => {
  const engine = useEngine(device === "reference" ? { device } : {});

  const tensorsOf = (all: Readonly<Record<string, Encoded>>): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(all).map(([name, each]) => [
        name,
        engine().tensor(decoded(each), each.shape, each.dtype),
      ]),
    );

  test.each(cases)("$call, $case: as torch has it", async (each) => {
    const inputs = tensorsOf(each.inputs);
    const build = modules[each.call];
    const options = each.options as never;
    let run: () => Tensor;
    let parameters: Named = {};
    if (build === undefined) {
      const call = functions[each.call];
      if (call === undefined) throw new Error(`there is no row for ${each.call}`);
      run = () => call(inputs, options);
    } else {
      const [module, forward] = build(engine(), options);
      // Running statistics are no weights of the case, and stay as they begin.
      const weights = Object.entries(each.weights).map(
        ([name, { shape, ...values }]) => [name, { shape, data: decoded({ shape, ...values }) }] as const,
      );
      const { unexpected } = await nn.loadWeights(module, new Map(weights), { strict: false });
      expect(unexpected).toEqual([]);
      parameters = Object.fromEntries(module.parameters());
      expect(Object.keys(parameters).sort()).toEqual(Object.keys(each.weights).sort());
      run = () => forward(inputs);
    }
    const named: Named = { ...inputs, ...parameters };
    const wanted = Object.entries(each.gradients);
    const upstream = engine().tensor(decoded(each.upstream), each.upstream.shape);
    const { value, gradients } = tessera.valueAndGradients(
      run,
      wanted.map(([name]) => named[name]),
      { upstream },
    );
    expect(value.shape).toEqual(each.output.shape);
    expect(errorOf(await value.read(), each.output), "the output").toBeLessThan(bound);
    for (const [i, [name, gradient]] of wanted.entries()) {
      expect(errorOf(await gradients[i].read(), gradient), `the gradient of ${name}`).toBeLessThan(bound);
    }
  });
});
