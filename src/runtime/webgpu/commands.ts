// Launches waiting to be submitted. An operator call only adds to this list, so it never waits for a compiler;
// once every pipeline in it is ready the list becomes one encoder, one compute pass, one submit.

import type { Gpu } from "../../device/gpu.ts";
import { KernelError, OutOfMemoryError } from "../../errors/errors.ts";
import { uniformAlignment, usage, type BufferPool } from "./buffers.ts";
import type { Dispatch } from "./dispatch.ts";
import type { GuardedLaunches } from "./guarded-launches.ts";
import type { Range } from "./storage.ts";

/** A copy out of a buffer as it is at this place in the order: what comes later may overwrite the buffer. */
export interface Copy {
  readonly from: Range;
  readonly to: GPUBuffer;
  readonly at: number;
}

/** Data from the host, written in its place in the order: what came before still sees the old values. */
export interface Write {
  readonly to: Range;
  readonly data: Uint8Array;
}

/** Zeros, written in their place in the order. */
export interface Clear {
  readonly clear: Range;
}

/** A recorded step: all its launches, with everything bound. */
export interface Replay {
  readonly launches: number;
  encode(pass: GPUComputePassEncoder): void;
}

/** A recorded step whose launches are in passes of their own. */
export interface TimedReplay {
  readonly launches: number;
  encodeTimed(encoder: GPUCommandEncoder): void;
}

type Command = Dispatch | Copy | Write | Clear | Replay | TimedReplay;
const isDispatch = (command: Command): command is Dispatch => "pipeline" in command;

/** The buffers that a command reads or writes; those of a recorded step were there when it was recorded. */
function touched(command: Command): readonly GPUBuffer[] {
  if (isDispatch(command)) return command.buffers.map(({ target }) => target.buffer);
  if ("at" in command) return [command.from.buffer, command.to];
  return written(command);
}

function written(command: Command): readonly GPUBuffer[] {
  if (isDispatch(command)) {
    return command.buffers.filter(({ writes }) => writes).map(({ target }) => target.buffer);
  }
  if ("at" in command) return [command.to];
  if ("data" in command) return [command.to.buffer];
  return "clear" in command ? [command.clear.buffer] : [];
}

// Launches per submit: large enough that a submit (145 microseconds, Dawn in Node, 2026) does not count, small
// enough that the device starts while the program still encodes.
const launchesPerSubmit = 64;

/** How much of what checked launches did wrong is told in one error. */
const told = 6;

export class CommandQueue {
  readonly #gpu: Gpu;
  readonly #pool: BufferPool;
  readonly #guard: GuardedLaunches | undefined;
  #pending: Command[] = [];
  #uniforms: GPUBuffer | undefined;
  #failure: KernelError | undefined;
  #launches = 0;

  /** `guard` runs the dispatches of a checked engine. */
  constructor(gpu: Gpu, pool: BufferPool, guard?: GuardedLaunches) {
    this.#gpu = gpu;
    this.#pool = pool;
    this.#guard = guard;
  }

  /** Launches submitted so far. */
  get launches(): number {
    return this.#launches;
  }

