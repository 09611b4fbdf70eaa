// Reshaping, reordering, cutting and joining tensors, for users. Only `reshape` shares data with its input; the
// others copy.

import {
  aList,
  described,
  aNumber,
  expectArgument,
  expectOptions,
  numbers,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";
import { engineOf } from "../runtime/engine-of.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { showSpecs, typeHint } from "../operators/operands.ts";
import {
  checkShape,
  equalShapes,
  maximumRank,
  namedAxes,
  normaliseAxis,
  showShape,
  sizeOf,
  type FloatType,
  type Shape,
} from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { run, runOne } from "./run.ts";

/**
 * The same elements in the same order under another shape. No data is copied: both tensors share it.
 *
 * @param x any element type
 * @param shape as many elements as x has; one extent may be -1 and is worked out from the others
 * @throws ShapeError when the elements do not fill the shape
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  expectTensor("reshape", 0, 1, x);
  if (!Array.isArray(shape)) checkShape("reshape", shape);
  const open = shape.indexOf(-1);
  if (open < 0) return runOne("reshape", [x], { shape });
  const rest = sizeOf(shape.filter((_, axis) => axis !== open));
  if (!(rest > 0) || x.size % rest !== 0) {
    throw new ShapeError(
      `reshape: ${showShape(x.shape)} holds ${x.size} values, which no extent in place of -1 in ` +
        `${showShape(shape)} can take`,
    );
  }
  return runOne("reshape", [x], {
    shape: shape.map((extent, axis) => (axis === open ? x.size / rest : extent)),
  });
}

/**
 * The same numbers in another element type. f16 takes half the memory: it has 11 bits, rounded to the nearest, and is infinite from
 * 65,520 on. `denseBlock` keeps its maps so; few functions take them, so cast them back.
 *
 * @param x f32 or f16, any shape
 * @param to "f32" or "f16", for which the adapter must have `shader-f16`
 * @throws ShapeError when x is of another type; UsageError where the adapter has no f16
 */
export function cast(x: Tensor, to: FloatType): Tensor {
  expectTensor("cast", 0, 1, x);
  expectArgument("cast", "the type", to, oneOf(["f32", "f16"]));
  return runOne("cast", [x], { to });
}

/**
 * The axes in another order.
 *
 * @param x f32, any shape
 * @param permutation axis i of the result is axis permutation[i] of x, negative ones counting from the end; default: all
 *   axes reversed
 * @throws ShapeError unless the permutation names each axis once
 */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  expectTensor("transpose", 0, 1, x);
  if (permutation === undefined) {
    return runOne("transpose", [x], { permutation: x.shape.map((_, axis) => x.shape.length - 1 - axis) });
  }
  expectArgument("transpose", "the permutation", permutation, aList);
  return runOne("transpose", [x], { permutation: namedAxes("transpose", x.shape, permutation) });
}

/**
 * The box that starts at `begin` and has the extents `size`.
 *
 * @param x f32, any shape
 * @throws ShapeError when the box leaves x or has not one number per axis
 */
export function slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  expectArgument("slice", "begin", begin, numbers);
  expectArgument("slice", "size", size, numbers);
  return runOne("slice", [x], { begin, size });
}

/**
 * The channels begin to begin + size - 1 of [..., channels].
 *
 * @throws ShapeError when x has fewer channels
 */
export function sliceChannels(x: Tensor, begin: number, size: number): Tensor {
  expectTensor("sliceChannels", 0, 1, x);
  const outer = x.shape.slice(0, -1);
  const channels = x.shape.at(-1) ?? 0;
  const fits = Number.isInteger(begin) && Number.isInteger(size) && begin >= 0 && size >= 1;
  if (!fits || begin + size > channels) {
    throw new ShapeError(
      `sliceChannels: begin ${described(begin)} and size ${described(size)} must lie in the ${channels} channels of ` +
        showShape(x.shape),
    );
  }
  return slice(x, [...outer.map(() => 0), begin], [...outer, size]);
}

