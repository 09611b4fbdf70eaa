// Samples of dense blocks and of pools with batch norm and ReLU folded in.

import type {
  ActivatedPoolAttributes,
  ActivatedPoolGradientAttributes,
  DenseBlockAttributes,
  DenseBlockGradientAttributes,
  DenseLayersAttributes,
} from "../../../src/operators/dense/index.ts";
import { denseOperators } from "../../../src/operators/dense/index.ts";
import { groupsAttribute, type BatchGroups } from "../../../src/operators/normalisation/batch-groups.ts";
import type { Pair } from "../../../src/operators/convolution/index.ts";
import type { Operator } from "../../../src/operators/operator.ts";
import { allocate, type HostTensor } from "../../../src/tensor/host.ts";
import { storageAttribute } from "../../../src/operators/stored.ts";
import { sizeOf, type FloatType, type Shape } from "../../../src/tensor/shape.ts";
import { graded, inHalves, normal, uniform, type Sample } from "../sample.ts";

/** What an operator's reference gives, rounded to its element type: the inputs of its gradient. */
function outputsOf<A>(operator: Operator<A>, inputs: readonly HostTensor[], attributes: A): HostTensor[] {
  const copies = inputs.map((tensor) => ({ ...tensor, data: tensor.data.slice() }));
  const outputs = operator.infer(inputs, attributes).map(({ shape, dtype }) => ({
    shape,
    dtype,
    data: allocate(dtype, sizeOf(shape), true),
  }));
  operator.reference(copies, outputs, attributes);
  return outputs.map(({ shape, dtype, data }) => ({
    shape,
    dtype,
    data: dtype === "f32" || dtype === "f16" ? Float32Array.from(data) : data,
  }));
}

/** gamma, beta, running mean and running variance. */
function norm(channels: number, seed: number): HostTensor[] {
  return [
    uniform([channels], seed, 0.5, 1.5),
    normal([channels], seed + 1, 0, 0.5),
    normal([channels], seed + 2),
    uniform([channels], seed + 3, 0.5, 2),
  ];
}

interface Block {
  readonly name: string;
  readonly x: HostTensor;
  readonly layers: number;
  readonly growth: number;
  readonly bottleneck: number | null;
  readonly epsilon?: number;
  readonly momentum?: number;
  readonly gradcheck?: boolean;
  /** What rounding grows by through the layers: a batch norm divides by a deviation that is rounded, too. */
  readonly slack?: number;
  readonly groups?: number;
}

const blocks: readonly Block[] = [
  { name: "one layer", x: normal([2, 3, 2, 4], 1), layers: 1, growth: 4, bottleneck: null, gradcheck: true },
  {
    name: "an odd number of channels",
    x: normal([2, 3, 2, 5], 11),
    layers: 2,
    growth: 4,
    bottleneck: null,
    gradcheck: true,
  },
  {
    name: "42 channels and a bottleneck",
    x: normal([1, 3, 4, 42], 12),
    layers: 2,
    growth: 8,
    bottleneck: 12,
  },
  { name: "three layers, odd sizes", x: normal([3, 5, 7, 8], 2), layers: 3, growth: 4, bottleneck: null },
  { name: "a bottleneck", x: normal([2, 2, 3, 4], 3), layers: 2, growth: 4, bottleneck: 8, gradcheck: true },
  {
    name: "several chunks, a wide bottleneck",
    x: normal([2, 9, 11, 12], 4, 1),
    layers: 3,
    growth: 8,
    bottleneck: 20,
  },
  {
    name: "running statistics left alone, large epsilon",
    x: normal([2, 4, 4, 4], 5),
    layers: 2,
    growth: 12,
    bottleneck: null,
    epsilon: 0.1,
    momentum: 0,
  },
  { name: "one pixel an image", x: normal([7, 1, 1, 4], 6), layers: 2, growth: 4, bottleneck: 4 },
  // The statistics must not lose the digits of x; scale and shift then do, as they are rounded themselves.
  {
    name: "mean a hundred deviations",
    x: normal([3, 4, 4, 4], 7, 100),
    layers: 1,
    growth: 4,
    bottleneck: null,
    slack: 60,
  },
  { name: "many workgroups", x: normal([5, 13, 12, 16], 8), layers: 2, growth: 16, bottleneck: null },
  {
    name: "two groups",
    x: normal([2, 2, 2, 4], 21),
    layers: 2,
    growth: 4,
    bottleneck: 8,
    groups: 2,
    gradcheck: true,
  },
  {
    name: "two groups of odd sizes, an odd number of channels",
    x: normal([4, 5, 7, 6], 22, 1),
    layers: 2,
    growth: 8,
    bottleneck: null,
    groups: 2,
  },
  {
    name: "three groups of several chunks, a bottleneck",
    x: normal([6, 5, 11, 12], 23, 1),
    layers: 2,
    growth: 8,
    bottleneck: 20,
    groups: 3,
  },
  {
    // Kernels of outer products take convolutions with 32 output channels; those of DenseNet have them.
    name: "two groups, 32 channels in the bottleneck and out of it",
    x: normal([2, 4, 5, 4], 25, 1),
    layers: 2,
    growth: 32,
    bottleneck: 32,
    groups: 2,
  },
  {
    // Chunks of the wide kind whose lanes have four rows and more.
    name: "two groups of whole workgroups",
    x: normal([2, 15, 19, 32], 24, 1),
    layers: 2,
    growth: 4,
    bottleneck: null,
    groups: 2,
  },
  {
    name: "more channels than a workgroup",
    x: normal([1, 2, 3, 72], 26),
    layers: 1,
    growth: 4,
    bottleneck: null,
  },
];

