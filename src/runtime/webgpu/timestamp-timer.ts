// Replays a program with each launch in a pass of its own, between two timestamps. Nothing here exists until a profile
// asks for it.

import type { Gpu } from "../../device/gpu.ts";
import type { LaunchTimer, RunTimes, TimedLaunch } from "../launch-timer.ts";
import type { BoundLaunch } from "./bound-launch.ts";
import { usage } from "./buffers.ts";
import type { CommandQueue } from "./commands.ts";
import { StampStep } from "./stamp-step.ts";

interface TimerDevice {
  readonly gpu: Gpu;
  readonly commands: CommandQueue;
  readonly explain: (cause: unknown) => Promise<void>;
}

export class WebGpuLaunchTimer implements LaunchTimer {
  readonly launches: readonly TimedLaunch[];
  readonly #on: TimerDevice;
  readonly #bound: readonly BoundLaunch[];
  readonly #feed: () => void;
  readonly #step = new StampStep();
  #timestamps: Timestamps | undefined;

  /** `feed` queues the values of a replay. */
  constructor(on: TimerDevice, bound: readonly BoundLaunch[], feed: () => void) {
    this.#on = on;
    this.#bound = bound;
    this.#feed = feed;
    this.launches = bound.map(({ lowered }) => ({
      kernel: lowered.kernel,
      knobs: lowered.knobs,
      sizes: lowered.sizes,
      workgroups: lowered.workgroups[0] * lowered.workgroups[1],
      bytes: lowered.bindings.reduce((sum, { target }) => sum + target.bytes, 0),
      operator: lowered.label,
      shapes: lowered.shapes,
      phase: lowered.phase,
    }));
    const { gpu } = on;
    const supported = gpu.traits.features.has("timestamp-query") && bound.length > 0;
    this.#timestamps = supported ? new Timestamps(gpu.device, 2 * bound.length) : undefined;
  }

  clock(): "device" | "wall" {
    return this.#timestamps === undefined ? "wall" : "device";
  }

  resolution(): number | undefined {
    return this.#timestamps === undefined ? undefined : this.#step.seconds;
  }

  async run(): Promise<RunTimes> {
    const { gpu, explain } = this.#on;
    try {
      const times = this.#timestamps === undefined ? await this.#waiting() : await this.#stamped();
      gpu.check();
      return times;
    } catch (cause) {
      await explain(cause);
      throw cause;
    }
  }

  destroy(): void {
    this.#timestamps?.destroy();
    this.#timestamps = undefined;
  }

  async #stamped(): Promise<RunTimes> {
    const { gpu, commands } = this.#on;
    const timestamps = this.#timestamps;
    if (timestamps === undefined) throw new Error("a launch timer without timestamps waits instead");
    this.#feed();
    commands.push({
      launches: this.#bound.length,
      encodeTimed: (encoder) => {
        this.#bound.forEach((launch, i) => {
          dispatchAlone(encoder, launch, timestamps.around(i));
        });
        timestamps.resolve(encoder);
      },
    });
    await commands.flush();
    const stamps = await gpu.answer(timestamps.read());
    this.#step.see(stamps);
    const times = emptyTimes(this.#bound.length);
    const origin = stamps[0];
    let sensible = false;
    for (let i = 0; i < this.#bound.length; i++) {
      const took = Number(stamps[2 * i + 1] - stamps[2 * i]);
      times.starts[i] = Number(stamps[2 * i] - origin) / 1e9;
      times.seconds[i] = Math.max(0, took) / 1e9;
      sensible ||= took > 0;
    }
    // Some drivers have the feature and write nothing.
    if (!sensible) this.destroy();
    return times;
  }

  async #waiting(): Promise<RunTimes> {
    const { gpu, commands } = this.#on;
    const { queue } = gpu.device;
    this.#feed();
    await commands.flush();
    await gpu.answer(queue.onSubmittedWorkDone());
    const times = emptyTimes(this.#bound.length);
    const origin = performance.now();
    for (const [i, launch] of this.#bound.entries()) {
      const started = performance.now();
      const encoder = gpu.device.createCommandEncoder();
      dispatchAlone(encoder, launch);
      queue.submit([encoder.finish()]);
      await gpu.answer(queue.onSubmittedWorkDone());
      times.starts[i] = (started - origin) / 1000;
      times.seconds[i] = (performance.now() - started) / 1000;
    }
    return times;
  }
}

const emptyTimes = (launches: number): RunTimes => ({
  starts: new Float64Array(launches),
  seconds: new Float64Array(launches),
});

function dispatchAlone(
  encoder: GPUCommandEncoder,
  { pipeline, group, lowered }: BoundLaunch,
  timestampWrites?: GPUComputePassTimestampWrites,
): void {
  const pass = encoder.beginComputePass(timestampWrites === undefined ? {} : { timestampWrites });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(lowered.workgroups[0], lowered.workgroups[1]);
  pass.end();
}

/** No query set may hold more (WebGPU: maxQueryCount). */
const timestampsPerSet = 4096;
const timestampBytes = 8;
const queryResolve = 0x200; // GPUBufferUsage.QUERY_RESOLVE; the global is not defined in Node

class Timestamps {
  readonly #sets: readonly GPUQuerySet[];
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;

  constructor(device: GPUDevice, count: number) {
    this.#sets = Array.from({ length: Math.ceil(count / timestampsPerSet) }, (_, set) =>
      device.createQuerySet({
        type: "timestamp",
        count: Math.min(timestampsPerSet, count - set * timestampsPerSet),
      }),
    );
    const size = count * timestampBytes;
    this.#resolved = device.createBuffer({
      label: "timestamps",
      size,
      usage: queryResolve | usage.copySource,
    });
    this.#staging = device.createBuffer({
      label: "timestamps",
      size,
      usage: usage.mapRead | usage.copyTarget,
    });
  }

  /** Where the beginning and the end of a launch are written. */
  around(launch: number): GPUComputePassTimestampWrites {
    const first = 2 * launch;
    const at = first % timestampsPerSet;
    const querySet = this.#sets[Math.floor(first / timestampsPerSet)];
    return { querySet, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
  }

  resolve(encoder: GPUCommandEncoder): void {
    this.#sets.forEach((set, i) => {
      encoder.resolveQuerySet(set, 0, set.count, this.#resolved, i * timestampsPerSet * timestampBytes);
    });
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, this.#staging.size);
  }

  /** Nanoseconds. */
  async read(): Promise<BigUint64Array> {
    await this.#staging.mapAsync(1);
    const stamps = new BigUint64Array(this.#staging.getMappedRange().slice(0));
    this.#staging.unmap();
    return stamps;
  }

  destroy(): void {
    for (const set of this.#sets) set.destroy();
    this.#resolved.destroy();
    this.#staging.destroy();
  }
}
