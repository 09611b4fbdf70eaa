// Autograd as most programs use it: a value with its gradients, calls without a gradient, gradients of one's own.

import { aFunction, expectArgument } from "../errors/arguments.ts";
import { LifetimeError } from "../errors/errors.ts";
import { reshape } from "../functions/movement.ts";
import { engineOf, expectEngine, expectTensor, type Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Tape, currentTape } from "./tape.ts";

/**
 * The value of a scalar function and its gradients with respect to tensors. What the function makes on the way is
 * released.
 *
 *     const { value, gradients } = valueAndGradients(() => mean(softplus(matmul(x, w))), [w]);
 *
 * @throws ShapeError when the function returns more than one element
 */
export function valueAndGradients(
  scalar: () => Tensor,
  wrt: readonly Tensor[],
): { readonly value: Tensor; readonly gradients: Tensor[] } {
  expectArgument("valueAndGradients", "the function", scalar, aFunction);
  const engine = engineOf(wrt, "valueAndGradients");
  return engine.scope(() => {
    using tape = new Tape(engine, wrt);
    const value = scalar();
    expectTensor("valueAndGradients: what the function returns", 0, 1, value);
    return { value, gradients: tape.gradients(value, wrt) };
  });
}

/** Runs `body` without recording it: what it returns is a constant to every tape. */
export function noGradient<Result>(engine: Engine, body: () => Result): Result {
  expectEngine("noGradient", engine);
  expectArgument("noGradient", "the body", body, aFunction);
  const observer = engine.observer;
  engine.observer = undefined;
  try {
    return body();
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
  expectTensor("customGradient: what forward returns", 0, 1, result);
  if (inputs.includes(result)) {
    throw new LifetimeError("customGradient: forward returned one of its inputs; return a new tensor");
  }
  // Inside noGradient nothing may be recorded, not even this.
  if (engine.observer !== undefined) {
    currentTape(engine)?.recordCustom(inputs, [result], (heldInputs, [output]) => (gradient) => {
      if (output === undefined) return [];
      return [...backward(gradient, { inputs: heldInputs, output })];
    });
  }
  return result;
}