const attributesOf = ({
  growth,
  bottleneck,
  epsilon = 1e-5,
  momentum = 0.1,
  groups = 1,
}: Block): DenseBlockAttributes => ({
  growth,
  bottleneck,
  epsilon,
  momentum,
  ...groupsAttribute(groups),
});

function blockInputs({ x, layers, growth, bottleneck }: Block): HostTensor[] {
  const inputs = [x];
  for (let layer = 0; layer < layers; layer++) {
    const channels = x.shape[3] + layer * growth;
    const seed = 100 * (layer + 1);
    const filter = (shape: Shape, at: number): HostTensor =>
      normal(shape, at, 0, Math.sqrt(2 / sizeOf(shape.slice(0, 3))));
    inputs.push(...norm(channels, seed));
    if (bottleneck === null) inputs.push(filter([3, 3, channels, growth], seed + 10));
    else {
      inputs.push(filter([1, 1, channels, bottleneck], seed + 10), ...norm(bottleneck, seed + 20));
      inputs.push(filter([3, 3, bottleneck, growth], seed + 30));
    }
  }
  return inputs;
}

function blockSample(block: Block, stored: FloatType = "f32"): Sample<DenseBlockAttributes> {
  return {
    name: block.name,
    inputs: blockInputs(block),
    attributes: { ...attributesOf(block), ...storageAttribute(stored) },
    reduction: 9 * (block.bottleneck ?? block.x.shape[3] + block.layers * block.growth),
    slack: 4 * (block.slack ?? 1),
    gradcheck: block.gradcheck ?? false,
  };
}

function blockGradientSample(block: Block, stored: FloatType = "f32"): Sample<DenseBlockGradientAttributes> {
  const inputs = blockInputs(block);
  const ofBlock = { ...attributesOf(block), ...storageAttribute(stored) };
  const [grown, statistics, ...kept] = outputsOf(denseOperators.denseBlock, inputs, ofBlock);
  const weights = inputs.filter((_, i) => i > 0 && i % 5 === 0);
  const { momentum: _, ...attributes } = ofBlock;
  const { bottleneck, layers } = block;
  const dy = normal(grown.shape, 9);
  const perLayer = Array.from({ length: layers }, (_, layer) => {
    if (bottleneck === null) return [kept[layer], weights[layer]];
    const [factors, ...inner] = kept.slice(4 * layer, 4 * layer + 4);
    return [factors, weights[2 * layer], ...inner, weights[2 * layer + 1]];
  });
  return {
    name: block.name,
    inputs: [grown, statistics, stored === "f16" ? inHalves(dy) : dy, ...perLayer.flat()],
    attributes,
    reduction: Math.max(sizeOf(grown.shape.slice(0, 3)), 9 * grown.shape[3]),
    slack: 4 * (block.slack ?? 1),
  };
}

interface Pool {
  readonly name: string;
  readonly kind: "average" | "max";
  readonly x: HostTensor;
  readonly window: Pair;
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly momentum?: number;
  /** What its batch norm adds; default: a random number about 0. */
  readonly beta?: number;
  readonly groups?: number;
}

/**
 * The mean a hundred thousand deviations, rounded to f32 by more than a thousandth of one: the gradient finds that again
 * in x. The way forward does not: scale and shift are rounded, too. So that no value changes its side of the ReLU by
 * it, all are far above zero.
 */
