// A device that has only so much memory: what goes beyond it is refused as WebGPU says, in an error scope. The buffers behind are
// real, so that a test sees whether they are used all the same.

import type { Engine } from "../../src/runtime/engine.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";

export interface LimitedMemory {
  /** Bytes of all buffers of the engine. */
  most: number;
  /** Buffers that were refused so far. */
  readonly refused: readonly GPUBuffer[];
}

/** Limits what an engine allocates from now on; for the rest of its life. */
export function limitMemory(engine: Engine, most: number): LimitedMemory {
  const { backend } = engine;
  if (!(backend instanceof WebGpuBackend)) throw new Error("only a WebGPU engine has memory to limit");
  const { device } = backend.gpu;
  const { bytes, pooledBytes, asideBytes } = engine.memory();
  const refused: GPUBuffer[] = [];
  const limit = { most, refused };
  let used = bytes + pooledBytes + asideBytes;
  const scopes: { isRefused: boolean }[] = [];
  const [create, push, pop] = [
    device.createBuffer.bind(device),
    device.pushErrorScope.bind(device),
    device.popErrorScope.bind(device),
  ];
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const { size } = descriptor;
    const scope = scopes.at(-1);
    if (used + size > limit.most) {
      if (scope === undefined) throw new Error(`${descriptor.label ?? ""}: nobody hears that it is refused`);
      scope.isRefused = true;
      refused.push(buffer);
      return buffer;
    }
    used += size;
    let isThere = true;
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      if (isThere) used -= size;
      isThere = false;
      destroy();
      return undefined;
    };
    return buffer;
  };
  device.pushErrorScope = (filter) => {
    scopes.push({ isRefused: false });
    push(filter);
    return undefined;
  };
  device.popErrorScope = async () => {
    const scope = scopes.pop();
    const error = await pop();
    return scope?.isRefused === true ? { message: "out of memory, at 0x7f3a" } : error;
  };
  return limit;
}
