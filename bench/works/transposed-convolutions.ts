// Transposed convolutions as a U-Net has them, 2x2 with a stride of 2, and their gradients.

import { convTranspose2d } from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { normal, type HostInput } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

const kernel = 2;
const sliding = { stride: [kernel, kernel], padding: [0, 0], dilation: [1, 1] } as const;

function forward(name: string, [images, p, q, k]: readonly number[], c: number): OperatorWork {
  return {
    name,
    title: `[${images}, ${p}, ${q}, ${k}] to [${images}, ${2 * p}, ${2 * q}, ${c}]`,
    flops: 2 * images * p * q * kernel ** 2 * c * k,
    bound: roundingBound(k),
    inputs: () =>
      Promise.all([
        normal([images, p, q, k], 1),
        normal([kernel, kernel, c, k], 2, Math.sqrt(2 / (kernel ** 2 * k))),
      ]),
    body: ([x, filter]) => [convTranspose2d(x, filter, { stride: kernel })],
    peer: { work: "convTranspose2d", options: {} },
  };
}

function forwardAndBackward(name: string, shape: readonly number[], c: number): OperatorWork {
  const [images, p, q] = shape;
  const one = forward(name, shape, c);
  return {
    ...one,
    title: `${one.title}, and both gradients`,
    flops: 3 * (one.flops ?? 0),
    bound: roundingBound(images * p * q),
    inputs: async (): Promise<HostInput[]> => [
      ...(await one.inputs()),
      await normal([images, kernel * p, kernel * q, c], 3),
    ],
    body([x, filter, dy], engine) {
      const y = convTranspose2d(x, filter, { stride: kernel });
      const [dx] = engine.run(operators.conv2d, [dy, filter], sliding);
      const filterShape = filter.shape;
      const [dw] = engine.run(operators.conv2dWeightGradient, [dy, x], { ...sliding, filterShape });
      return [y, dx, dw];
    },
    peer: { work: "convTranspose2dAndGradients", options: {} },
  };
}

export function transposedConvolutions(): OperatorWork[] {
  return [
    forward("transposed2x2-forward", [8, 28, 28, 128], 64),
    forwardAndBackward("transposed2x2-forward-backward", [8, 28, 28, 128], 64),
    forwardAndBackward("transposed2x2-unet", [8, 24, 36, 32], 16),
  ];
}