/**
 * Zeros around x.
 *
 * @param x f32, any shape
 * @param before zeros in front of x along each axis
 * @param after zeros behind x along each axis
 * @throws ShapeError unless both have a whole number, 0 or more, for each axis
 */
export function pad(x: Tensor, before: readonly number[], after: readonly number[]): Tensor {
  expectArgument("pad", "before", before, numbers);
  expectArgument("pad", "after", after, numbers);
  return runOne("pad", [x], { before, after });
}

/**
 * Tensors one behind the other along an axis.
 *
 * @param xs f32, one or more, of equal shape except along the axis
 * @param axis negative ones count from the end
 * @throws ShapeError when other extents differ
 */
export function concat(xs: readonly Tensor[], axis: number): Tensor {
  return joined("concat", xs, axis);
}

/** [..., channels] tensors side by side along their last axis; otherwise as `concat`. */
export function concatChannels(xs: readonly Tensor[]): Tensor {
  return joined("concatChannels", xs, -1);
}

/**
 * Tensors of one shape one behind the other along a new axis.
 *
 * @param xs f32, one or more, of equal shape, with five axes at most
 * @param axis where the new axis stands in the result; negative ones count from the end. Default 0
 * @throws ShapeError when the shapes differ, or the result would not have that axis
 */
export function stack(xs: readonly Tensor[], axis = 0): Tensor {
  engineOf(xs, "stack");
  const [{ shape }] = xs;
  const other = xs.find((x) => !equalShapes(x.shape, shape));
  if (other !== undefined) {
    throw new ShapeError(`stack: ${showShape(shape)} and ${showShape(other.shape)} must be equal`);
  }
  if (xs.some(({ dtype }) => dtype !== "f32") || shape.length >= maximumRank) {
    throw new ShapeError(
      `stack: takes f32 tensors of up to ${maximumRank - 1} axes, got ${showSpecs(xs)}${typeHint("f32", xs)}`,
    );
  }
  const at = normaliseAxis("stack", [...shape, 1], axis);
  const withAxis = [...shape.slice(0, at), 1, ...shape.slice(at)];
  const rows = xs.map((x) => reshape(x, withAxis));
  try {
    return runOne("concat", rows, { axis: at });
  } finally {
    for (const row of rows) row.dispose(); // a tape has handles of its own
  }
}

/**
 * x cut into parts along an axis; `concat` joins them again. Its gradient joins those of the parts, with zeros for a part that
 * nothing depends on.
 *
 * @param x f32
 * @param parts how many equal parts, or the size of each
 * @param axis negative ones count from the end. Default 0
 * @returns a tensor for each part, one behind the other
 * @throws ShapeError when the parts do not fill the axis; UsageError when they are neither a whole number nor a list of numbers
 */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  expectTensor("split", 0, 1, x);
  expectArgument("split", "the parts", parts, partsOrSizes);
  const at = normaliseAxis("split", x.shape, axis);
  if (typeof parts !== "number") return run("split", [x], { axis: at, sizes: parts });
  const size = x.shape[at] / parts;
  if (!Number.isInteger(size)) {
    throw new ShapeError(
      `split: axis ${at} of ${showShape(x.shape)} has no ${parts} equal parts; name their sizes`,
    );
  }
  return run("split", [x], { axis: at, sizes: new Array<number>(parts).fill(size) });
}

const partsOrSizes: Requirement = {
  words: "a whole number from 1, or a list of numbers",
  fits: (value) => wholeFrom(1).fits(value) || numbers.fits(value),
};

function joined(name: string, xs: readonly Tensor[], axis: number): Tensor {
  engineOf(xs, name);
  return runOne("concat", xs, { axis: normaliseAxis(name, xs[0].shape, axis) });
}