  /**
   * Adds a command to the order.
   * @throws KernelError once a pipeline did not compile: results that need it were never computed, so nothing that
   *   comes after can be trusted; OutOfMemoryError for what works on a tensor whose memory the device refused
   */
  push(command: Command): void {
    this.#throwFailure();
    if (this.#pool.hasMissing && touched(command).some((buffer) => this.#pool.isMissing(buffer))) {
      throw new OutOfMemoryError(
        "the device refused the memory of a tensor that this needs, or that one was computed from; use a smaller batch or image",
      );
    }
    this.#pending.push(command);
    if (this.#pending.length >= launchesPerSubmit) this.submitIfReady();
  }

  /** Submits what was pushed, unless a pipeline in it still compiles or the device has not said whether it has a buffer. */
  submitIfReady(): boolean {
    const ready =
      this.#pool.isSettled &&
      this.#pending.every((each) => !isDispatch(each) || each.pipeline.pipeline !== undefined);
    if (ready) this.#submit();
    return ready;
  }

  /**
   * Submits everything pushed so far, waiting for pipelines that still compile and for buffers that the device may refuse.
   * @throws KernelError as `push`
   */
  async flush(): Promise<void> {
    for (;;) {
      const waiting = this.#pending
        .filter(isDispatch)
        .filter(({ pipeline: { pipeline, failure } }) => pipeline === undefined && failure === undefined);
      // What the device refuses is left out, and nothing else: it must have said so.
      if (waiting.length === 0 && this.#pool.isSettled) break;
      await Promise.all([...waiting.map(({ pipeline }) => pipeline.settled), this.#pool.settled()]);
    }
    this.#throwFailure();
    this.#submit();
  }

  /** @throws KernelError in a checked engine, with what the launches submitted since the last call did wrong */
  async verify(): Promise<void> {
    const found = (await this.#guard?.violations()) ?? [];
    if (found.length === 0) return;
    const rest = found.length > told ? `; and ${found.length - told} more` : "";
    throw new KernelError(`a checked launch went wrong: ${found.slice(0, told).join("; ")}${rest}`);
  }

  /** Calls `action` once everything pushed so far is submitted, at once where it is: what it used may be destroyed then. */
  whenSubmitted(action: () => void): void {
    if (this.submitIfReady()) action();
    else
      void this.flush()
        .catch(() => undefined)
        .then(action);
  }

  destroy(): void {
    this.#pending = [];
    if (this.#uniforms !== undefined) this.#pool.putAway(this.#uniforms);
    this.#uniforms = undefined;
    this.#guard?.destroy();
  }

  #throwFailure(): void {
    const earlier = this.#failure;
    if (earlier !== undefined) {
      throw new KernelError(
        `results are missing on this engine since a kernel did not compile; open another (${earlier.message})`,
      );
    }
    this.#failure = this.#pending.filter(isDispatch).find(({ pipeline }) => pipeline.failure)
      ?.pipeline.failure;
    if (this.#failure === undefined) return;
    this.#pending = [];
    throw this.#failure;
  }

  #submit(): void {
    const commands = this.#pool.hasMissing ? this.#withoutMissing(this.#pending) : this.#pending;
    this.#pending = [];
    if (commands.length === 0) return;
    const { device } = this.#gpu;
    const offsets = this.#writeUniforms(commands.filter(isDispatch));
    let encoder: GPUCommandEncoder | undefined;
    let pass: GPUComputePassEncoder | undefined;
    const endPass = (): void => {
      pass?.end();
      pass = undefined;
    };
    const finish = (): void => {
      endPass();
      if (encoder !== undefined) device.queue.submit([encoder.finish()]);
      encoder = undefined;
    };
    let dispatched = 0;
    let launches = 0;
    for (const command of commands) {
      if ("data" in command) {
        finish();
        device.queue.writeBuffer(command.to.buffer, command.to.offset, command.data);
        continue;
      }
      encoder ??= device.createCommandEncoder();
      if ("at" in command) {
        endPass();
        const { from, to, at } = command;
        encoder.copyBufferToBuffer(from.buffer, from.offset, to, at, from.size);
        continue;
      }
      if ("clear" in command) {
        endPass();
        encoder.clearBuffer(command.clear.buffer, command.clear.offset, command.clear.size);
        continue;
      }
      if ("encodeTimed" in command) {
        endPass();
        command.encodeTimed(encoder);
        launches += command.launches;
        continue;
      }
      if (isDispatch(command) && this.#guard !== undefined) {
        endPass();
        this.#guard.encode(encoder, command, this.#uniformEntry(command, offsets[dispatched++]));
        launches++;
        continue;
      }
      pass ??= encoder.beginComputePass();
      if (isDispatch(command)) {
        this.#dispatch(pass, command, offsets[dispatched++]);
        launches++;
      } else {
        command.encode(pass);
        launches += command.launches;
      }
    }
    finish();
    this.#launches += launches;
    this.#pool.submitted();
    this.#guard?.submitted();
  }

  /** The commands but for those that work on what the device refused; what they were to write is missing, too. */
  #withoutMissing(commands: readonly Command[]): readonly Command[] {
    return commands.filter((command) => {
      if (!touched(command).some((buffer) => this.#pool.isMissing(buffer))) return true;
      for (const buffer of written(command)) this.#pool.miss(buffer);
      return false;
    });
  }

  #dispatch(pass: GPUComputePassEncoder, dispatch: Dispatch, at: number): void {
    const { pipeline: entry, buffers, workgroups, label } = dispatch;
    const { pipeline, layout, kernel } = entry;
    if (pipeline === undefined) return; // flush and push checked: cannot happen
    const entries: GPUBindGroupEntry[] = buffers.map(({ index, target }) => ({
      binding: index,
      resource: target,
    }));
    entries.push(...this.#uniformEntry(dispatch, at));
    const group = { label: `${label}: ${kernel.name}`, layout, entries };
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#gpu.device.createBindGroup(group));
    pass.dispatchWorkgroups(...workgroups);
  }

  /** The binding of a dispatch's uniforms, `at` bytes into the buffer of all; none where the shader has none. */
  #uniformEntry({ pipeline: { kernel } }: Dispatch, at: number): GPUBindGroupEntry[] {
    const uniform = kernel.bindings.find(({ access }) => access === "uniform");
    if (uniform === undefined || this.#uniforms === undefined) return [];
    const resource = { buffer: this.#uniforms, offset: at, size: kernel.uniformBytes };
    return [{ binding: uniform.index, resource }];
  }

  /** All uniform structs of a submit in one buffer; the write is ordered after earlier submits that read it. */
  #writeUniforms(dispatches: readonly Dispatch[]): number[] {
    let end = 0;
    const offsets = dispatches.map(({ uniforms }) => {
      const offset = end;
      end += Math.ceil(uniforms.byteLength / uniformAlignment) * uniformAlignment;
      return offset;
    });
    if (end === 0) return offsets;
    const staged = new Uint8Array(end);
    dispatches.forEach(({ uniforms }, i) => staged.set(new Uint8Array(uniforms), offsets[i]));
    const { device } = this.#gpu;
    if (this.#uniforms === undefined || this.#uniforms.size < end) {
      // The submits that read the old one are under way; destroying waits for them.
      if (this.#uniforms !== undefined) this.#pool.putAway(this.#uniforms);
      const size = Math.max(end, launchesPerSubmit * uniformAlignment);
      this.#uniforms = this.#pool.takeAside("uniforms", size, usage.uniform | usage.copyTarget);
    }
    device.queue.writeBuffer(this.#uniforms, 0, staged);
    return offsets;
  }
}
