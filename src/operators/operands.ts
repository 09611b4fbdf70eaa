// What every operator asks of its operands before it looks at their shapes.

import { ShapeError } from "../errors/errors.ts";
import { showShape, type DType, type TensorSpec } from "../tensor/shape.ts";

/** "f32 [2, 3], u8 [4]", for error messages. */
export function showSpecs(specs: readonly TensorSpec[]): string {
  return specs.map(({ dtype, shape }) => `${dtype} ${showShape(shape)}`).join(", ") || "nothing";
}

/**
 * What to do about a tensor of another element type, as the end of an error message; nothing where the types are right.
 *
 * @param wanted the type that every one of the inputs should have
 */
export function typeHint(wanted: DType, inputs: readonly TensorSpec[]): string {
  const other = inputs.find(({ dtype }) => dtype !== wanted);
  if (other === undefined) return "";
  const call = `engine.tensor(values, shape, "${wanted}")`;
  const looked = wanted === "f32" && other.dtype === "u32" ? ", and takeRows looks up f32 by u32" : "";
  return `; ${call} makes ${wanted} of whole numbers${looked}`;
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
  throw new ShapeError(`${operator}: takes ${wanted}, got ${showSpecs(inputs)}${typeHint("f32", inputs)}`);
}
