// What every call asks of the tensors that it is given.

import { described } from "../errors/arguments.ts";
import { LifetimeError, UsageError } from "../errors/errors.ts";
import { showShape } from "../tensor/shape.ts";
import { disposed, Tensor } from "../tensor/tensor.ts";

/** @throws UsageError unless an input of an operator is a tensor, LifetimeError for a disposed one */
export function expectTensor(
  operator: string,
  index: number,
  count: number,
  value: unknown,
  wanted = "a tensor",
): asserts value is Tensor {
  if (value instanceof Tensor) {
    if (value.disposed) throw disposed(value, operator);
    return;
  }
  const which = count === 1 ? "its input" : `input ${index + 1} of ${count}`;
  throw new UsageError(`${operator}: ${which} must be ${wanted}, got ${described(value)}`);
}

/** The error for a tensor of another engine. */
export function elsewhere(call: string, { id, shape }: Tensor): LifetimeError {
  return new LifetimeError(`${call}: tensor ${id} ${showShape(shape)} lives on another engine`);
}
