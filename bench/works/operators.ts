// The heavy operators, each a work: its inputs, what Tessera calls, and what gpu.js does for it.

import {
  adam,
  assembleLoss,
  augmentImages,
  averagePool2d,
  batchNorm,
  batchNormGradient,
  conv2d,
  matmul,
  maxPool2d,
  operators,
  queryInnerProduct,
  randomNormal,
  sharpen,
  type Engine,
  type Tensor,
} from "tessera";
import { bytes, normal, seed, uniform, values, type HostInput } from "../harness/data.ts";
import { roundingBound, type Bound } from "../harness/equality.ts";

/** A work of operator calls, before anyone is asked to do it. */
export interface OperatorWork {
  readonly name: string;
  readonly title: string;
  readonly flops?: number;
  readonly bytes?: number;
  readonly bound: Bound;
  readonly inputs: () => Promise<HostInput[]>;
  readonly body: (tensors: Tensor[], engine: Engine) => readonly Tensor[];
  /** Inputs that are overwritten, compared after the outputs. */
  readonly updates?: readonly number[];
  /** The same work of a peer, by the name it has there, and its sizes. */
  readonly peer?: { readonly work: string; readonly options: Readonly<Record<string, number>> };
  /** Why gpu.js is not compared. */
  readonly absent?: string;
}

const same = { stride: [1, 1], padding: [1, 1], dilation: [1, 1] } as const;

/** Sizes of a 3x3 convolution as gpu.js kernels name them. */
function convolutionSizes(images: number, size: number, c: number, k: number): Record<string, number> {
  return { images, h: size, w: size, c, k, r: 3, padding: 1 };
}

/** 3x3, stride 1, same size, 64 to 64 channels at 28 x 28. */
function convolutions(): OperatorWork[] {
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
    {
      name: "conv3x3-growth",
      title: "[32, 28, 28, 60] * [3, 3, 60, 12], a DenseNet layer",
      flops: 2 * 32 * size * size * 9 * 60 * 12,
      bound: roundingBound(9 * 60),
      inputs: () => Promise.all([normal([32, size, size, 60], 4), normal([3, 3, 60, 12], 5, 0.06)]),
      body: ([images, weights]) => [conv2d(images, weights, { padding: 1 })],
      peer: { work: "conv2d", options: convolutionSizes(32, size, 60, 12) },
    },
    {
      name: "conv1x1-forward",
      title: "[32, 14, 14, 128] * [1, 1, 128, 64]",
      flops: 2 * 32 * 14 * 14 * 128 * 64,
      bound: roundingBound(128),
      inputs: () => Promise.all([normal([32, 14, 14, 128], 6), normal([1, 1, 128, 64], 7, 0.125)]),
      body: ([images, weights]) => [conv2d(images, weights)],
      peer: { work: "conv2d", options: { images: 32, h: 14, w: 14, c: 128, k: 64, r: 1, padding: 0 } },
    },
  ];
}

function products(): OperatorWork {
  const n = 512;
  return {
    name: "matmul-512",
    title: "[512, 512] [512, 512]",
    flops: 2 * n ** 3,
    bound: roundingBound(n),
    inputs: () => Promise.all([normal([n, n], 8), normal([n, n], 9)]),
    body: ([a, b]) => [matmul(a, b)],
    peer: { work: "matmul", options: { m: n, n, k: n } },
  };
}

function normalisations(): OperatorWork[] {
  const shape = [32, 28, 28, 60];
  const [rows, c] = [32 * 28 * 28, 60];
  const count = rows * c;
  const title = "[32, 28, 28, 60]";
  const perChannel = (stream: number, low: number, high: number): Promise<HostInput> =>
    uniform([c], stream, low, high);
  return [
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
      body([x, gamma, mean, variance, gradient]) {
        const { dx, dgamma, dbeta } = batchNormGradient(x, gamma, mean, variance, gradient);
        return [dx, dgamma, dbeta];
      },
      peer: { work: "batchNormGradient", options: { rows, c } },
    },
  ];
}

function pools(): OperatorWork[] {
  const [images, size, c] = [32, 28, 72];
  const halved = { images, p: size / 2, q: size / 2, h: size, w: size, c };
  const count = images * size * size * c;
  const inputs = (): Promise<HostInput[]> => Promise.all([normal([images, size, size, c], 15)]);
  const title = `[${images}, ${size}, ${size}, ${c}]`;
  return [
    {
      name: "average-pool",
      title: `${title}, windows of 2`,
      bytes: 4 * 1.25 * count,
      bound: roundingBound(4),
      inputs,
      body: ([x]) => [averagePool2d(x, { window: 2 })],
      peer: { work: "averagePool2d", options: halved },
    },
    {
      name: "max-pool",
      title: `${title}, windows of 3, stride 2`,
      bytes: 4 * 1.25 * count,
      bound: roundingBound(1),
      inputs,
      body: ([x]) => [maxPool2d(x, { window: 3, stride: 2, padding: 1 })],
      peer: { work: "maxPool2d", options: halved },
    },
  ];
}

