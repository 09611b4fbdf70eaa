// What the layers of a dense block read and write: the one place that knows the order of the operators' tensors.

import { described } from "../../errors/arguments.ts";
import { ShapeError } from "../../errors/errors.ts";
import type { Shape, TensorSpec } from "../../tensor/shape.ts";
import type { Extents, Sliding } from "../convolution/extents.ts";
import { showSpecs } from "../operands.ts";
import { expectRoles, type Role } from "../roles.ts";
import { expectBatchGroups, ofEachGroup, type BatchGroups } from "../normalisation/batch-groups.ts";
import type { Storage } from "../stored.ts";
import { expectFours } from "./channel-counts.ts";
import type { ChannelPadding } from "../channel-padding.ts";

/** What is stored, by `stored`, is the block, z, and their gradients. */
export interface DenseLayersAttributes extends Storage {
  /** Channels each layer adds, a multiple of four. */
  readonly growth: number;
  /** Channels between the 1x1 and the 3x3 convolution of a layer, a multiple of four; null for a 3x3 alone. */
  readonly bottleneck: number | null;
  /** Added to variances before their square root. */
  readonly epsilon: number;
}

/** A batch norm, ReLU and convolution of a layer; a layer is one of these, or two with a bottleneck. */
export interface StageShape {
  /** Channels that the batch norm reads. */
  readonly channels: number;
  /** [R, S, C, K], R = S = 1 or 3 */
  readonly weight: Shape;
  /** Whether it reads the block or what the stage before it wrote. */
  readonly reads: "block" | "inner";
}

export interface DenseLayout extends Required<Storage> {
  /** Groups of images with statistics of their own. */
  readonly groups: number;
  /** Rows of pixels of a group: N * H * W / groups. */
  readonly rows: number;
  readonly inputChannels: number;
  /** Channels of the finished block. */
  readonly width: number;
  readonly image: Shape;
  /** The stages of each layer. */
  readonly layers: readonly (readonly StageShape[])[];
}

/** The layout of a block that starts as `image` [N, H, W, C] and has this many layers. */
export function layoutOf(
  image: Shape,
  count: number,
  attributes: DenseLayersAttributes & BatchGroups,
): DenseLayout {
  const { growth, bottleneck, groups = 1, stored = "f32" } = attributes;
  const [batch, height, width, inputChannels] = image;
  const layers = Array.from({ length: count }, (_, i): StageShape[] => {
    const channels = inputChannels + i * growth;
    if (bottleneck === null) return [{ channels, weight: [3, 3, channels, growth], reads: "block" }];
    return [
      { channels, weight: [1, 1, channels, bottleneck], reads: "block" },
      { channels: bottleneck, weight: [3, 3, bottleneck, growth], reads: "inner" },
    ];
  });
  return {
    stored,
    groups,
    rows: (batch * height * width) / groups,
    inputChannels,
    width: inputChannels + count * growth,
    image: [batch, height, width],
    layers,
  };
}

/** @throws ShapeError unless the channel counts suit the kernels, epsilon is positive, and there is such a type to store in */
export function expectLayers(
  operator: string,
  { growth, bottleneck, epsilon, stored = "f32" }: DenseLayersAttributes,
): void {
  if (!["f32", "f16"].includes(stored)) {
    throw new ShapeError(`${operator}: stored must be "f32" or "f16", got ${described(stored)}`);
  }
  expectFours(operator, { growth });
  if (bottleneck !== null) expectFours(operator, { bottleneck });
  if (!(growth > 0) || bottleneck === 0) {
    throw new ShapeError(`${operator}: growth ${growth} and bottleneck ${bottleneck} must be above 0`);
  }
  if (!(epsilon > 0)) throw new ShapeError(`${operator}: epsilon must be positive, got ${epsilon}`);
}

/** Tensors a stage brings to `denseBlock`, in order. */
export const stageInputs = ["gamma", "beta", "runningMean", "runningVariance", "weight"] as const;

