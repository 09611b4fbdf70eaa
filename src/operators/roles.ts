// Checks an operator's inputs against the roles they play: how many, which element types, which shapes.

import { ShapeError } from "../errors/errors.ts";
import { equalShapes, showShape, type DType, type Shape, type TensorSpec } from "../tensor/shape.ts";
import { showSpecs, typeHint } from "./operands.ts";

/** What an operator asks of one input. */
export interface Role {
  readonly role: string;
  /** Default f32. */
  readonly dtype?: DType;
  /** Left out where any shape will do, or where the operator has more to say about it. */
  readonly shape?: Shape;
}

/**
 * Checks that every role has its input, of the right element type and shape.
 * @throws ShapeError naming the operator, the role, what it must be, and all inputs
 */
export function expectRoles(operator: string, inputs: readonly TensorSpec[], roles: readonly Role[]): void {
  if (inputs.length !== roles.length) {
    const names = roles.map(({ role }) => role).join(", ");
    throw new ShapeError(
      `${operator}: takes ${roles.length} tensors (${names}), got ${inputs.length}: ${showSpecs(inputs)}`,
    );
  }
  roles.forEach(({ role, dtype = "f32", shape }, i) => {
    const input = inputs[i];
    if (input.dtype === dtype && (shape === undefined || equalShapes(input.shape, shape))) return;
    const wanted = shape === undefined ? dtype : `${dtype} ${showShape(shape)}`;
    throw new ShapeError(
      `${operator}: ${role} must be ${wanted}, got ${showSpecs([input])} (all inputs: ${showSpecs(inputs)})` +
        typeHint(dtype, [input]),
    );
  });
}

/**
 * Checks a number among the attributes.
 * @throws ShapeError naming the operator and the attribute
 */
export function expectAttribute(
  operator: string,
  name: string,
  value: number,
  fits: boolean,
  must: string,
): void {
  // A string or null compares like the number that it looks like.
  if (fits && typeof value === "number") return;
  throw new ShapeError(
    `${operator}: ${name} must be ${must}, got ${typeof value === "string" ? JSON.stringify(value) : String(value)}`,
  );
}
