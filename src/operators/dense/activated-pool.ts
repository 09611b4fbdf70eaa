// Batch norm and ReLU folded into the load of a pool, for batches whose statistics are known: the normalised images are
// never stored. Transitions, stems and the last batch norm of a DenseNet are made of this.

import { ShapeError } from "../../errors/errors.ts";
import { input, output, type Candidate, type Launch, type Operator } from "../operator.ts";
import { equalShapes, sizeOf, type FloatType, type Shape, type TensorSpec } from "../../tensor/shape.ts";
import type { HostTensor } from "../../tensor/host.ts";
import { compose, type Step } from "../compose.ts";
import { slidingSizes } from "../convolution/extents.ts";
import { expectEpsilon } from "../normalisation/channels.ts";
import {
  batchGroups,
  expectBatchGroups,
  ofEachGroup,
  type BatchGroups,
} from "../normalisation/batch-groups.ts";
import { averagePool2d, type AveragePool2dAttributes } from "../pooling/average-pool2d.ts";
import { eachMember, pooledShape, type PoolingAttributes } from "../pooling/windows.ts";
import { expectAttribute, expectRoles, type Role } from "../roles.ts";
import { storedAs } from "../stored.ts";
import { expectFours } from "./channel-counts.ts";
import { alongAxes, paddingToFours, withChannelPadding } from "../channel-padding.ts";
import { activate, computeFactors } from "./stage.ts";
import { shares, step } from "./steps.ts";

/** Of its windows, without a far padding and ceilMode. */
export interface ActivatedPoolAttributes extends PoolingAttributes, BatchGroups {
  /** Means of windows, padding counted as zeros; or their maxima, padding left out. */
  readonly kind: "average" | "max";
  /** Added to the variance before its square root. */
  readonly epsilon: number;
  /** Weight of the batch in the running statistics, in [0, 1]; 0 leaves them alone. */
  readonly momentum: number;
}

/** The sizes of the pooling shaders that take channels in fours. */
export function sizesInFours(x: Shape, attributes: PoolingAttributes): Launch["sizes"] {
  const [batch, height, width, channels] = x;
  const [, outputHeight, outputWidth] = pooledShape("activatedPool", x, attributes);
  const [windowHeight, windowWidth] = attributes.window;
  const window = { windowHeight, windowWidth, outputHeight, outputWidth };
  return { batch, height, width, channels: channels / 4, ...window, ...slidingSizes(attributes) };
}

/** The windows of an activated pool: each lies inside, with the same padding on opposite sides. */
function expectPlainWindows(operator: string, attributes: AveragePool2dAttributes): void {
  const { padding, farPadding = padding, ceilMode = false, countIncludePad = true } = attributes;
  if (!ceilMode && countIncludePad && equalShapes(padding, farPadding)) return;
  throw new ShapeError(
    `${operator}: takes windows with the same padding on both sides, which counts in a mean, and without ceilMode; ` +
      "for others apply batchNorm, relu and maxPool2d or averagePool2d",
  );
}

/**
 * The shape of the pooled images.
 * @throws ShapeError for windows that the folded pools do not have
 */
export function activatedShape(operator: string, x: Shape, attributes: PoolingAttributes): Shape {
  expectPlainWindows(operator, attributes);
  return pooledShape(operator, x, attributes);
}

/** Images may be stored as f16. */
export const imagesRole = (x: TensorSpec | undefined): Role => ({
  role: "x",
  dtype: x?.dtype === "f16" ? "f16" : "f32",
});

/** @throws ShapeError unless it is one of the two kinds of pools */
export function expectKind(operator: string, kind: ActivatedPoolAttributes["kind"]): void {
  if (["average", "max"].includes(kind)) return;
  throw new ShapeError(`${operator}: there is no pool of kind "${kind}"; choose "average" or "max"`);
}

/** Which pixel of its window a pixel is, in row-major order; both by the offsets of their first channels. */
export function placeIn(x: Shape, attributes: PoolingAttributes, yAt: number, xAt: number): number {
  const [, height, width, channels] = x;
  const [, outputHeight, outputWidth] = pooledShape("activatedPool", x, attributes);
  const { window, stride, padding } = attributes;
  const [xPixel, yPixel] = [xAt / channels, yAt / channels];
  const h = Math.floor(xPixel / width) % height;
  const p = Math.floor(yPixel / outputWidth) % outputHeight;
  const i = h - p * stride[0] + padding[0];
  const j = (xPixel % width) - (yPixel % outputWidth) * stride[1] + padding[1];
  return i * window[1] + j;
}

