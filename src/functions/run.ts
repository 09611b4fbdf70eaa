// The one way from the public functions to the engine: by operator name, with that operator's attributes.

import { UsageError } from "../errors/errors.ts";
import { Engine } from "../runtime/engine.ts";
import { engineOf } from "../runtime/engine-of.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import type { NoAttributes } from "../operators/elementwise/unary.ts";
import type { Operator } from "../operators/operator.ts";
import { Tensor } from "../tensor/tensor.ts";
import { operators, type AttributesOf, type OperatorName } from "../operators/registry.ts";

/** What stands on either side of `add`, `greater` and their like: a tensor, or a number in the place of a scalar tensor. */
export type Operand = Tensor | number;

/**
 * Runs an operator on the engine that its inputs live on.
 * @returns the operator's outputs
 * @throws ShapeError when the shapes or attributes do not fit, UsageError when an input is no tensor, LifetimeError when one
 *   was disposed or they live on different engines
 */
export function run<Name extends OperatorName>(
  name: Name,
  inputs: readonly Tensor[],
  attributes: AttributesOf<Name>,
): Tensor[] {
  const operator: Operator<AttributesOf<Name>> = operators[name] as never;
  // The engine looks at each input itself; with none to ask for it, the error is to name the operator.
  const first: unknown = (inputs as readonly unknown[] | undefined)?.[0];
  const engine =
    first instanceof Tensor && first.owner instanceof Engine ? first.owner : engineOf(inputs, name);
  return engine.run(operator, inputs, attributes);
}

/**
 * Runs an operator of your own on the engine that its inputs live on: what a function of tensors is made of.
 * (`engine.run` is the same, for an operator without inputs too.)
 *
 *     const swish = (x: Tensor): Tensor => runOperator(swishOperator, [x], {})[0];
 *
 * @returns the operator's outputs
 * @throws as `Engine.run`; LifetimeError when the inputs live on different engines
 */
export function runOperator<A>(operator: Operator<A>, inputs: readonly Tensor[], attributes: A): Tensor[] {
  return engineOf(inputs, "runOperator").run(operator, inputs, attributes);
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

type NameWithoutAttributes = {
  [Name in OperatorName]: AttributesOf<Name> extends NoAttributes ? Name : never;
}[OperatorName];

/**
 * Runs an operator without attributes whose operands may be numbers. A number becomes what `engine.full([], number)` is, for
 * this one call: in a recorded step it is a constant.
 * @throws UsageError when no operand is a tensor; otherwise as `run`
 */
export function runWithNumbers(name: NameWithoutAttributes, operands: readonly Operand[]): Tensor {
  if (operands.every((each) => each instanceof Tensor)) return runOne(name, operands, {});
  operands.forEach((each, i) => {
    if (!isNumber(each)) expectTensor(name, i, operands.length, each, "a tensor or a number");
  });
  const tensors = operands.filter((each): each is Tensor => !isNumber(each));
  if (tensors.length === 0) {
    throw new UsageError(
      `${name}: takes at least one tensor, got numbers alone; engine.full([], ${Number(operands[0])}) makes a tensor of one`,
    );
  }
  const engine = engineOf(tensors, name);
  const scalars: Tensor[] = [];
  try {
    const inputs = operands.map((each) => {
      if (!isNumber(each)) return each;
      const scalar = engine.full([], each);
      scalars.push(scalar);
      return scalar;
    });
    return runOne(name, inputs, {});
  } finally {
    for (const scalar of scalars) scalar.dispose(); // a tape has handles of its own
  }
}

/** The options that are not undefined, to lay over defaults: one that is undefined counts as left out, wherever it is. */
export function given<Options extends object>(
  options: Options,
): { [Name in keyof Options]: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

const isNumber = (operand: Operand): operand is number => typeof operand === "number";