/** Where the tensors of a stage start among the inputs of `denseBlock`; stages are counted through all layers. */
export const stageInput = (stage: number): number => 1 + stageInputs.length * stage;

/**
 * The layout of a block from x and the tensors of all its stages.
 * @throws ShapeError naming the operator and what does not fit
 */
export function layoutOfBlock(
  operator: string,
  inputs: readonly TensorSpec[],
  attributes: DenseLayersAttributes & BatchGroups,
): DenseLayout {
  const [x] = inputs as readonly (TensorSpec | undefined)[];
  const perLayer = stageInputs.length * (attributes.bottleneck === null ? 1 : 2);
  const count = (inputs.length - 1) / perLayer;
  if (x?.shape.length !== 4 || count < 1 || !Number.isInteger(count)) {
    throw new ShapeError(
      `${operator}: takes images [N, H, W, C] and ${perLayer} tensors for each of its layers, got ` +
        showSpecs(inputs),
    );
  }
  expectLayers(operator, attributes);
  expectBatchGroups(operator, attributes, x.shape[0]);
  const layout = layoutOf(x.shape, count, attributes);
  const roles = layout.layers.flatMap((stages, layer) =>
    stages.flatMap(({ channels, weight }, stage) =>
      stageInputs.map((role) => ({
        role: `${role} ${stage + 1} of layer ${layer + 1}`,
        shape: role === "weight" ? weight : [channels],
      })),
    ),
  );
  expectRoles(operator, inputs, [{ role: "x" }, ...roles]);
  return layout;
}

/** What the layers leave behind for the way back: per layer factors (, z, its statistics, its factors). */
export function keptRoles({ groups, image, layers, stored }: DenseLayout): (Role & { shape: Shape })[] {
  return layers.flatMap((stages, layer) =>
    stages.flatMap(({ channels, reads }, stage) => {
      const of = `${stage + 1} of layer ${layer + 1}`;
      const perChannel = ofEachGroup([2, channels], { groups });
      const factors = { role: `factors ${of}`, shape: perChannel };
      if (reads === "block") return [factors];
      return [
        { role: `z ${of}`, shape: [...image, channels], dtype: stored },
        { role: `statistics ${of}`, shape: perChannel },
        factors,
      ];
    }),
  );
}

export const asSpecs = (roles: readonly (Pick<TensorSpec, "shape"> & Partial<TensorSpec>)[]): TensorSpec[] =>
  roles.map(({ shape, dtype = "f32" }) => ({ shape, dtype }));

/** How a stage's filter slides: it keeps the image's size. */
export function slidingOf({ weight: [height, width] }: StageShape): Sliding {
  return { stride: [1, 1], padding: [(height - 1) / 2, (width - 1) / 2], dilation: [1, 1] };
}

/** A stage's convolution as the convolution launches want it. */
export function extentsOfStage({ image }: DenseLayout, { weight }: StageShape): Extents {
  const [batch, height, width] = image;
  const [filterHeight, filterWidth, channels, outputChannels] = weight;
  const output = { outputHeight: height, outputWidth: width, outputChannels };
  return { batch, height, width, channels, filterHeight, filterWidth, ...output };
}

/** The same block with a padding behind the channels of x. */
export function widenedLayout(
  layout: DenseLayout,
  { zeros }: ChannelPadding,
  attributes: DenseLayersAttributes & BatchGroups,
): DenseLayout {
  return layoutOf([...layout.image, layout.inputChannels + zeros], layout.layers.length, attributes);
}

/** Tensors of each stage with the axes of those that a padding goes into: only what goes with the block's channels. */
export function stageAxes(
  { layers }: DenseLayout,
  block: readonly number[],
  inner: number,
): (number | undefined)[] {
  const untouched = new Array<undefined>(inner).fill(undefined);
  return layers
    .flat()
    .flatMap(({ reads }): readonly (number | undefined)[] => (reads === "block" ? block : untouched));
}

/** Channels from one pixel to the next of what a stage reads. */
export function strideOf({ width }: DenseLayout, { channels, reads }: StageShape): number {
  return reads === "block" ? width : channels;
}
