// Launches waiting to be submitted. An operator call only adds to this list, so it never waits for a compiler;
// once every pipeline in it is ready the list becomes one encoder, one compute pass, one submit.

import type { Gpu } from "../../device/index.ts";
import { usage, type BufferPool } from "./buffers.ts";
import type { PipelineEntry } from "./pipelines.ts";

/** One dispatch with everything it binds. */
export interface Command {
  readonly pipeline: PipelineEntry;
  /** A buffer for every storage binding, by binding index. */
  readonly buffers: readonly { readonly binding: number; readonly buffer: GPUBuffer }[];
  readonly uniforms: ArrayBuffer;
  readonly workgroups: readonly [number, number];
  /** The operator that asked for it, for error messages. */
  readonly label: string;
}

// Launches per submit: large enough that a submit (145 microseconds, Dawn in Node, 2026) does not count, small
// enough that the device starts while the program still encodes.
const launchesPerSubmit = 64;
const uniformAlignment = 256;

export class CommandQueue {
  readonly #gpu: Gpu;
  readonly #pool: BufferPool;
  #pending: Command[] = [];
  #uniforms: GPUBuffer | undefined;
  #launches = 0;

  constructor(gpu: Gpu, pool: BufferPool) {
    this.#gpu = gpu;
    this.#pool = pool;
  }

  /** Launches submitted so far. */
  get launches(): number {
    return this.#launches;
  }

  push(command: Command): void {
    this.#pending.push(command);
    if (this.#pending.length < launchesPerSubmit) return;
    this.#throwFailure();
    if (this.#pending.every(({ pipeline }) => pipeline.pipeline !== undefined)) this.#submit();
  }

  /**
   * Submits everything pushed so far, waiting for pipelines that still compile.
   * @throws KernelError when one of them does not compile; the waiting launches are dropped then
   */
  async flush(): Promise<void> {
    for (;;) {
      const waiting = this.#pending.filter(({ pipeline: { pipeline, failure } }) => !pipeline && !failure);
      if (waiting.length === 0) break;
      await Promise.all(waiting.map(({ pipeline }) => pipeline.settled));
    }
    this.#throwFailure();
    this.#submit();
  }

  destroy(): void {
    this.#pending = [];
    this.#uniforms?.destroy();
    this.#uniforms = undefined;
  }

  #throwFailure(): void {
    const failed = this.#pending.find(({ pipeline }) => pipeline.failure !== undefined);
    if (failed?.pipeline.failure === undefined) return;
    this.#pending = [];
    throw failed.pipeline.failure;
  }

  #submit(): void {
    const commands = this.#pending;
    this.#pending = [];
    if (commands.length === 0) return;
    const { device } = this.#gpu;
    const offsets = this.#writeUniforms(commands);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    let current: GPUComputePipeline | undefined;
    commands.forEach((command, i) => {
      const { pipeline, layout, kernel } = command.pipeline;
      if (pipeline === undefined) return; // flush and push checked: cannot happen
      const uniform = kernel.bindings.find(({ access }) => access === "uniform");
      const entries: GPUBindGroupEntry[] = command.buffers.map(({ binding, buffer }) => ({
        binding,
        resource: { buffer },
      }));
      if (uniform !== undefined && this.#uniforms !== undefined) {
        entries.push({
          binding: uniform.index,
          resource: { buffer: this.#uniforms, offset: offsets[i] ?? 0, size: kernel.uniformBytes },
        });
      }
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      pass.setBindGroup(
        0,
        device.createBindGroup({ label: `${command.label}: ${kernel.name}`, layout, entries }),
      );
      pass.dispatchWorkgroups(...command.workgroups);
    });
    pass.end();
    device.queue.submit([encoder.finish()]);
    this.#launches += commands.length;
    this.#pool.submitted();
  }

  /** All uniform structs of a submit in one buffer; the write is ordered after earlier submits that read it. */
  #writeUniforms(commands: readonly Command[]): number[] {
    let end = 0;
    const offsets = commands.map(({ uniforms }) => {
      const offset = end;
      end += Math.ceil(uniforms.byteLength / uniformAlignment) * uniformAlignment;
      return offset;
    });
    if (end === 0) return offsets;
    const staged = new Uint8Array(end);
    commands.forEach(({ uniforms }, i) => staged.set(new Uint8Array(uniforms), offsets[i]));
    const { device } = this.#gpu;
    if (this.#uniforms === undefined || this.#uniforms.size < end) {
      // The submits that read the old one are under way; destroying waits for them.
      this.#uniforms?.destroy();
      const size = Math.max(end, launchesPerSubmit * uniformAlignment);
      this.#uniforms = device.createBuffer({
        label: "uniforms",
        size,
        usage: usage.uniform | usage.copyTarget,
      });
    }
    device.queue.writeBuffer(this.#uniforms, 0, staged);
    return offsets;
  }
}
