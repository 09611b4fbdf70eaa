// A program on a WebGPU device: buffers, bind groups and uniforms of a step made once, then replayed.

import { largestBinding } from "../../device/traits.ts";
import { KernelError, OutOfMemoryError } from "../../errors/errors.ts";
import type { Gpu } from "../../device/gpu.ts";
import { hostTensor } from "../../tensor/host.ts";
import type { Storage } from "../../tensor/tensor.ts";
import type { CompiledProgram, Follower } from "../backend.ts";
import type { Operand } from "../operand.ts";
import type { LaunchTimer } from "../launch-timer.ts";
import { placeOf, PlannedStorage, type Recording } from "../recording.ts";
import { largestBuffers } from "../step-plan.ts";
import type { BoundLaunch } from "./bound-launch.ts";
import { deviceBytes, uniformAlignment, usage, type BufferPool } from "./buffers.ts";
import type { CommandQueue, Replay } from "./commands.ts";
import type { Dispatch } from "./dispatch.ts";
import {
  rootOf,
  type LoweredBinding,
  type LoweredLaunch,
  type LoweredStep,
  type VirtualBuffer,
} from "./lowering.ts";
import { WebGpuLaunchTimer } from "./timestamp-timer.ts";
import type { MemoryPlan } from "./memory-plan.ts";
import type { PipelineCache } from "./pipelines.ts";
import { ReadbackRing } from "./readback-ring.ts";
import { BufferStorage, rangeOf, type Range } from "./storage.ts";

export interface ProgramDevice {
  readonly gpu: Gpu;
  readonly pool: BufferPool;
  readonly pipelines: PipelineCache;
  readonly commands: CommandQueue;
  /** Whether launches are pushed one by one, for the queue to guard them. */
  readonly checked: boolean;
  readonly explain: (cause: unknown) => Promise<void>;
}

export class WebGpuProgram implements CompiledProgram, Replay {
  readonly plan: MemoryPlan;
  /** In the order they run. */
  readonly bound: readonly BoundLaunch[];
  readonly #on: ProgramDevice;
  readonly #feeds: readonly { readonly planned: PlannedStorage; readonly to: Range }[];
  readonly #release: () => void;

  private constructor(
    on: ProgramDevice,
    plan: MemoryPlan,
    bound: readonly BoundLaunch[],
    feeds: readonly { readonly planned: PlannedStorage; readonly to: Range }[],
    release: () => void,
  ) {
    this.#on = on;
    this.plan = plan;
    this.bound = bound;
    this.#feeds = feeds;
    this.#release = release;
  }

  /**
   * Allocates what the plan says and binds it.
   * @throws OutOfMemoryError with the largest buffers when the device cannot hold them, KernelError when a pipeline
   *   does not compile
   */
  static async make(
    on: ProgramDevice,
    recording: Recording,
    results: readonly Operand[],
    step: LoweredStep,
    plan: MemoryPlan,
  ): Promise<WebGpuProgram> {
    const { gpu, pool, pipelines } = on;
    const entries = step.launches.map(({ kernel, knobs }) => pipelines.get(kernel, knobs));
    const memory = await allocate(on, plan);
    const uniforms = uniformBuffer(gpu.device, step.launches);
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      for (const buffer of memory.buffers) pool.drop(buffer);
      uniforms.buffer.destroy();
      recording.release();
    };
    try {
      for (const buffer of step.buffers) {
        const origin = buffer.storage?.origin;
        if (origin?.kind !== "constant") continue;
        const { buffer: to, offset } = memory.rangeOf(buffer);
        gpu.device.queue.writeBuffer(to, offset, deviceBytes(origin.host));
      }
      await Promise.all(entries.map(({ settled }) => settled));
      const bound = step.launches.map((lowered, i): BoundLaunch => {
        const { layout, pipeline, failure } = entries[i];
        if (failure !== undefined) throw failure;
        if (pipeline === undefined) throw new KernelError(`${lowered.kernel.name}: no pipeline`); // cannot happen
        const { kernel, label } = lowered;
        const uniform = kernel.bindings.find(({ access }) => access === "uniform");
        const buffers = lowered.bindings.map((bound) => ({ ...bound, target: memory.resolve(bound.target) }));
        const group = gpu.device.createBindGroup({
          label: `${label}: ${kernel.name}`,
          layout,
          entries: [
            ...(uniform === undefined ? [] : [{ binding: uniform.index, resource: uniforms.ranges[i] }]),
            ...buffers.map(({ index, target }) => ({ binding: index, resource: target })),
          ],
        });
        const { uniforms: packed, workgroups } = lowered;
        const dispatch: Dispatch = { pipeline: entries[i], buffers, uniforms: packed, workgroups, label };
        return { lowered, pipeline, group, dispatch };
      });
      gpu.check();
      for (const { storage } of results) {
        if (!(storage instanceof PlannedStorage)) continue;
        const range = memory.rangeOf(step.buffers.find((each) => each.storage === storage));
        storage.place = new BufferStorage(range, () => undefined); // the memory is the program's
      }
      const feeds = recording.feeds.map((planned) => ({
        planned,
        to: memory.rangeOf(step.buffers.find((each) => each.storage === planned)),
      }));
      return new WebGpuProgram(on, plan, bound, feeds, () => {
        for (const { storage } of results) if (storage instanceof PlannedStorage) storage.place = undefined;
        release();
      });
    } catch (error) {
      release();
      throw error;
    }
  }

  get launches(): number {
    return this.bound.length;
  }

  run(afterwards: () => void): void {
    this.#feed();
    const { commands, checked } = this.#on;
    if (checked) for (const { dispatch } of this.bound) commands.push(dispatch);
    else commands.push(this);
    afterwards();
    commands.submitIfReady();
  }

  timer(): LaunchTimer {
    return new WebGpuLaunchTimer(this.#on, this.bound, () => this.#feed());
  }

  /** Writes the values of this replay. */
  #feed(): void {
    const { gpu, commands } = this.#on;
    gpu.check();
    // All values before the first is written: a feed that throws leaves nothing half done. Copied, since the caller may
    // use its array again before the command is submitted.
    const writes = this.#feeds.map(({ planned: { spec, origin }, to }) => {
      const values = origin.kind === "feed" ? origin.values() : 0;
      return { to, data: deviceBytes(hostTensor(values, spec.shape, spec.dtype, "engine.feed")).slice() };
    });
    for (const write of writes) commands.push(write);
  }

  encode(pass: GPUComputePassEncoder): void {
    let current: GPUComputePipeline | undefined;
    for (const { pipeline, group, lowered } of this.bound) {
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(lowered.workgroups[0], lowered.workgroups[1]);
    }
  }

  follow(operand: Operand, every: number): Follower {
    const { gpu, commands, explain } = this.#on;
    const source = { spec: operand, from: rangeOf(placeOf(operand.storage)) };
    return new ReadbackRing(gpu, commands, explain, source, every);
  }

  destroy(): void {
    this.#on.commands.whenSubmitted(this.#release);
  }
}

