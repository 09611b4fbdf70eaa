// Convolutions with their gradients.

import { conv2d } from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { normal, type HostInput } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

const same = { stride: [1, 1], padding: [1, 1], dilation: [1, 1] } as const;

/** Sizes of a convolution that keeps the map's size as gpu.js kernels name them; r is odd. */
function convolutionSizes(images: number, size: number, c: number, k: number, r = 3): Record<string, number> {
  return { images, h: size, w: size, c, k, r, padding: (r - 1) / 2 };
}

/** A 3x3 convolution that adds k channels to a DenseNet's map of 32 images. */
function growth(name: string, size: number, c: number, k: number, streams: readonly number[]): OperatorWork {
  return {
    name,
    title: `[32, ${size}, ${size}, ${c}] * [3, 3, ${c}, ${k}], a DenseNet layer`,
    flops: 2 * 32 * size * size * 9 * c * k,
    bound: roundingBound(9 * c),
    inputs: () =>
      Promise.all([
        normal([32, size, size, c], streams[0]),
        normal([3, 3, c, k], streams[1], Math.sqrt(2 / (9 * c))),
      ]),
    body: ([images, weights]) => [conv2d(images, weights, { padding: 1 })],
    peer: { work: "conv2d", options: convolutionSizes(32, size, c, k) },
  };
}

/** 3x3, stride 1, same size, 64 to 64 channels at 28 x 28. */
export function convolutions(): OperatorWork[] {
  const [size, c, k] = [28, 64, 64];
  const flops = (images: number): number => 2 * images * size * size * 9 * c * k;
  const shape = (images: number): string => `[${images}, 28, 28, 64] * [3, 3, 64, 64], same size`;
  const x = (images: number): Promise<HostInput> => normal([images, size, size, c], 1);
  const filter = (): Promise<HostInput> => normal([3, 3, c, k], 2, Math.sqrt(2 / (9 * c)));
  const dy = (images: number): Promise<HostInput> => normal([images, size, size, k], 3);
  const filterShape = [3, 3, c, k];
  return [
    {
      name: "conv3x3-forward",
      title: shape(32),
      flops: flops(32),
      bound: roundingBound(9 * c),
      inputs: () => Promise.all([x(32), filter()]),
      body: ([images, weights]) => [conv2d(images, weights, { padding: 1 })],
      peer: { work: "conv2d", options: convolutionSizes(32, size, c, k) },
    },
    {
      name: "conv3x3-forward-backward",
      title: `${shape(32)}, and both gradients`,
      flops: 3 * flops(32),
      bound: roundingBound(32 * size * size),
      inputs: () => Promise.all([x(32), filter(), dy(32)]),
      body([images, weights, gradient], engine) {
        const y = conv2d(images, weights, { padding: 1 });
        const [dx] = engine.run(operators.conv2dInputGradient, [gradient, weights], {
          ...same,
          inputShape: images.shape,
        });
        const [dw] = engine.run(operators.conv2dWeightGradient, [images, gradient], { ...same, filterShape });
        return [y, dx, dw];
      },
      peer: { work: "conv2dAndGradients", options: convolutionSizes(32, size, c, k) },
    },
    {
      name: "conv3x3-input-gradient",
      title: shape(8),
      flops: flops(8),
      bound: roundingBound(9 * k),
      inputs: () => Promise.all([dy(8), filter()]),
      body: ([gradient, weights], engine) =>
        engine.run(operators.conv2dInputGradient, [gradient, weights], {
          ...same,
          inputShape: [8, size, size, c],
        }),
      peer: { work: "conv2dInputGradient", options: convolutionSizes(8, size, c, k) },
    },
    {
      name: "conv3x3-weight-gradient",
      title: shape(8),
      flops: flops(8),
      bound: roundingBound(8 * size * size),
      inputs: () => Promise.all([x(8), dy(8)]),
      body: ([images, gradient], engine) =>
        engine.run(operators.conv2dWeightGradient, [images, gradient], { ...same, filterShape }),
      peer: { work: "conv2dWeightGradient", options: convolutionSizes(8, size, c, k) },
    },
    growth("conv3x3-growth", size, 60, 12, [4, 5]),
    growth("conv3x3-growth-14", 14, 128, 32, [56, 57]),
    growth("conv3x3-growth-7", 7, 128, 32, [58, 59]),
    {
      name: "conv1x1-forward",
      title: "[32, 14, 14, 128] * [1, 1, 128, 64]",
      flops: 2 * 32 * 14 * 14 * 128 * 64,
      bound: roundingBound(128),
      inputs: () => Promise.all([normal([32, 14, 14, 128], 6), normal([1, 1, 128, 64], 7, 0.125)]),
      body: ([images, weights]) => [conv2d(images, weights)],
      peer: { work: "conv2d", options: convolutionSizes(32, 14, 128, 64, 1) },
    },
    {
      name: "conv1x1-weight-gradient",
      title: "[32, 14, 14, 128] * [1, 1, 128, 64]",
      flops: 2 * 32 * 14 * 14 * 128 * 64,
      bound: roundingBound(32 * 14 * 14),
      inputs: () => Promise.all([normal([32, 14, 14, 128], 6), normal([32, 14, 14, 64], 60)]),
      body: ([images, gradient], engine) =>
        engine.run(operators.conv2dWeightGradient, [images, gradient], {
          ...{ stride: [1, 1], padding: [0, 0], dilation: [1, 1] },
          filterShape: [1, 1, 128, 64],
        }),
      peer: { work: "conv2dWeightGradient", options: convolutionSizes(32, 14, 128, 64, 1) },
    },
  ];
}
