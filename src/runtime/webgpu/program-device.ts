// What a program needs of the backend that it is made on.

import type { Gpu } from "../../device/gpu.ts";
import type { BufferPool } from "./buffers.ts";
import type { CommandQueue } from "./commands.ts";
import type { PipelineCache } from "./pipelines.ts";
import type { SharedMemory } from "./shared-memory.ts";

export interface ProgramDevice {
  readonly gpu: Gpu;
  readonly pool: BufferPool;
  readonly pipelines: PipelineCache;
  readonly commands: CommandQueue;
  /** Where its buffers lie that need not last from run to run; undefined where it has memory of its own. */
  readonly shared: SharedMemory | undefined;
  /** Whether launches are pushed one by one, for the queue to guard them. */
  readonly checked: boolean;
  readonly explain: (cause: unknown) => Promise<void>;
}
