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
import { largestBuffers, mebibytes } from "../step-plan.ts";
import type { BoundLaunch } from "./bound-launch.ts";
import { deviceBytes, usage } from "./buffers.ts";
import type { Replay } from "./commands.ts";
import type { Dispatch } from "./dispatch.ts";
import { rootOf, type LoweredBinding, type LoweredStep, type VirtualBuffer } from "./lowering.ts";
import { WebGpuLaunchTimer } from "./timestamp-timer.ts";
import { isOwn, uniformLayout, type MemoryPlan } from "./memory-plan.ts";
import type { ProgramDevice } from "./program-device.ts";
import { ReadbackRing } from "./readback-ring.ts";
import { BufferStorage, rangeOf, type Range } from "./storage.ts";
import type { Refusal } from "./shared-memory.ts";

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
    const layout = uniformLayout(step.launches);
    const uniforms = pool.takeAside("uniforms", layout.bytes, usage.uniform | usage.copyTarget);
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      memory.release();
      pool.putAway(uniforms);
      recording.release();
    };
    try {
      await pool.settled();
      gpu.check();
      for (const { offset, values } of layout.contents)
        gpu.device.queue.writeBuffer(uniforms, offset, values);
      for (const buffer of step.buffers) {
        const origin = buffer.storage?.origin;
        if (origin?.kind !== "constant") continue;
        const { buffer: to, offset } = memory.rangeOf(buffer);
        gpu.device.queue.writeBuffer(to, offset, deviceBytes(origin.host));
      }
      await Promise.all(entries.map(({ settled }) => settled));
      const bound = step.launches.map((lowered, i): BoundLaunch => {
        const { layout: group, pipeline, failure } = entries[i];
        if (failure !== undefined) throw failure;
        if (pipeline === undefined) throw new KernelError(`${lowered.kernel.name}: no pipeline`); // cannot happen
        const { kernel, label } = lowered;
        const uniform = kernel.bindings.find(({ access }) => access === "uniform");
        const buffers = lowered.bindings.map((bound) => ({ ...bound, target: memory.resolve(bound.target) }));
        const bindings = gpu.device.createBindGroup({
          label: `${label}: ${kernel.name}`,
          layout: group,
          entries: [
            ...(uniform === undefined
              ? []
              : [{ binding: uniform.index, resource: { buffer: uniforms, ...layout.places[i] } }]),
            ...buffers.map(({ index, target }) => ({ binding: index, resource: target })),
          ],
        });
        const { uniforms: packed, workgroups } = lowered;
        const dispatch: Dispatch = { pipeline: entries[i], buffers, uniforms: packed, workgroups, label };
        return { lowered, pipeline, group: bindings, dispatch };
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
    const source = { spec: operand, from: rangeOf(placeOf(operand.storage)) };
    return new ReadbackRing(this.#on, source, every);
  }

  destroy(): void {
    this.#on.commands.whenSubmitted(this.#release);
  }
}

interface Memory {
  release(): void;
  rangeOf(buffer: VirtualBuffer | undefined): Range;
  resolve(target: LoweredBinding["target"]): Range;
}

export const moreThanThereIs = "which is more than there is on";

/** The error for steps that the device cannot hold. */
export function refusedStep(
  { traits }: Gpu,
  { bytes, buffers }: Pick<MemoryPlan, "bytes" | "buffers">,
  why: string,
  options: { readonly what?: string; readonly available?: number; readonly cause?: unknown } = {},
): OutOfMemoryError {
  const { available, cause, what = "the step" } = options;
  const given = available === undefined ? "" : ` (it gives ${mebibytes(available)} MiB in all)`;
  const needs = what.endsWith("s") ? "need" : "needs";
  return new OutOfMemoryError(
    `${what} ${needs} ${mebibytes(bytes)} MiB, ${why} "${traits.name}"${given}; use a smaller batch or image. ` +
      `The largest buffers of a step:\n${largestBuffers(buffers)}`,
    { cause, ...(available === undefined ? {} : { available }) },
  );
}

/** @throws OutOfMemoryError for a step with a buffer that there can never be */
function expectPieces(gpu: Gpu, plan: MemoryPlan): void {
  const most = largestBinding(gpu.traits);
  if (plan.slots.some(({ bytes }) => bytes > most))
    throw refusedStep(gpu, plan, `and one buffer may hold ${mebibytes(most)} MiB on`);
}

/** A buffer for every slot of the plan, or none at all. */
async function allocate({ gpu, pool, shared }: ProgramDevice, plan: MemoryPlan): Promise<Memory> {
  expectPieces(gpu, plan);
  const refused: Refusal = (available, cause) =>
    refusedStep(gpu, plan, moreThanThereIs, { available, cause });
  const nameOf = ({ buffers: [{ buffer }] }: MemoryPlan["slots"][number]): string => buffer.label;
  const own = plan.slots.filter((slot) => shared === undefined || isOwn(slot));
  const passing = plan.slots.filter((slot) => !own.includes(slot)).sort((a, b) => b.bytes - a.bytes);
  const buffers = await pool.takeAll(
    own.map((slot) => ({ bytes: slot.bytes, label: nameOf(slot) })),
    refused,
  );
  let borrowed: readonly GPUBuffer[] = [];
  try {
    if (shared !== undefined) {
      const sizes = passing.map(({ bytes }) => bytes);
      borrowed = await shared.take(sizes, passing.map(nameOf), refused);
    }
  } catch (error) {
    for (const buffer of buffers) pool.drop(buffer);
    throw error;
  }
  const places = new Map<VirtualBuffer, { readonly slot: GPUBuffer; readonly offset: number }>();
  for (const [slots, memory] of [[own, buffers] as const, [passing, borrowed] as const]) {
    slots.forEach((slot, i) => {
      for (const { buffer, offset } of slot.buffers) places.set(buffer, { slot: memory[i], offset });
    });
  }
  const range = (buffer: VirtualBuffer | undefined): Range => {
    const place = buffer === undefined ? undefined : places.get(rootOf(buffer));
    if (buffer === undefined || place === undefined) throw new Error("a buffer of the step has no slot");
    return { buffer: place.slot, offset: place.offset + (buffer.home?.offset ?? 0), size: buffer.bytes };
  };
  return {
    release: () => {
      for (const buffer of buffers) pool.drop(buffer);
      shared?.release();
    },
    rangeOf: range,
    resolve: (target) => ("role" in target ? range(target) : rangeFor(target.storage, target.bytes)),
  };
}

/** The part of a storage's range that a launch binds. */
function rangeFor(storage: Storage, bytes: number): Range {
  const { buffer, offset } = rangeOf(storage);
  return { buffer, offset, size: bytes };
}
