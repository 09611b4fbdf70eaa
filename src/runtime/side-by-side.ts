// Where tensors lie that share one piece of memory: a rule that engine, optimisers and their tests have in common.

import { sizeOf, type TensorSpec } from "../tensor/shape.ts";

/** Tensors of a gathered piece begin at multiples of 64 elements: a binding's offset is a multiple of 256 bytes. */
const gatherAlignment = 64;

/** Where tensors lie when they are put side by side, in elements. */
export function sideBySide(specs: readonly TensorSpec[]): {
  readonly offsets: readonly number[];
  readonly size: number;
} {
  let size = 0;
  const offsets = specs.map(({ shape }) => {
    const offset = size;
    size += Math.ceil(sizeOf(shape) / gatherAlignment) * gatherAlignment;
    return offset;
  });
  return { offsets, size };
}
