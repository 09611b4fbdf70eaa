// Tensors on the host by name: what files hold, and what is kept of a module.

import type { HostArray } from "./host.ts";

/** A tensor's values: Float32Array from a GPU, Float64Array from the reference backend. */
export interface HeldTensor {
  readonly shape: readonly number[];
  readonly data: HostArray;
}

/** Parameters and running statistics, by dotted name. */
export type Weights = ReadonlyMap<string, HeldTensor>;

/** The first of them that is not finite, in words; undefined where all are. */
export function nonFiniteIn(tensors: Weights): string | undefined {
  for (const [name, { data }] of tensors) {
    const at = data.findIndex((value: number) => !Number.isFinite(value));
    if (at >= 0) return `${name} has ${data[at]} at ${at}`;
  }
  return undefined;
}
