// What every operator asks of its operands before it looks at their shapes.

import { ShapeError } from "../errors/errors.ts";
import { showShape, type TensorSpec } from "../tensor/shape.ts";

/** "f32 [2, 3], u8 [4]", for error messages. */
export function showSpecs(specs: readonly TensorSpec[]): string {
  return specs.map(({ dtype, shape }) => `${dtype} ${showShape(shape)}`).join(", ") || "nothing";
}

/**
 * Checks that there is one f32 tensor for each role.
 * @throws ShapeError naming the operator, the roles and what it got instead
 */
export function expectFloats(
  operator: string,
  inputs: readonly TensorSpec[],
  roles: readonly string[],
): void {
  if (inputs.length === roles.length && inputs.every(({ dtype }) => dtype === "f32")) return;
  const wanted = roles.length === 1 ? "one f32 tensor" : `${roles.length} f32 tensors (${roles.join(", ")})`;
  throw new ShapeError(`${operator}: takes ${wanted}, got ${showSpecs(inputs)}`);
}