function optimisers(): OperatorWork {
  const count = 1 << 20;
  const step = 3;
  const hyper = [1e-3, 0.9, 0.999, 1e-8, 1 / (1 - 0.9 ** step), 1 / (1 - 0.999 ** step), 0.1, 0.001];
  return {
    name: "adam",
    title: "2^20 parameters",
    bytes: 4 * 7 * count, // four read, three written
    bound: roundingBound(1, 4),
    inputs: () =>
      Promise.all([
        normal([count], 16),
        normal([count], 17, 0.1),
        uniform([count], 18, 0.001, 0.01),
        normal([count], 19, 0.1),
        Promise.resolve(values(hyper)),
      ]),
    body([parameter, first, second, gradient, rates]) {
      adam(parameter, first, second, gradient, rates);
      return [];
    },
    updates: [0, 1, 2],
    peer: { work: "adam", options: {} },
  };
}

function images(): OperatorWork[] {
  const shape = [32, 64, 64, 1];
  return [
    {
      name: "augment-images",
      title: "[32, 64, 64, 1]",
      bytes: (1 + 4 + 4) * 32 * 64 * 64,
      bound: roundingBound(64, 64), // positions of up to 64 pixels, and sine and cosine, decide the weights
      inputs: () => Promise.all([bytes(shape, 20), uniform([32, 8], 21), normal(shape, 22)]),
      body: ([pictures, draws, noise]) => [
        augmentImages(pictures, draws, noise, {
          mean: [0.5],
          deviation: [0.25],
          shift: 4,
          rotation: 10,
          scale: 0.1,
          flip: true,
          brightness: 0.1,
          contrast: 0.1,
          noise: 5,
        }),
      ],
      absent: "gpu.js: nobody has written this in it yet",
    },
    {
      name: "random-normal",
      title: "2^20 numbers",
      bytes: 4 * (1 << 20),
      bound: roundingBound(1, 64), // cosine and logarithm
      inputs: () => Promise.resolve([seed]),
      body: ([words]) => [randomNormal(words, [1 << 20])],
      absent: "gpu.js: has no 32-bit integer product, which Philox is made of",
    },
  ];
}

function assemble(): OperatorWork[] {
  const [batch, k, d] = [256, 14, 1024];
  const features = (stream: number): Promise<HostInput> => normal([batch, d], stream, 1 / Math.sqrt(d));
  const theta = (): Promise<HostInput> => normal([k, d], 25, 1.5);
  const bias = (): Promise<HostInput> => normal([k], 26, 0.3);
  const states = async (): Promise<HostInput> => {
    const drawn = await bytes([batch, k], 27, 3);
    return { ...drawn, data: drawn.data.map((state: number) => (state === 2 ? 255 : state)) };
  };
  return [
    {
      name: "query-inner-product",
      title: "[256, 1024] features, 14 classes",
      flops: 2 * batch * k * d,
      bound: roundingBound(d),
      inputs: () => Promise.all([features(23), theta(), bias()]),
      body: ([f, t, b]) => [queryInnerProduct(f, t, b)],
      peer: { work: "queryInnerProduct", options: { batch, k, d } },
    },
    {
      name: "assemble-loss",
      title: "two views of [256, 1024], 14 classes; Tessera's with gradients",
      flops: 4 * batch * k * d,
      bound: roundingBound(batch * k, 4),
      inputs: () =>
        Promise.all([
          features(23),
          features(24),
          theta(),
          bias(),
          states(),
          Promise.resolve(values([0.7, 1.3])),
        ]),
      body([weak, strong, t, b, labels, weights]) {
        const { total, losses } = assembleLoss(weak, strong, t, b, labels, weights);
        return [total, losses];
      },
      peer: { work: "assembleLoss", options: { batch, k, d } },
    },
    {
      name: "sharpen",
      title: "2^20 probabilities",
      bytes: 8 * (1 << 20),
      bound: roundingBound(1),
      inputs: () => Promise.all([uniform([1 << 20], 28)]),
      body: ([a]) => [sharpen(a)],
      peer: { work: "sharpen", options: {} },
    },
  ];
}

/** Every operator work, the ones of the comparison with others first. */
export const operatorWorks: readonly OperatorWork[] = [
  products(),
  ...convolutions(),
  ...normalisations(),
  ...pools(),
  optimisers(),
  ...images(),
  ...assemble(),
];