function maxima(x: HostTensor, y: HostTensor, choice: HostTensor, attributes: PoolingAttributes): void {
  const channels = x.shape[3];
  y.data.fill(-Infinity);
  eachMember(x.shape, attributes, (yAt, xAt) => {
    const place = placeIn(x.shape, attributes, yAt, xAt);
    for (let c = 0; c < channels; c++) {
      const [value, largest] = [x.data[xAt + c], y.data[yAt + c]];
      // The first NaN of a window is its maximum.
      if (!(value > largest || (Number.isNaN(value) && !Number.isNaN(largest)))) continue;
      y.data[yAt + c] = value;
      choice.data[yAt + c] = place;
    }
  });
}

/**
 * Inputs x [N, H, W, C], statistics [2, C] (mean and biased variance of x, as denseBlock and batchMoments give them),
 * gamma [C], beta [C], running mean [C] and running variance [C] (both overwritten in place). Outputs y [N, P, Q, C],
 * the mean or maximum over each window of max(batchNorm(x), 0); factors [2, C], the scale and shift of the batch norm;
 * for maxima also the number of the pixel in its window that is the first to have it, u32 [N, P, Q, C].
 *
 * With groups of images, statistics and factors are [groups, 2, C]. The gradient takes account of the statistics depending
 * on x; they have none of their own. x may be f16; so is its gradient then.
 */
export const activatedPool: Operator<ActivatedPoolAttributes> = {
  name: "activatedPool",
  updates: [4, 5],
  infer(inputs, attributes) {
    const [x] = inputs as readonly (TensorSpec | undefined)[];
    const channels = x?.shape.at(-1) ?? 1;
    expectRoles("activatedPool", inputs, [
      imagesRole(x),
      { role: "statistics", shape: ofEachGroup([2, channels], attributes) },
      ...["gamma", "beta", "runningMean", "runningVariance"].map((role) => ({ role, shape: [channels] })),
    ]);
    const shape = activatedShape("activatedPool", inputs[0].shape, attributes);
    const { kind, epsilon, momentum } = attributes;
    expectKind("activatedPool", kind);
    expectBatchGroups("activatedPool", attributes, inputs[0].shape[0]);
    if (kind === "max") expectFours("activatedPool", { channels });
    expectEpsilon("activatedPool", epsilon);
    expectAttribute("activatedPool", "momentum", momentum, momentum >= 0 && momentum <= 1, "in [0, 1]");
    const made: TensorSpec[] = [
      { shape, dtype: "f32" },
      { shape: ofEachGroup([2, channels], attributes), dtype: "f32" },
    ];
    return kind === "max" ? [...made, { shape, dtype: "u32" }] : made;
  },
  reference([x, statistics, gamma, beta, runningMean, runningVariance], [y, factors, choice], attributes) {
    const norm = { gamma, beta, runningMean, runningVariance };
    for (const { index, images, own } of batchGroups(attributes)) {
      const its = images(x);
      const rows = its.data.length / its.shape[3];
      const momentum = index === 0 ? attributes.momentum : 0;
      computeFactors(own(statistics), norm, { ...attributes, rows, momentum }, own(factors));
      const activated = activate(its, own(factors));
      if (attributes.kind === "max") maxima(activated, images(y), images(choice), attributes);
      else averagePool2d.reference([activated], [images(y)], attributes);
    }
  },
  candidates(inputs, attributes) {
    const [{ shape, dtype }] = inputs;
    const padding = paddingToFours(shape[3]);
    const wide = vec4CandidatesOf(
      [...shape.slice(0, 3), shape[3] + padding.zeros],
      dtype as FloatType,
      attributes,
    );
    if (padding.zeros === 0) return [wide];
    const ofChannels = (attributes.groups ?? 1) === 1 ? 1 : 2;
    const given = alongAxes(inputs, [3, ofChannels, 0, 0, 0, 0]);
    return [
      withChannelPadding(
        wide,
        padding,
        given,
        alongAxes(activatedPool.infer(inputs, attributes), [3, ofChannels]),
        [4, 5],
      ),
    ];
  },
};

function vec4CandidatesOf(shape: Shape, stored: FloatType, attributes: ActivatedPoolAttributes): Candidate {
  const { kind, epsilon, momentum, groups = 1 } = attributes;
  const channels = shape[3];
  const [x, statistics, gamma, beta, runningMean, runningVariance] = [0, 1, 2, 3, 4, 5].map(input);
  const [y, factors] = [output(0), output(1)];
  const prepare = step(
    "denseGivenFactors",
    { statistics, gamma, beta, runningMean, runningVariance, factors },
    { groups, channels, epsilon, ...shares(sizeOf(shape) / channels / groups, momentum) },
  );
  const sizes = { ...sizesInFours(shape, attributes), groupImages: shape[0] / groups };
  const pool: Step =
    kind === "max"
      ? step("denseMaxPool", { x, factors, y, choice: output(2) }, sizes, storedAs(stored, "X"))
      : step("denseAveragePool", { x, factors, y }, sizes, storedAs(stored, "X"));
  return compose("fours", [], [prepare, pool]);
}
