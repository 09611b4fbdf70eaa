// What a DenseNet is made of here: a block of four layers without concatenation, and the pool of a transition with batch
// norm and ReLU folded into it.

import { activatedPool, batchMoments, denseBlock, type DenseStage, type Tensor } from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { computed, normal, uniform, type HostInput } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

const [size, first, growth, layers] = [28, 24, 12, 4];
const width = first + layers * growth;
/** Channels that each layer reads. */
const channels = Array.from({ length: layers }, (_, layer) => first + layer * growth);
const attributes = { growth, bottleneck: null, epsilon: 1e-5 } as const;
/** Of the map whose moments are taken: the first block of DenseNet-121 at its half. */
const wide = [32, 56, 56, 128] as const;
const absent = "gpu.js: fused kernels are Tessera's own; their parts are compared above";

/** gamma, beta, running mean and running variance. */
const norm = (count: number, stream: number): Promise<HostInput>[] => [
  uniform([count], stream, 0.5, 1.5),
  normal([count], stream + 1, 0.5),
  normal([count], stream + 2, 0.1),
  uniform([count], stream + 3, 0.5, 2),
];

/** x, then gamma, beta, running mean, running variance and weight of each layer. */
function blockInputs(images: number): Promise<HostInput[]> {
  return Promise.all([
    normal([images, size, size, first], 40),
    ...channels.flatMap((count, layer) => [
      ...norm(count, 50 + 10 * layer),
      normal([3, 3, count, growth], 55 + 10 * layer, Math.sqrt(2 / (9 * count))),
    ]),
  ]);
}

/** Multiply-adds of the four convolutions over all pixels, each counting two. */
function flopsOf(images: number): number {
  return channels.reduce((sum, count) => sum + 2 * images * size * size * 9 * count * growth, 0);
}

function stagesOf(tensors: readonly Tensor[]): DenseStage[][] {
  return channels.map((_, layer) => {
    const [gamma, beta, runningMean, runningVariance, weight] = tensors.slice(5 * layer, 5 * layer + 5);
    return [{ gamma, beta, runningMean, runningVariance, weight }];
  });
}

/**
 * Moves values away from the kink of the ReLUs that read them: f32 and f64 may round a sum that is nearly 0 to different
 * sides, and the gradient jumps there.
 *
 * @param map [..., C], changed in place
 * @param factors for each reader of the first channels [2, its channels], scale and shift
 */
function clearOfKinks(map: HostInput, factors: readonly HostInput[]): void {
  const count = map.shape[map.shape.length - 1];
  const near = (value: number, c: number): boolean =>
    factors.some(({ shape: [, own], data }) => c < own && Math.abs(value * data[c] + data[own + c]) < 1e-4);
  for (let i = 0; i < map.data.length; i++) {
    while (near(map.data[i], i % count)) map.data[i] += 1e-3;
  }
}

/** What the gradient of the block takes: block, statistics, dy, and factors and weight of each layer. */
async function gradientInputs(images: number): Promise<HostInput[]> {
  const inputs = await blockInputs(images);
  const [block, statistics, ...factors] = await computed(inputs, (tensors, engine) =>
    engine.run(operators.denseBlock, tensors, { ...attributes, momentum: 0.1 }),
  );
  clearOfKinks(block, factors);
  const weights = inputs.filter((_, i) => i > 0 && i % 5 === 0);
  const dy = await normal([images, size, size, width], 41);
  return [block, statistics, dy, ...factors.flatMap((each, layer) => [each, weights[layer]])];
}

const transition = { window: [2, 2], stride: [2, 2], padding: [0, 0] } as const;

/** What the transition's pool takes: x, its statistics, gamma, beta and the running statistics. */
async function poolInputs(images: number): Promise<HostInput[]> {
  const x = await normal([images, size, size, width], 42);
  const statistics = await computed([x], ([tensor]) => [batchMoments(tensor)]);
  return [x, ...statistics, ...(await Promise.all(norm(width, 43)))];
}

async function poolGradientInputs(images: number): Promise<HostInput[]> {
  const inputs = await poolInputs(images);
  const [x, statistics] = inputs;
  const [, factors] = await computed(inputs, (tensors, engine) =>
    engine.run(operators.activatedPool, tensors, {
      ...{ kind: "average", ...transition, epsilon: attributes.epsilon, momentum: 0.1 },
    }),
  );
  clearOfKinks(x, [factors]);
  return [x, statistics, factors, await normal([images, size / 2, size / 2, width], 47)];
}

export function dense(): OperatorWork[] {
  const count = 32 * size * size * width;
  return [
    {
      name: "dense-block",
      title: "[32, 28, 28, 24], 4 layers of 12 channels, 3x3",
      flops: flopsOf(32),
      bound: roundingBound(9 * channels[layers - 1], 4), // four layers, each dividing by a rounded deviation
      inputs: () => blockInputs(32),
      body([x, ...tensors]) {
        const { block, statistics } = denseBlock(x, stagesOf(tensors));
        return [block, statistics];
      },
      updates: channels.flatMap((_, layer) => [5 * layer + 3, 5 * layer + 4]),
      absent,
    },
    {
      name: "dense-block-gradient",
      title: "[8, 28, 28, 24], 4 layers of 12 channels, 3x3",
      flops: 2 * flopsOf(8),
      bound: roundingBound(8 * size * size, 4),
      inputs: () => gradientInputs(8),
      body: (tensors, engine) => engine.run(operators.denseBlockGradient, tensors, attributes),
      absent,
    },
    {
      name: "dense-moments",
      title: `[${wide.join(", ")}], mean and variance of each channel`,
      bytes: 4 * wide.reduce((product, extent) => product * extent, 1),
      bound: roundingBound(32 * 56 * 56),
      inputs: () => Promise.all([normal(wide, 61)]),
      body: ([x]) => [batchMoments(x)],
      peer: { work: "batchMoments", options: { rows: 32 * 56 * 56, c: 128 } },
    },
    {
      name: "activated-pool",
      title: `[32, 28, 28, ${width}], batch norm, ReLU and means of 2 x 2`,
      bytes: 4 * 1.25 * count,
      bound: roundingBound(4, 4),
      inputs: () => poolInputs(32),
      body: ([x, statistics, gamma, beta, runningMean, runningVariance]) => [
        activatedPool(
          "average",
          x,
          statistics,
          { gamma, beta, runningMean, runningVariance },
          {
            window: 2,
          },
        ),
      ],
      updates: [4, 5],
      absent,
    },
    {
      name: "activated-pool-gradient",
      title: `[32, 28, 28, ${width}], batch norm, ReLU and means of 2 x 2`,
      bytes: 4 * 3.5 * count, // x and dy twice, dx once
      bound: roundingBound(32 * size * size, 4),
      inputs: () => poolGradientInputs(32),
      body: (tensors, engine) =>
        engine.run(operators.activatedPoolGradient, tensors, {
          ...{ kind: "average", ...transition, epsilon: attributes.epsilon },
        }),
      absent,
    },
  ];
}
