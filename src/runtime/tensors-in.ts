// Results of steps and scopes may be tensors in arrays and records: which tensors are in them.

import { Tensor } from "../tensor/tensor.ts";

/** Every tensor inside arrays, plain records, maps and sets. */
export function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
    const items: unknown[] = [...(value as Iterable<unknown>)];
    return items.flatMap(tensorsIn);
  }
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.values(value).flatMap(tensorsIn);
  }
  return [];
}