interface Memory {
  readonly buffers: readonly GPUBuffer[];
  rangeOf(buffer: VirtualBuffer | undefined): Range;
  resolve(target: LoweredBinding["target"]): Range;
}

/** A buffer for every slot of the plan, or none at all. */
async function allocate({ gpu, pool }: ProgramDevice, plan: MemoryPlan): Promise<Memory> {
  const { device, traits } = gpu;
  const refused = (why: string, cause?: unknown): OutOfMemoryError =>
    new OutOfMemoryError(
      `the step needs ${(plan.bytes / 2 ** 20).toFixed(0)} MiB, ${why}; use a smaller batch or image. ` +
        `Its largest buffers:\n${largestBuffers(plan.buffers)}`,
      { cause },
    );
  const most = largestBinding(traits);
  if (plan.slots.some(({ bytes }) => bytes > most)) {
    throw refused(`and one buffer may hold ${(most / 2 ** 20).toFixed(0)} MiB on "${traits.name}"`);
  }
  const places = new Map<VirtualBuffer, { readonly slot: GPUBuffer; readonly offset: number }>();
  const buffers: GPUBuffer[] = [];
  device.pushErrorScope("out-of-memory");
  try {
    for (const slot of plan.slots) {
      const memory = pool.takeNew(slot.bytes, slot.buffers[0].buffer.label);
      buffers.push(memory);
      for (const { buffer, offset } of slot.buffers) places.set(buffer, { slot: memory, offset });
    }
  } finally {
    const error = await device.popErrorScope();
    if (error !== null) {
      for (const buffer of buffers) pool.give(buffer);
      throw refused(`which "${traits.name}" does not have`, error);
    }
  }
  const range = (buffer: VirtualBuffer | undefined): Range => {
    const place = buffer === undefined ? undefined : places.get(rootOf(buffer));
    if (buffer === undefined || place === undefined) throw new Error("a buffer of the step has no slot");
    return { buffer: place.slot, offset: place.offset + (buffer.home?.offset ?? 0), size: buffer.bytes };
  };
  return {
    buffers,
    rangeOf: range,
    resolve: (target) => ("role" in target ? range(target) : rangeFor(target.storage, target.bytes)),
  };
}

/** The part of a storage's range that a launch binds. */
function rangeFor(storage: Storage, bytes: number): Range {
  const { buffer, offset } = rangeOf(storage);
  return { buffer, offset, size: bytes };
}

/** The uniform structs of all launches in one buffer; equal ones once. */
function uniformBuffer(
  device: GPUDevice,
  launches: readonly LoweredLaunch[],
): { readonly buffer: GPUBuffer; readonly ranges: readonly Range[] } {
  const offsets = new Map<string, number>();
  const contents: Uint8Array[] = [];
  const at = launches.map(({ uniforms }) => {
    const bytes = new Uint8Array(uniforms);
    const key = bytes.join();
    let offset = offsets.get(key);
    if (offset === undefined) {
      offset = contents.length * uniformAlignment;
      offsets.set(key, offset);
      contents.push(bytes);
      for (let more = uniformAlignment; more < bytes.length; more += uniformAlignment)
        contents.push(new Uint8Array());
    }
    return { offset, size: bytes.length };
  });
  const size = Math.max(1, contents.length) * uniformAlignment;
  const staged = new Uint8Array(size);
  contents.forEach((bytes, i) => staged.set(bytes, i * uniformAlignment));
  const buffer = device.createBuffer({ label: "uniforms", size, usage: usage.uniform | usage.copyTarget });
  device.queue.writeBuffer(buffer, 0, staged);
  return { buffer, ranges: at.map((range) => ({ buffer, ...range })) };
}
