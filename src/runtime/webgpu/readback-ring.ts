// Values of a tensor after each run of a program, through a ring of staging buffers: several runs share a map.

import type { Gpu } from "../../device/gpu.ts";
import { LifetimeError } from "../../errors/errors.ts";
import type { HostArray } from "../../tensor/host.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import type { Follower } from "../backend.ts";
import { hostElements, usage } from "./buffers.ts";
import type { CommandQueue } from "./commands.ts";
import type { Range } from "./storage.ts";

/** Runs that come back together, in order. */
interface Batch {
  readonly staging: GPUBuffer;
  runs: number;
  /** Set once the batch takes no more runs: their values. */
  values: Promise<HostArray[]> | undefined;
}

const stagingBuffers = 3;

export class ReadbackRing implements Follower {
  readonly #gpu: Gpu;
  readonly #commands: CommandQueue;
  readonly #explain: (cause: unknown) => Promise<void>;
  readonly #spec: TensorSpec;
  readonly #from: Range;
  readonly #every: number;
  readonly #free: GPUBuffer[] = [];
  readonly #all: GPUBuffer[] = [];
  /** Batches with runs that were not taken, oldest first; the last one may still fill. */
  readonly #waiting: Batch[] = [];
  #taken = 0;
  #pending = 0;

  constructor(
    gpu: Gpu,
    commands: CommandQueue,
    explain: (cause: unknown) => Promise<void>,
    source: { readonly spec: TensorSpec; readonly from: Range },
    every: number,
  ) {
    this.#gpu = gpu;
    this.#commands = commands;
    this.#explain = explain;
    this.#spec = source.spec;
    this.#from = source.from;
    this.#every = every;
    for (let i = 0; i < stagingBuffers; i++) this.#free.push(this.#staging());
  }

  get pending(): number {
    return this.#pending;
  }

  get batches(): number {
    return this.#waiting.reduce((count, { values }) => count + (values === undefined ? 0 : 1), 0);
  }

  ask(): void {
    const newest = this.#waiting.at(-1);
    if (newest !== undefined && newest.values === undefined) void this.#close(newest);
  }

  record(): void {
    let batch = this.#waiting.at(-1);
    if (batch === undefined || batch.values !== undefined) {
      // The ring grows only when the values of many runs are left lying.
      batch = { staging: this.#free.pop() ?? this.#staging(), runs: 0, values: undefined };
      this.#waiting.push(batch);
    }
    this.#commands.push({ from: this.#from, to: batch.staging, at: batch.runs++ * this.#from.size });
    this.#pending++;
    if (batch.runs === this.#every) void this.#close(batch);
  }

  async next(): Promise<HostArray> {
    const batch = this.#waiting.at(0);
    if (batch === undefined) throw new LifetimeError("readings: there is no run whose values were not taken");
    const index = this.#taken++;
    this.#pending--;
    const values = batch.values ?? this.#close(batch);
    if (this.#taken === batch.runs) {
      this.#waiting.shift();
      this.#taken = 0;
    }
    const run = (await values)[index];
    // Not where they come back, unasked: what is found is told once, and must reach somebody.
    await this.#commands.verify();
    return run;
  }

  destroy(): void {
    this.#commands.whenSubmitted(() => {
      for (const buffer of this.#all) buffer.destroy();
    });
    this.#waiting.length = 0;
    this.#pending = 0;
  }

  #staging(): GPUBuffer {
    const buffer = this.#gpu.device.createBuffer({
      label: "readings",
      size: this.#every * this.#from.size,
      usage: usage.mapRead | usage.copyTarget,
    });
    this.#all.push(buffer);
    return buffer;
  }

  #close(batch: Batch): Promise<HostArray[]> {
    const values = this.#read(batch.staging, batch.runs);
    values.catch(() => undefined); // whoever takes a value sees the error
    batch.values = values;
    return values;
  }

  async #read(staging: GPUBuffer, runs: number): Promise<HostArray[]> {
    const { size } = this.#from;
    try {
      await this.#commands.flush();
      await this.#gpu.answer(staging.mapAsync(1, 0, runs * size));
      const mapped = staging.getMappedRange(0, runs * size);
      const values = Array.from({ length: runs }, (_, run) => hostElements(this.#spec, mapped, run * size));
      staging.unmap();
      this.#free.push(staging);
      return values;
    } catch (cause) {
      await this.#explain(cause);
      throw cause;
    }
  }
}
