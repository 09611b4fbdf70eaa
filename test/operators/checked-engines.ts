// What parity is tested with: a checked engine on the GPU, whose candidates can be asked for, and the reference.

import { afterAll, beforeAll } from "vitest";
import { openGpu } from "../../src/device/gpu.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { ReferenceBackend } from "../../src/runtime/reference-backend.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";

export interface CheckedEngines {
  readonly backend: WebGpuBackend;
  readonly engine: Engine;
  readonly reference: Engine;
}

/** Opens both before the tests of the current block and closes them after them. */
export function useCheckedEngines(): () => CheckedEngines {
  let engines: CheckedEngines | undefined;
  beforeAll(async () => {
    const backend = new WebGpuBackend(await openGpu(), { checked: true });
    engines = { backend, engine: new Engine(backend), reference: new Engine(new ReferenceBackend()) };
  });
  afterAll(() => {
    engines?.engine.close();
    engines?.reference.close();
  });
  return () => {
    if (engines === undefined) throw new Error("the engines did not open");
    return engines;
  };
}
