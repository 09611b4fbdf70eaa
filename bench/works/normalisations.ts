// Works that memory bounds, at the size of a DenseNet's maps: batch norm, and elementwise functions.

import {
  add,
  batchMoments,
  batchNorm,
  batchNormInference,
  power,
  relu,
  runOperator,
  silu,
} from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { normal, uniform, type HostInput } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

const shape = [32, 28, 28, 60];
const [rows, c] = [32 * 28 * 28, 60];
const count = rows * c;
const title = "[32, 28, 28, 60]";

export function elementwise(): OperatorWork[] {
  return [
    {
      name: "relu",
      title,
      bytes: 4 * 2 * count,
      bound: roundingBound(1),
      inputs: () => Promise.all([normal(shape, 10)]),
      body: ([x]) => [relu(x)],
      peer: { work: "relu", options: {} },
    },
    {
      name: "add",
      title,
      bytes: 4 * 3 * count,
      bound: roundingBound(1),
      inputs: () => Promise.all([normal(shape, 10), normal(shape, 14)]),
      body: ([a, b]) => [add(a, b)],
      peer: { work: "add", options: {} },
    },
    {
      name: "silu",
      title,
      bytes: 4 * 2 * count,
      bound: roundingBound(1, 8), // exp is good to a few units in the last place
      inputs: () => Promise.all([normal(shape, 10)]),
      body: ([x]) => [silu(x)],
      peer: { work: "silu", options: {} },
      absent: "gpu.js: compared as `relu`, another function of one number",
    },
    {
      name: "silu-gradient",
      title,
      bytes: 4 * 3 * count,
      bound: roundingBound(1, 8),
      inputs: () => Promise.all([normal(shape, 10), normal(shape, 14)]),
      body([x, dy]) {
        const attributes = { of: "silu", parameter: 0 } as const;
        return [runOperator(operators.unaryGradient, [x, dy], attributes)[0]];
      },
      peer: { work: "siluGradient", options: {} },
      absent: "gpu.js: compared as `add`, another function of two numbers",
    },
    {
      name: "power",
      title: `${title} to 2.5`,
      bytes: 4 * 2 * count,
      bound: roundingBound(1, 8),
      inputs: () => Promise.all([uniform(shape, 15, 0.25, 4)]),
      body: ([x]) => [power(x, 2.5)],
      peer: { work: "power", options: { exponent: 2.5 } },
      absent: "gpu.js: compared as `relu`, another function of one number",
    },
  ];
}

export function normalisations(): OperatorWork[] {
  const perChannel = (stream: number, low: number, high: number): Promise<HostInput> =>
    uniform([c], stream, low, high);
  return [
    {
      name: "batch-norm-moments",
      title,
      bytes: 4 * count,
      bound: roundingBound(rows),
      inputs: () => Promise.all([normal(shape, 10)]),
      body: ([x]) => [batchMoments(x)],
      peer: { work: "batchMoments", options: { rows, c } },
    },
    {
      name: "batch-norm-apply",
      title: `${title}, statistics given`,
      bytes: 4 * 2 * count,
      bound: roundingBound(1, 4), // a reciprocal root, four products and sums
      inputs: () =>
        Promise.all([
          normal(shape, 10),
          perChannel(11, 0.5, 1.5),
          perChannel(12, -1, 1),
          perChannel(13, -0.1, 0.1),
          perChannel(29, 0.8, 1.2),
        ]),
      body: ([x, gamma, beta, mean, variance]) => [batchNormInference(x, gamma, beta, mean, variance)],
      peer: { work: "batchNormInference", options: { c } },
    },
    {
      name: "batch-norm-forward",
      title,
      bytes: 4 * 3 * count, // x twice, y once
      bound: roundingBound(rows),
      inputs: () => Promise.all([normal(shape, 10), perChannel(11, 0.5, 1.5), perChannel(12, -1, 1)]),
      body([x, gamma, beta]) {
        const { y, mean, variance } = batchNorm(x, gamma, beta);
        return [y, mean, variance];
      },
      peer: { work: "batchNorm", options: { rows, c } },
    },
    {
      name: "batch-norm-backward",
      title,
      bytes: 4 * 5 * count, // x and dy twice, dx once
      bound: roundingBound(rows),
      inputs: () =>
        Promise.all([
          normal(shape, 10),
          perChannel(11, 0.5, 1.5),
          perChannel(12, -0.1, 0.1),
          perChannel(13, 0.8, 1.2),
          normal(shape, 14),
        ]),
      body: (tensors, engine) => engine.run(operators.batchNormGradient, tensors, { epsilon: 1e-5 }),
      peer: { work: "batchNormGradient", options: { rows, c } },
    },
  ];
}
