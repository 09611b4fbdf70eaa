// What the rows of the gradient table are made of, beside the functions that everybody has.

import { UsageError } from "../../errors/errors.ts";
import { add, affine } from "../../functions/elementwise.ts";
import { broadcastTo, cast, reshape } from "../../functions/movement.ts";
import { sum } from "../../functions/reduction.ts";
import type { Gradient, GradientOf, OutputsRule } from "../../operators/gradient-rule.ts";
import type { Operator } from "../../operators/operator.ts";
import { equalShapes, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What is known of the gradient of each operator of a room: total, so that an operator without a row does not compile. */
export type GradientsOf<Room> = {
  readonly [Name in keyof Room]: Room[Name] extends Operator<infer Attributes>
    ? GradientOf<Attributes> | OutputsRule<Attributes>
    : never;
};

/** Two gradients of one tensor, which meet there. */
export function sumOfGradients(a: Tensor, b: Tensor): Tensor {
  if (a.dtype !== "f16") return add(a, b);
  using left = cast(a, "f32");
  using right = cast(b, "f32");
  using both = add(left, right);
  return cast(both, "f16");
}

export const scale = (x: Tensor, factor: number): Tensor => affine(x, factor, 0);
export const zero = (like: Tensor): Tensor => scale(like, 0);

/** Sums a gradient over the axes along which an input was broadcast. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  if (equalShapes(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((extent, axis) =>
    axis < lead || (shape[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
  return reshape(axes.length === 0 ? gradient : sum(gradient, { axes }), shape);
}

/** A reduced tensor, spread again over the shape it was reduced from. */
export function spread(reduced: Tensor, axes: readonly number[], shape: Shape): Tensor {
  const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  return broadcastTo(reshape(reduced, kept), shape);
}

export function noGradientOf(operator: string, input: string): Gradient {
  return () => {
    throw new UsageError(`${operator}: there is no gradient of its ${input}; pass it through stopGradient()`);
  };
}

/** In the place of the gradient of an input that is a function of the first one, whose gradient holds that part, too. */
export const partOfFirst: Gradient = () => {
  throw new UsageError("a gradient that is part of another has no value of its own"); // the tape does not call it
};