/**
 * x repeated along axes where it has extent 1, and along new leading axes, until it has the shape.
 *
 * @param x f32
 * @throws ShapeError when an extent of x is neither 1 nor that of the shape
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return runOne("broadcastTo", [x], { shape });
}

/** The layout of a pack. */
interface Layout {
  readonly offsets: readonly number[];
  readonly size: number;
}

const layoutFields: OptionChecks<Layout> = { offsets: required(numbers), size: required(aNumber) };

/**
 * Tensors side by side in one flat piece with zeros between them, in the layout of `engine.gather`. A recorded step
 * computes them there in the first place.
 *
 * @param tensors f32, any shapes
 * @param layout offsets and size of `sideBySide(tensors)`
 * @throws ShapeError when a tensor does not fit between its offset and the next
 */
export function pack(tensors: readonly Tensor[], layout: Layout): Tensor {
  expectOptions("pack", layout, layoutFields);
  return runOne("pack", tensors, { offsets: layout.offsets, size: layout.size });
}

export interface TakeRowsOptions {
  /**
   * A row that takes no part in the gradient, as `padding_idx` of torch's Embedding: it is read as the others are, and its
   * gradient is zero. Default: none.
   */
  readonly padding?: number | undefined;
}

const takeRowsOptions: OptionChecks<TakeRowsOptions> = { padding: wholeFrom(0) };

/**
 * The rows of x that the indices name, in their order: a batch out of a set that lies on the device, or the rows of an
 * embedding, in one launch. Its gradient is `addRows`.
 *
 * @param x [N, ...], any element type; f32 has a gradient
 * @param indices u32 of any shape, below N; one past the end takes the last row
 * @returns of the same element type: the shape of the indices, then that of a row, so [B, T, d] for indices [B, T] and x [N, d]
 * @throws ShapeError when x has no axis, the indices are not u32, the result has more than six axes, or the padding is none of
 *   the rows
 */
export function takeRows(x: Tensor, indices: Tensor, options: TakeRowsOptions = {}): Tensor {
  expectTensor("takeRows", 0, 2, x);
  expectTensor("takeRows", 1, 2, indices);
  expectOptions("takeRows", options, takeRowsOptions);
  const attributes = { padding: options.padding ?? null };
  if (indices.shape.length === 1 || indices.dtype !== "u32") {
    return runOne("takeRows", [x, indices], attributes);
  }
  const shape = [...indices.shape, ...x.shape.slice(1)];
  checkShape("takeRows", shape);
  return reshape(runOne("takeRows", [x, reshape(indices, [indices.size])], attributes), shape);
}

/**
 * Rows added up by number: row r of the result is the sum of the rows b of x with indices[b] = r, in ascending order of b,
 * so the bits are the same from run to run; a row that no index names is zero. Its gradient is `takeRows`.
 *
 * @param x f32: the shape of the indices, then that of a row
 * @param indices u32 of any shape, below `rows`; what has one past the end is added to the last row
 * @param rows rows of the result
 * @param options `padding`: a row that takes nothing and stays zero; default: none
 * @returns f32 [rows, ...]
 * @throws ShapeError when x is not f32 with a row for each index, the indices are not u32, or the padding is none of the rows;
 *   UsageError when rows or the padding are no whole numbers
 */
export function addRows(x: Tensor, indices: Tensor, rows: number, options: TakeRowsOptions = {}): Tensor {
  expectTensor("addRows", 0, 2, x);
  expectTensor("addRows", 1, 2, indices);
  expectArgument("addRows", "the number of rows", rows, wholeFrom(1));
  expectOptions("addRows", options, takeRowsOptions);
  const attributes = { rows, padding: options.padding ?? null };
  const axes = indices.shape.length;
  if (axes === 1 || indices.dtype !== "u32" || !equalShapes(x.shape.slice(0, axes), indices.shape)) {
    return runOne("addRows", [x, indices], attributes);
  }
  const flat = reshape(x, [indices.size, ...x.shape.slice(axes)]);
  return runOne("addRows", [flat, reshape(indices, [indices.size])], attributes);
}
