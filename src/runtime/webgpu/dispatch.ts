// One dispatch with everything it binds: what an operator call adds to the queue.

import type { Bound } from "./bindings.ts";
import type { PipelineEntry } from "./pipelines.ts";
import type { Range } from "./storage.ts";

export interface Dispatch {
  readonly pipeline: PipelineEntry;
  readonly buffers: readonly Bound<Range>[];
  readonly uniforms: ArrayBuffer;
  readonly workgroups: readonly [number, number];
  /** The operator that asked for it, for error messages. */
  readonly label: string;
}
