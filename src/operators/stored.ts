// Floats that lie in memory as f16: which knobs say so, what devices take it, and what the references make of it.

import { UsageError } from "../errors/errors.ts";
import type { AdapterTraits } from "../device/traits.ts";
import type { Knobs } from "../kernels/source.ts";
import { roundToHalf } from "../tensor/half.ts";
import type { HostTensor } from "../tensor/host.ts";
import type { DType, FloatType } from "../tensor/shape.ts";

/** What an operator that may keep floats in half the memory asks for. */
export interface Storage {
  /** How what is large lies in memory; it is computed with in f32 all the same. Default f32. */
  readonly stored?: FloatType;
}

/** As an attribute, which is left out where it is the default: a call is told apart by the text of its attributes. */
export const storageAttribute = (stored: FloatType): Storage => (stored === "f32" ? {} : { stored });

/** The knobs of these names, of type `stored`; none where that is what the shader says. */
export function storedAs(type: DType, ...names: readonly string[]): Knobs {
  return type === "f16" ? Object.fromEntries(names.map((name) => [name, type])) : {};
}

/** @throws UsageError naming the operator where the adapter cannot read and write f16 */
export function expectHalves(operator: string, { name, features }: AdapterTraits): void {
  if (features.has("shader-f16")) return;
  throw new UsageError(
    `${operator}: keeps numbers as f16, and the adapter "${name}" has no shader-f16; compute in full precision there ` +
      "(precision: full)",
  );
}

/** The same, rounded to what an element type holds; f32 stays as precise as it was computed. */
export function settled(tensor: HostTensor, dtype: DType): HostTensor {
  if (dtype !== "f16") return tensor;
  const copy = { ...tensor, dtype, data: tensor.data.slice() };
  settle(copy);
  return copy;
}

/** Rounds what was computed to what its element type holds, as a store does. */
export function settle({ dtype, data }: HostTensor): void {
  if (dtype !== "f16") return;
  for (let i = 0; i < data.length; i++) data[i] = roundToHalf(data[i]);
}
