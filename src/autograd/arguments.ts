// Checks of what callers pass to the tape: a wrong kind of argument is one line that says what to pass instead.

import { ShapeError, UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { engineOf } from "../runtime/engine.ts";
import { equalShapes, showShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

export interface GradientOptions {
  /**
   * The gradient of something else with respect to the value, f32 of the value's shape, as the argument of torch's
   * `backward`. Default: 1, of a scalar.
   */
  readonly upstream?: Tensor;
}

/**
 * The f32 tensors of a list.
 * @throws UsageError naming the caller and what the argument is
 */
export function expectTensors(caller: string, what: string, list: Iterable<Tensor>): Tensor[] {
  if (list instanceof Tensor) {
    throw new UsageError(`${caller}: ${what} come in an array: [tensor] in place of the tensor alone`);
  }
  // Programs in plain JavaScript pass anything.
  const given: unknown = list;
  if (typeof given !== "object" || given === null || !(Symbol.iterator in given)) {
    throw new UsageError(`${caller}: ${what} must be an array of tensors, got ${kindOf(given)}`);
  }
  const tensors = [...list];
  for (const [at, each] of tensors.entries()) {
    if (!((each as unknown) instanceof Tensor)) {
      throw new UsageError(`${caller}: ${what} must be tensors, number ${at} is ${kindOf(each)}`);
    }
    if (each.dtype !== "f32") {
      throw new UsageError(
        `${caller}: ${what} must be f32, number ${at} is ${each.dtype} ${showShape(each.shape)}; only f32 has gradients`,
      );
    }
  }
  return tensors;
}

/**
 * The upstream gradient among the options, if there is one.
 * @throws UsageError for options that do not exist or an upstream gradient that is none, ShapeError when it has not the
 *   value's shape, or the value is no scalar and there is none
 */
export function expectUpstream(value: Tensor, options: GradientOptions): Tensor | undefined {
  expectOptions("gradients", options);
  const { upstream } = options;
  if (upstream === undefined) {
    if (value.size === 1) return undefined;
    throw new ShapeError(
      `gradients: takes a scalar, got ${showShape(value.shape)}; sum or mean it first, or pass { upstream }, a gradient ` +
        "of that shape",
    );
  }
  expectTensors("gradients", "the value and its upstream gradient", [value, upstream]);
  engineOf([value, upstream]);
  if (!equalShapes(upstream.shape, value.shape)) {
    throw new ShapeError(
      `gradients: the upstream gradient ${showShape(upstream.shape)} must have the value's shape, ${showShape(value.shape)}`,
    );
  }
  return upstream;
}

/** @throws UsageError for an option that does not exist, with the nearest one */
export function expectOptions(caller: string, options: GradientOptions): void {
  const given: unknown = options;
  if (typeof given !== "object" || given === null || given instanceof Tensor) {
    throw new UsageError(`${caller}: options must be a record such as { upstream }, got ${kindOf(given)}`);
  }
  const strange = Object.keys(given).find((key) => key !== "upstream");
  if (strange !== undefined) {
    throw new UsageError(`${caller}: there is no option "${strange}"${suggestion(strange, ["upstream"])}`);
  }
}

/** What something is, for messages. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (value instanceof Tensor) return `a tensor ${showShape(value.shape)}`;
  if (value instanceof Promise) return "a promise";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  return `a ${typeof value}`;
}
