// The one way from the public functions to the engine: by operator name, with that operator's attributes.

import { engineOf } from "../runtime/engine.ts";
import type { Operator } from "../operators/operator.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { operators, type AttributesOf, type OperatorName } from "../operators/registry.ts";

/**
 * Runs an operator on the engine that its inputs live on.
 * @returns the operator's outputs
 * @throws ShapeError when the shapes or attributes do not fit, LifetimeError when an input was disposed or the
 *   inputs live on different engines
 */
export function run<Name extends OperatorName>(
  name: Name,
  inputs: readonly Tensor[],
  attributes: AttributesOf<Name>,
): Tensor[] {
  const operator: Operator<AttributesOf<Name>> = operators[name] as never;
  return engineOf(inputs).run(operator, inputs, attributes);
}

/**
 * Runs an operator of your own on the engine that its inputs live on: what a function of tensors is made of.
 * (`engine.run` is the same, for an operator without inputs too.)
 *
 *     const silu = (x: Tensor): Tensor => runOperator(siluOperator, [x], {})[0];
 *
 * @returns the operator's outputs
 * @throws as `Engine.run`; LifetimeError when the inputs live on different engines
 */
export function runOperator<A>(operator: Operator<A>, inputs: readonly Tensor[], attributes: A): Tensor[] {
  return engineOf(inputs).run(operator, inputs, attributes);
}

/** Runs an operator that has exactly one output. */
export function runOne<Name extends OperatorName>(
  name: Name,
  inputs: readonly Tensor[],
  attributes: AttributesOf<Name>,
): Tensor {
  const [result] = run(name, inputs, attributes);
  if (result === undefined) throw new Error(`operator ${name} has no output`);
  return result;
}