const farFromZero: Pool = {
  name: "means, mean a hundred thousand deviations",
  kind: "average",
  x: normal([2, 4, 4, 4], 15, 1000, 0.01),
  window: [2, 2],
  beta: 10,
};

const pools: readonly Pool[] = [
  { name: "means of 2x2", kind: "average", x: normal([2, 4, 4, 4], 1), window: [2, 2] },
  {
    name: "means of an odd number of channels",
    kind: "average",
    x: normal([2, 4, 4, 7], 13),
    window: [2, 2],
  },
  { name: "means, a border unread", kind: "average", x: normal([1, 5, 7, 8], 2), window: [2, 2] },
  {
    name: "means of whole images",
    kind: "average",
    x: normal([3, 3, 5, 12], 3),
    window: [3, 5],
    momentum: 0,
  },
  {
    name: "means, overlapping",
    kind: "average",
    x: normal([1, 5, 4, 4], 4),
    window: [3, 3],
    stride: [2, 1],
    padding: [1, 1],
  },
  { name: "means, several chunks", kind: "average", x: normal([3, 12, 14, 20], 5, 2), window: [2, 2] },
  { name: "maxima of 2x2", kind: "max", x: normal([2, 4, 4, 4], 6), window: [2, 2] },
  {
    name: "maxima, 3x3, stride 2, padding 1",
    kind: "max",
    x: normal([2, 7, 6, 8], 7),
    window: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
  },
  {
    name: "maxima, several chunks",
    kind: "max",
    x: normal([3, 11, 14, 20], 8),
    window: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
  },
  { name: "one pixel", kind: "max", x: normal([5, 1, 1, 4], 9), window: [1, 1] },
  {
    name: "means, two groups",
    kind: "average",
    x: normal([2, 4, 4, 4], 21, 1, 2),
    window: [2, 2],
    groups: 2,
  },
  {
    name: "means, three groups, odd channels, several chunks",
    kind: "average",
    x: normal([6, 9, 7, 6], 22, 1),
    window: [2, 3],
    groups: 3,
  },
  {
    name: "means, two groups, workgroups that straddle them",
    kind: "average",
    x: normal([2, 20, 22, 36], 24, 1, 2),
    window: [2, 2],
    groups: 2,
  },
  {
    name: "maxima, two groups of odd sizes",
    kind: "max",
    x: normal([4, 5, 7, 8], 23, 1),
    window: [3, 3],
    stride: [2, 2],
    padding: [1, 1],
    groups: 2,
  },
];

const small = ({ x }: Pool): boolean => sizeOf(x.shape) <= 150;

const poolAttributes = ({
  kind,
  window,
  stride = window,
  padding = [0, 0],
  momentum = 0.1,
  groups = 1,
}: Pool): ActivatedPoolAttributes => ({
  kind,
  window,
  stride,
  padding,
  epsilon: 1e-5,
  momentum,
  ...groupsAttribute(groups),
});

function moments({ x, groups = 1 }: Pool): HostTensor {
  return outputsOf(denseOperators.batchMoments, [x], { groups })[0];
}

function poolInputs(pool: Pool): HostTensor[] {
  const { x, beta } = pool;
  const [gamma, itsBeta, ...running] = norm(x.shape[3], 20);
  if (beta !== undefined) itsBeta.data.fill(beta);
  return [x, moments(pool), gamma, itsBeta, ...running];
}

/** Keeps the statistics of a pool those of its x while the check moves x. */
function itsStatistics({ x, groups = 1 }: Pool): NonNullable<Sample<unknown>["follow"]> {
  const inputs = [{ shape: x.shape, dtype: "f32" as const }];
  const [spec] = denseOperators.batchMoments.infer(inputs, { groups });
  return ([values, statistics]) => {
    denseOperators.batchMoments.reference([{ ...inputs[0], data: values }], [{ ...spec, data: statistics }], {
      groups,
    });
  };
}

function poolSample(pool: Pool): Sample<ActivatedPoolAttributes> {
  return {
    name: pool.name,
    inputs: poolInputs(pool),
    attributes: poolAttributes(pool),
    reduction: pool.window[0] * pool.window[1],
    slack: 4,
    gradcheck: small(pool),
    follow: itsStatistics(pool),
  };
}

