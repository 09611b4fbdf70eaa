// Tensors on the host by name: what files hold, and what is kept of a module.

import type { HostArray } from "./host.ts";

/** A tensor's values: Float32Array from a GPU, Float64Array from the reference backend. */
export interface HeldTensor {
  readonly shape: readonly number[];
  readonly data: HostArray;
}

/** Parameters and running statistics, by dotted name. */
export type Weights = ReadonlyMap<string, HeldTensor>;
