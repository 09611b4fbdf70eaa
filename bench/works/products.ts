// Works of products of matrices: one, a batch, and linear layers.

import { linear, matmul, valueAndGradients } from "@tessera-gpu/tessera";
import { normal } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

function layer(rows: number, features: number, outputs: number): Pick<OperatorWork, "title" | "inputs"> {
  return {
    title: `[${rows}, ${features}] [${outputs}, ${features}]'`,
    inputs: () =>
      Promise.all([
        normal([rows, features], 50),
        normal([outputs, features], 51),
        normal([outputs], 52),
        normal([rows, outputs], 53),
      ]),
  };
}

export function products(): OperatorWork[] {
  const n = 512;
  const [batch, m, k] = [32, 128, 64];
  const [rows, features, outputs] = [512, 128, 512];
  return [
    {
      name: "matmul-512",
      title: "[512, 512] [512, 512]",
      flops: 2 * n ** 3,
      bound: roundingBound(n),
      inputs: () => Promise.all([normal([n, n], 8), normal([n, n], 9)]),
      body: ([a, b]) => [matmul(a, b)],
      peer: { work: "matmul", options: { m: n, n, k: n } },
    },
    {
      name: "matmul-batched",
      title: "[32, 128, 64] [32, 64, 128]",
      flops: 2 * batch * m * m * k,
      bound: roundingBound(k),
      inputs: () => Promise.all([normal([batch, m, k], 54), normal([batch, k, m], 55)]),
      body: ([a, b]) => [matmul(a, b)],
      peer: { work: "matmul", options: {} },
      absent: "gpu.js: the product is compared as `matmul-512`",
    },
    {
      ...layer(rows, features, outputs),
      name: "linear",
      flops: 2 * rows * features * outputs,
      bound: roundingBound(features),
      body: ([x, weight, bias]) => [linear(x, weight, bias, { transposeWeight: true })],
      peer: { work: "linear", options: {} },
      absent: "gpu.js: the product is compared as `matmul-512`",
    },
    {
      name: "linear-gradients",
      ...layer(rows, features, outputs),
      flops: 3 * 2 * rows * features * outputs,
      bound: roundingBound(outputs),
      body([x, weight, bias, dy]) {
        const { value, gradients } = valueAndGradients(
          () => linear(x, weight, bias, { transposeWeight: true }),
          [x, weight, bias],
          { upstream: dy },
        );
        return [value, ...gradients];
      },
      peer: { work: "linearAndGradients", options: {} },
      absent: "gpu.js: the product is compared as `matmul-512`",
    },
  ];
}
