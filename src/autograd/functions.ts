// Autograd as most programs use it: a value with its gradients, calls without a gradient, gradients of one's own.

import { aFunction, described, expectArgument, expectOptions } from "../errors/arguments.ts";
import { LifetimeError, UsageError } from "../errors/errors.ts";
import { reshape } from "../functions/movement.ts";
import type { Engine } from "../runtime/engine.ts";
import { engineOf, expectEngine } from "../runtime/engine-of.ts";
import { Tensor } from "../tensor/tensor.ts";
import { expectTensors, gradientChecks, type GradientOptions } from "./gradient-options.ts";
import { Tape, currentTape } from "./tape.ts";

/**
 * The value of a scalar function and its gradients with respect to tensors: zeros where the value does not depend on one.
 * What the function makes on the way is released.
 *
 *     const { value, gradients } = valueAndGradients(() => mean(softplus(matmul(x, w))), [w]);
 *
 * The function may return further values beside the one that is differentiated, in a record; they are given back with the
 * gradients, and the tensors among them live on.
 *
 *     const { value, logits, gradients } = valueAndGradients(() => {
 *       const logits = linear(x, w, b);
 *       return { value: softmaxCrossEntropy(logits, targets), logits };
 *     }, [w, b]);
 *
 * @param wrt f32, at least one
 * @param options `upstream`: the gradient of something else with respect to the value, which then need not be a scalar
 * @throws ShapeError when the value has more than one element and no upstream gradient, or one of another shape; UsageError
 *   when the function returns no tensor, `wrt` is no list of tensors, or the value depends on one of them through a call
 *   that has no gradient rule
 */
export function valueAndGradients<Values extends { readonly value: Tensor; readonly gradients?: never }>(
  compute: () => Values,
  wrt: readonly Tensor[],
  options?: GradientOptions,
): Omit<Values, "gradients"> & { readonly gradients: Tensor[] };
export function valueAndGradients(
  compute: () => Tensor | { readonly value: Tensor },
  wrt: readonly Tensor[],
  options?: GradientOptions,
): { readonly value: Tensor; readonly gradients: Tensor[] };
export function valueAndGradients(
  compute: () => Tensor | { readonly value: Tensor },
  wrt: readonly Tensor[],
  options: GradientOptions = {},
): { readonly value: Tensor; readonly gradients: Tensor[] } {
  const caller = "valueAndGradients";
  expectArgument(caller, "the function that computes the value", compute, aFunction);
  expectTensors(caller, "the tensors to differentiate by", wrt);
  if (wrt.length === 0) throw new UsageError(`${caller}: there is no tensor to differentiate by; pass [w]`);
  expectOptions(caller, options, gradientChecks);
  const engine = engineOf(wrt, caller);
  return engine.scope(() => {
    using tape = new Tape(engine, wrt);
    const values = valuesOf(compute());
    return { ...values, gradients: tape.gradients(values.value, wrt, options) };
  });
}

/** What the function of `valueAndGradients` returned, as a record. */
function valuesOf(result: Tensor | { readonly value: Tensor }): { readonly value: Tensor } {
  if (result instanceof Tensor) return { value: result };
  const given: unknown = result;
  if (given instanceof Promise) {
    given.catch(() => undefined); // the error below is the one to see
    throw new UsageError(
      "valueAndGradients: the function returned a promise; await before or after it, and return a tensor",
    );
  }
  const isRecord = typeof given === "object" && given !== null;
  if (!isRecord || !("value" in given) || !(given.value instanceof Tensor)) {
    const was =
      isRecord && "value" in given ? `a record whose value is ${described(given.value)}` : described(given);
    throw new UsageError(
      `valueAndGradients: the function must return a tensor, or { value: tensor, ... }; it returned ${was}`,
    );
  }
  if ("gradients" in given) {
    throw new UsageError(
      'valueAndGradients: the function returned something named "gradients", which is what the gradients are given ' +
        "back as; name it otherwise",
    );
  }
  return result;
}

/**
 * Runs `body` without recording it: what it returns is a constant to every tape.
 * @throws UsageError when `body` is no function or asynchronous
 */
export function noGradient<Result>(engine: Engine, body: () => Result): Result {
  expectEngine("noGradient", engine);
  expectArgument("noGradient", "the body", body, aFunction);
  const observer = engine.observer;
  engine.observer = undefined;
  try {
    const result = body();
    if (result instanceof Promise) {
      result.catch(() => undefined); // the error below is the one to see
      throw new UsageError(
        "noGradient: takes a synchronous function: what comes after an await would be recorded",
      );
    }
    return result;
  } finally {
    engine.observer = observer;
  }
}

/** The same values, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return noGradient(engineOf([x], "stopGradient"), () => reshape(x, x.shape));
}

/**
 * A computation with a gradient rule of its own.
 *
 * @param forward computes one tensor from the inputs; its operators are not recorded
 * @param backward the gradients of the inputs (undefined where there is none), from that of the output
 * @throws UsageError when `forward` returns no tensor, and at the reverse sweep when `backward` returns no array
 */
export function customGradient(
  inputs: readonly Tensor[],
  forward: (inputs: readonly Tensor[]) => Tensor,
  backward: (
    gradient: Tensor,
    call: { readonly inputs: readonly Tensor[]; readonly output: Tensor },
  ) => readonly (Tensor | undefined)[],
): Tensor {
  const engine = engineOf(inputs, "customGradient");
  expectArgument("customGradient", "forward", forward, aFunction);
  expectArgument("customGradient", "backward", backward, aFunction);
  const result = engine.scope(() => noGradient(engine, () => forward(inputs)));
  if (!((result as unknown) instanceof Tensor)) {
    throw new UsageError(`customGradient: forward must return a tensor, it returned ${described(result)}`);
  }
  if (inputs.includes(result)) {
    throw new LifetimeError("customGradient: forward returned one of its inputs; return a new tensor");
  }
  // Inside noGradient nothing may be recorded, not even this.
  if (engine.observer !== undefined) {
    currentTape(engine)?.recordCustom(inputs, [result], (heldInputs, [output]) => ([gradient]) => {
      if (output === undefined || gradient === undefined) return [];
      const parts: unknown = backward(gradient, { inputs: heldInputs, output });
      if (!Array.isArray(parts)) {
        throw new UsageError(
          `customGradient: backward must return a list with the gradient of each input, it returned ${described(parts)}`,
        );
      }
      if (parts.length !== heldInputs.length) {
        throw new UsageError(
          `customGradient: backward gives ${parts.length} gradients for ${heldInputs.length} inputs; give undefined for an ` +
            "input that has none",
        );
      }
      for (const part of parts) {
        if (part === undefined || part instanceof Tensor) continue;
        throw new UsageError(
          `customGradient: backward must give tensors or undefined, it gave ${described(part)}`,
        );
      }
      return [...(parts as readonly (Tensor | undefined)[])];
    });
  }
  return result;
}
