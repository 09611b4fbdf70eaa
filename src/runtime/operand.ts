// What a backend works on in the place of a tensor.

import type { TensorSpec } from "../tensor/shape.ts";
import type { Storage, Tensor } from "../tensor/tensor.ts";

/** An input of an operator: where its data is, and what it looks like. */
export interface Operand extends TensorSpec {
  readonly storage: Storage;
}

/** The operand of a tensor. @throws LifetimeError for a disposed one */
export function operandOf({ shape, dtype, storage }: Tensor): Operand {
  return { shape, dtype, storage };
}
