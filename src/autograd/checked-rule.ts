// The gradient rule of an operator that is not built in: what it gives is looked at before the tape adds it up.

import { ShapeError, UsageError } from "../errors/errors.ts";
import type { Gradient, GradientRule } from "../operators/gradient-rule.ts";
import type { Operator } from "../operators/operator.ts";
import { inField } from "../operators/record-checks.ts";
import { equalShapes, showShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * The rule, with every gradient checked against its input.
 * @throws UsageError, when the rule runs, unless it gives one function or `undefined` for each input and each function
 *   gives a tensor; ShapeError when that has not the shape of its input
 */
export function checkedRule(operator: Operator<never>, rule: GradientRule<unknown>): GradientRule<unknown> {
  const refuse = (why: string): never => {
    throw new UsageError(`operator ${operator.name}: gradient ${why}`);
  };
  return (call) => {
    const { inputs } = call;
    const given: unknown = inField(operator, "gradient", () => rule(call));
    if (!Array.isArray(given)) return refuse("must give a list of functions, one for each input");
    if (given.length !== inputs.length) {
      refuse(`gives ${given.length} for ${inputs.length} inputs; give undefined for an input that has none`);
    }
    return (given as readonly unknown[]).map((gradient, i): Gradient => {
      if (gradient === undefined) return undefined;
      if (typeof gradient !== "function") {
        return refuse(`of input ${i} must be a function that makes it, () => ..., or undefined`);
      }
      return () => {
        const made: unknown = inField(operator, `gradient of input ${i}`, gradient as () => unknown);
        if (!(made instanceof Tensor)) return refuse(`of input ${i} must give a tensor`);
        const { shape } = inputs[i];
        if (made.dtype === "f32" && equalShapes(made.shape, shape)) return made;
        throw new ShapeError(
          `operator ${operator.name}: gradient of input ${i} is ${made.dtype} ${showShape(made.shape)}, ` +
            `and the input is ${showShape(shape)}`,
        );
      };
    });
  };
}