function poolGradientSample(pool: Pool): Sample<ActivatedPoolGradientAttributes> {
  const { momentum: _, ...attributes } = poolAttributes(pool);
  const inputs = poolInputs(pool);
  const [y, factors, ...choice] = outputsOf(denseOperators.activatedPool, inputs, poolAttributes(pool));
  return {
    name: pool.name,
    inputs: [pool.x, inputs[1], factors, normal(y.shape, 9), ...choice],
    attributes,
    reduction: sizeOf(pool.x.shape) / pool.x.shape[3],
    slack: 4,
  };
}

const rows = (name: string, x: HostTensor, gradcheck = false, groups = 1): Sample<BatchGroups> => ({
  name,
  inputs: [x],
  attributes: groupsAttribute(groups),
  reduction: x.data.length / (x.shape.at(-1) ?? 1) / groups,
  gradcheck,
});

/** With a gradient that gets smaller and smaller from channel to channel. */
const smallerSlopes = <A>(sample: Sample<A>, at = 2): Sample<A> => ({
  ...sample,
  name: `${sample.name}, smaller and smaller channels`,
  inputs: sample.inputs.map((input, i) => (i === at ? graded(input) : input)),
});

export const denseSamples = {
  batchMoments: [
    rows("images", normal([2, 3, 5, 8], 1), true),
    rows("one row", normal([1, 4], 2)),
    rows("several chunks", normal([331, 12], 3, 2, 3)),
    // A kernel that squares before it takes the mean away is off by far more than rounding here.
    rows("mean ten thousand deviations", normal([71, 4], 4, -1e4)),
    rows("smaller and smaller channels", graded(normal([71, 8], 4))),
    rows("two groups", normal([4, 3, 5, 6], 21, 1), true, 2),
    rows("three groups of several chunks", normal([3, 67, 8], 22, 2, 3), false, 3),
    rows("two groups, workgroups that straddle them", normal([2, 333, 36], 23, 2, 3), false, 2),
    // Lanes that join 98 chunks of the wide kind take four of them in one turn.
    rows("a hundred chunks", normal([12_450, 32], 24, 2, 3)),
  ] satisfies Sample<BatchGroups>[],
  denseBlock: blocks.map((block) => blockSample(block)),
  denseBlockInference: blocks.map((block): Sample<DenseLayersAttributes> => {
    const { momentum: _, groups: __, ...attributes } = attributesOf(block);
    return { ...blockSample(block), attributes };
  }),
  denseBlockGradient: [
    ...blocks.map((block) => blockGradientSample(block)),
    smallerSlopes(blockGradientSample(blocks[4])),
  ],
  activatedPool: pools.map(poolSample),
  activatedPoolGradient: [
    ...[...pools, farFromZero].map(poolGradientSample),
    smallerSlopes(poolGradientSample(pools[2]), 3),
    smallerSlopes(poolGradientSample(pools[7]), 3),
  ],
};

/** A sample with the maps of the block in half precision, and the same numbers in f32. */
export interface MixedSample {
  readonly name: "denseBlock" | "denseBlockGradient" | "activatedPool" | "activatedPoolGradient";
  readonly mixed: Sample<unknown>;
  readonly full: Sample<unknown>;
}

/** The f16 inputs as f32. */
const inFull = <A>({ inputs, attributes, ...rest }: Sample<A>): Sample<A> => ({
  ...rest,
  attributes: { ...attributes, stored: undefined },
  inputs: inputs.map((each) => (each.dtype === "f16" ? { ...each, dtype: "f32" } : each)),
});

/** The first input, a pool's images, in half precision. */
const ofHalves = <A>({ inputs: [x, ...others], ...rest }: Sample<A>): Sample<A> => ({
  ...rest,
  inputs: [inHalves(x), ...others],
});

const pooledInHalves = (pool: Pool): Pool => ({ ...pool, x: { ...inHalves(pool.x), dtype: "f32" } });

export const mixedDenseSamples: readonly MixedSample[] = [
  ...blocks.flatMap((block) => [
    { name: "denseBlock", mixed: blockSample(block, "f16") } as const,
    { name: "denseBlockGradient", mixed: blockGradientSample(block, "f16") } as const,
  ]),
  ...pools
    .map(pooledInHalves)
    .flatMap((pool) => [
      { name: "activatedPool", mixed: ofHalves(poolSample(pool)) } as const,
      { name: "activatedPoolGradient", mixed: ofHalves(poolGradientSample(pool)) } as const,
    ]),
].map(({ name, mixed }) => ({ name, mixed, full: inFull<unknown>(mixed) }));
