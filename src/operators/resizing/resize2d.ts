// Images of another size, and the gradient: each pixel adds up what was made of it, in a fixed order.

import type { AdapterTraits } from "../../device/traits.ts";
import { input, output, type Candidate, type Launch, type Operator } from "../operator.ts";
import { ShapeError } from "../../errors/errors.ts";
import { showShape, type Shape, type TensorSpec } from "../../tensor/shape.ts";
import type { Pair } from "../convolution/extents.ts";
import { expectFloats } from "../operands.ts";
import { expectRoles } from "../roles.ts";
import { byElement } from "../strided-iteration.ts";
import { positionsAlong, tapsOf, type ResizeMethod } from "./positions.ts";

export interface Resize2dAttributes {
  /** [height, width] of the output. */
  readonly size: Pair;
  readonly method: ResizeMethod;
}

export interface Resize2dGradientAttributes {
  /** [height, width] of what was resized. */
  readonly size: Pair;
  readonly method: ResizeMethod;
}

function imageOf(operator: string, shape: Shape): [batch: number, height: number, width: number, c: number] {
  if (shape.length === 4) return [shape[0], shape[1], shape[2], shape[3]];
  throw new ShapeError(
    `${operator}: takes images as [images, height, width, channels], got ${showShape(shape)}`,
  );
}

/** Calls `visit` for every output pixel and each of its taps: offsets of their first channels, and the weight. */
function eachTap(
  [batch, height, width, channels]: Shape,
  { size, method }: Resize2dAttributes,
  visit: (yAt: number, xAt: number, weight: number) => void,
): void {
  const [vertical, horizontal] = positionsAlong("resize2d", [height, width], size, method);
  const columns = Array.from({ length: size[1] }, (_, q) => tapsOf(q, horizontal, method));
  for (let line = 0; line < batch * size[0]; line++) {
    const image = Math.floor(line / size[0]) * height;
    for (const { pixel: h, weight: down } of tapsOf(line % size[0], vertical, method)) {
      columns.forEach((taps, q) => {
        for (const { pixel: w, weight: across } of taps) {
          visit((line * size[1] + q) * channels, ((image + h) * width + w) * channels, down * across);
        }
      });
    }
  }
}

function candidatesOf(
  { kernel, bind }: Pick<Launch, "kernel" | "bind">,
  [batch, height, width, channels]: Shape,
  { size, method }: Resize2dAttributes,
  { isSoftware }: AdapterTraits,
): Candidate[] {
  // Where an invocation begins it divides ten times; on lavapipe that takes as long as some pixels (2026: 5.1 ms of processor time
  // with 36 columns, 5.9 with 8). A GPU wants many invocations.
  const COLUMNS = isSoftware ? 32 : 8;
  const [vertical, horizontal] = positionsAlong("resize2d", [height, width], size, method);
  const sizes = {
    batch,
    height,
    width,
    outputHeight: size[0],
    outputWidth: size[1],
    stepHeight: vertical.step,
    stepWidth: horizontal.step,
    startHeight: vertical.start,
    startWidth: horizontal.start,
    unitHeight: vertical.unit,
    unitWidth: horizontal.unit,
  };
  return byElement(channels, (name, Element, channels) => ({
    name,
    launches: [{ kernel, knobs: { Element, COLUMNS }, bind, sizes: { ...sizes, channels } }],
  }));
}

/** Input x [N, H, W, C]; output [N, P, Q, C]. */
export const resize2d: Operator<Resize2dAttributes> = {
  name: "resize2d",
  infer(inputs, { size, method }) {
    expectFloats("resize2d", inputs, ["x"]);
    const [batch, height, width, channels] = imageOf("resize2d", inputs[0].shape);
    positionsAlong("resize2d", [height, width], size, method);
    return [{ shape: [batch, size[0], size[1], channels], dtype: "f32" }];
  },
  reference([x], [y], attributes) {
    const [channels] = x.shape.slice(-1);
    eachTap(x.shape, attributes, (yAt, xAt, weight) => {
      for (let c = 0; c < channels; c++) y.data[yAt + c] += weight * x.data[xAt + c];
    });
  },
  candidates([x], attributes, adapter) {
    const kernel = attributes.method === "nearest" ? "resizeNearest" : "resizeBilinear";
    return candidatesOf({ kernel, bind: { x: input(0), y: output(0) } }, x.shape, attributes, adapter);
  },
};

/** What the gradient's dy is a gradient of: the image that was resized, and to what size. */
function forwardOf(dy: Shape, { size, method }: Resize2dGradientAttributes): [Shape, Resize2dAttributes] {
  const [batch, height, width, channels] = imageOf("resize2dGradient", dy);
  return [[batch, size[0], size[1], channels], { size: [height, width], method }];
}

/** Input dy [N, P, Q, C]; output dx [N, H, W, C], the gradient of resize2d. */
export const resize2dGradient: Operator<Resize2dGradientAttributes> = {
  name: "resize2dGradient",
  infer(inputs, attributes) {
    const [dy] = inputs as readonly (TensorSpec | undefined)[];
    expectRoles("resize2dGradient", inputs, [{ role: "dy" }]);
    const { size, method } = attributes;
    const [, height, width] = imageOf("resize2dGradient", dy?.shape ?? []);
    positionsAlong("resize2dGradient", size, [height, width], method);
    return [{ shape: forwardOf(inputs[0].shape, attributes)[0], dtype: "f32" }];
  },
  reference([dy], [dx], attributes) {
    const [channels] = dy.shape.slice(-1);
    eachTap(...forwardOf(dy.shape, attributes), (yAt, xAt, weight) => {
      for (let c = 0; c < channels; c++) dx.data[xAt + c] += weight * dy.data[yAt + c];
    });
  },
  candidates([dy], attributes, adapter) {
    const kernel = attributes.method === "nearest" ? "resizeNearestGradient" : "resizeBilinearGradient";
    return candidatesOf(
      { kernel, bind: { dy: input(0), dx: output(0) } },
      ...forwardOf(dy.shape, attributes),
      adapter,
    );
  },
};
