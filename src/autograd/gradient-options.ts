// What callers pass to the tape beside tensors to differentiate: the upstream gradient.

import { described, expectOptions, type OptionChecks, type Requirement } from "../errors/arguments.ts";
import { ShapeError, UsageError } from "../errors/errors.ts";
import { engineOf } from "../runtime/engine-of.ts";
import { equalShapes, showShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

export interface GradientOptions {
  /**
   * The gradient of something else with respect to the value, f32 of the value's shape, as the argument of torch's
   * `backward`. Default: 1, of a scalar.
   */
  readonly upstream?: Tensor;
}

const aTensor: Requirement = { words: "a tensor", fits: (value) => value instanceof Tensor };

export const gradientChecks: OptionChecks<GradientOptions> = { upstream: aTensor };

/**
 * The f32 tensors of a list.
 * @throws UsageError naming the caller and what the argument is
 */
export function expectTensors(caller: string, what: string, list: Iterable<Tensor>): Tensor[] {
  if (list instanceof Tensor) {
    throw new UsageError(`${caller}: ${what} come in a list: [tensor] in place of the tensor alone`);
  }
  // Programs in plain JavaScript pass anything.
  const given: unknown = list;
  if (typeof given !== "object" || given === null || !(Symbol.iterator in given)) {
    throw new UsageError(`${caller}: ${what} must be a list of tensors, got ${described(given)}`);
  }
  const tensors = [...list];
  for (const [at, each] of tensors.entries()) expectFloats(caller, `${what}: number ${at}`, each);
  return tensors;
}

/**
 * The upstream gradient among the options, if there is one.
 * @throws UsageError for options that do not exist or an upstream gradient that is none, ShapeError when it has not the
 *   value's shape, or the value is no scalar and there is none
 */
export function expectUpstream(value: Tensor, options: GradientOptions): Tensor | undefined {
  expectFloats("gradients", "the value", value);
  expectOptions("gradients", options, gradientChecks);
  const { upstream } = options;
  if (upstream === undefined) {
    if (value.size === 1) return undefined;
    throw new ShapeError(
      `gradients: takes a scalar, got ${showShape(value.shape)}; sum or mean it first, or pass { upstream }, a gradient ` +
        "of that shape",
    );
  }
  expectFloats("gradients", "the upstream gradient", upstream);
  engineOf([value, upstream], "gradients");
  if (!equalShapes(upstream.shape, value.shape)) {
    throw new ShapeError(
      `gradients: the upstream gradient ${showShape(upstream.shape)} must have the value's shape, ${showShape(value.shape)}`,
    );
  }
  return upstream;
}

function expectFloats(caller: string, what: string, value: unknown): void {
  if (!(value instanceof Tensor)) {
    throw new UsageError(`${caller}: ${what} must be a tensor, got ${described(value)}`);
  }
  if (value.dtype !== "f32") {
    throw new UsageError(
      `${caller}: ${what} must be f32, got ${value.dtype} ${showShape(value.shape)}; only f32 has gradients`,
    );
  }
}
