// Zeros around a tensor; the gradient of slice.

import { ShapeError } from "../../errors/errors.ts";
import { input, output, type Candidate, type Operator } from "../operator.ts";
import { showShape, sizeOf, stridesOf, type Shape } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { eightLanes, type Element } from "../strided-iteration.ts";
import { copyOnHost, stridedCopy } from "./strided-copy.ts";

export interface PadAttributes {
  /** Zeros in front of the tensor along each axis. */
  readonly before: readonly number[];
  /** Zeros behind it. */
  readonly after: readonly number[];
}

function paddedShape(shape: Shape, { before, after }: PadAttributes): Shape {
  return shape.map((extent, axis) => before[axis] + extent + after[axis]);
}

/** A padded tensor, merged: extents of the result and of the input, and the zeros in front of that, outermost first. */
interface Block {
  readonly extents: readonly number[];
  readonly before: readonly number[];
  readonly inputExtents: readonly number[];
}

/** The same in steps of four elements, or undefined where zeros and values meet within such a step. */
function asVectors({ extents, before, inputExtents }: Block): Block | undefined {
  const quarter = (list: readonly number[]): number[] => [...list.slice(0, -1), (list.at(-1) ?? 0) / 4];
  const fours = {
    extents: quarter(extents),
    before: quarter(before),
    inputExtents: quarter(inputExtents),
  };
  return Object.values(fours).every((list) => Number.isInteger(list.at(-1))) ? fours : undefined;
}

/** Merges each axis into the next inner one where that one is not padded: the two are one block in both tensors. */
function merged(shape: Shape, attributes: PadAttributes): Block {
  const result = { extents: [1], before: [0], inputExtents: [1] };
  const padded = paddedShape(shape, attributes);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const block = result.extents[0];
    if (block === result.inputExtents[0]) {
      result.extents[0] *= padded[axis];
      result.inputExtents[0] *= shape[axis];
      result.before[0] = attributes.before[axis] * block;
    } else {
      result.extents.unshift(padded[axis]);
      result.inputExtents.unshift(shape[axis]);
      result.before.unshift(attributes.before[axis]);
    }
  }
  return result;
}

export const pad: Operator<PadAttributes> = {
  name: "pad",
  infer(inputs, attributes) {
    expectFloats("pad", inputs, ["x"]);
    const [{ shape }] = inputs;
    for (const [side, zeros] of [
      ["before", attributes.before],
      ["after", attributes.after],
    ] as const) {
      if (zeros.length === shape.length && zeros.every((count) => Number.isInteger(count) && count >= 0))
        continue;
      throw new ShapeError(
        `pad: ${side} ${showShape(zeros)} must have a whole number, 0 or more, for each axis of ${showShape(shape)}`,
      );
    }
    return [{ shape: paddedShape(shape, attributes), dtype: "f32" }];
  },
  reference(inputs, [y], { before }) {
    const [{ shape }] = inputs;
    const strides = stridesOf(y.shape);
    const start = strides.reduce((sum, stride, axis) => sum + before[axis] * stride, 0);
    copyOnHost(inputs, y, [stridedCopy(shape, { strides: stridesOf(shape) }, { start, strides })]);
  },
  candidates([x], attributes) {
    const block = merged(x.shape, attributes);
    const make = (name: string, Element: Element, { extents, before, inputExtents }: Block): Candidate => ({
      name,
      launches: [
        {
          kernel: "pad",
          knobs: { Element, RANK: extents.length },
          bind: { x: input(0), y: output(0) },
          sizes: {
            count: sizeOf(extents),
            extents: eightLanes(extents, 1),
            before: eightLanes(before),
            xExtents: eightLanes(inputExtents, 1),
            xStrides: eightLanes(stridesOf(inputExtents)),
          },
        },
      ],
    });
    const vectors = asVectors(block);
    const elements = make("elements", "f32", block);
    return vectors === undefined ? [elements] : [elements, make("vectors", "vec4f", vectors)];
  },
};
