// The WebGPU backend: operators become launches of their candidate's kernels.

import { KernelError, OutOfMemoryError, type AdapterTraits, type Gpu } from "../../device/index.ts";
import { foldWorkgroups, kernel, packUniforms } from "../../kernels/index.ts";
import { allocate, sizeOf, type HostArray, type HostTensor, type TensorSpec } from "../../tensor/index.ts";
import { CountedStorage, type Backend, type BackendMemory, type Operand } from "../backend.ts";
import type { Candidate, Launch, Operator } from "../operator.ts";
import { BufferPool, bytesOf, usage } from "./buffers.ts";
import { CommandQueue } from "./commands.ts";
import { PipelineCache } from "./pipelines.ts";

class BufferStorage extends CountedStorage {
  readonly buffer: GPUBuffer;

  constructor(buffer: GPUBuffer, free: (buffer: GPUBuffer) => void) {
    super(() => free(buffer));
    this.buffer = buffer;
  }
}

export interface WebGpuOptions {
  /** Candidate to take for an operator, by operator name; operators left out follow the rule. */
  readonly candidates?: Readonly<Record<string, string>>;
  /** Poison outputs and guard every buffer; slow, for tests. */
  readonly checked?: boolean;
}

export class WebGpuBackend implements Backend {
  readonly kind = "webgpu";
  readonly gpu: Gpu;
  /** Candidate to take for an operator, by name; operators left out follow their rule. May change at any time. */
  readonly candidates: Map<string, string>;
  readonly #pool: BufferPool;
  readonly #pipelines: PipelineCache;
  readonly #commands: CommandQueue;

  constructor(gpu: Gpu, options: WebGpuOptions = {}) {
    this.gpu = gpu;
    this.#pool = new BufferPool(gpu.device, gpu.traits, options.checked ?? false);
    this.#pipelines = new PipelineCache(gpu.device);
    this.#commands = new CommandQueue(gpu, this.#pool);
    this.candidates = new Map(Object.entries(options.candidates ?? {}));
  }

  get traits(): AdapterTraits {
    return this.gpu.traits;
  }

  /** Work done so far: launches submitted, pipelines compiled, buffers created. */
  get counters(): { readonly launches: number; readonly pipelines: number; readonly buffers: number } {
    return {
      launches: this.#commands.launches,
      pipelines: this.#pipelines.count,
      buffers: this.#pool.created,
    };
  }

  upload(host: HostTensor): BufferStorage {
    this.gpu.check();
    const bytes = new Uint8Array(bytesOf(host));
    const data = host.dtype === "f32" ? Float32Array.from(host.data) : host.data;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return this.#hold(this.#pool.fill(host, bytes));
  }

  execute<A>(
    operator: Operator<A>,
    inputs: readonly Operand[],
    outputs: readonly TensorSpec[],
    attributes: A,
  ): BufferStorage[] {
    this.gpu.check();
    const { launches, temporaries = [] } = this.#choose(operator, inputs, attributes);
    const taken: GPUBuffer[] = [];
    const take = (spec: TensorSpec, what: string): GPUBuffer => {
      const buffer = this.#pool.take(spec, what);
      taken.push(buffer);
      return buffer;
    };
    try {
      const buffers = {
        input: inputs.map(({ storage }) => bufferOf(storage)),
        output: outputs.map((spec) => take(spec, operator.name)),
        temporary: temporaries.map((spec) => take(spec, `${operator.name} scratch`)),
      };
      for (const launch of launches) this.#launch(operator.name, launch, buffers);
      for (const buffer of buffers.temporary) this.#pool.give(buffer);
      return buffers.output.map((buffer) => this.#hold(buffer));
    } catch (error) {
      for (const buffer of taken) this.#pool.give(buffer);
      throw error;
    }
  }

  async read(operand: Operand): Promise<HostArray> {
    this.gpu.check();
    const bytes = bytesOf(operand);
    const staging = this.gpu.device.createBuffer({
      label: "readback",
      size: bytes,
      usage: usage.mapRead | usage.copyTarget,
    });
    try {
      // In its place among the launches: the caller may overwrite or dispose the tensor while it waits.
      this.#commands.push({ from: bufferOf(operand.storage), to: staging, bytes });
      await this.#commands.flush();
      this.gpu.check();
      await staging.mapAsync(1);
      const result = allocate(operand.dtype, sizeOf(operand.shape));
      const target = new Uint8Array(result.buffer);
      target.set(new Uint8Array(staging.getMappedRange()).subarray(0, target.length));
      this.gpu.check();
      return result;
    } catch (cause) {
      await this.#explain(cause);
      throw cause;
    } finally {
      staging.destroy();
    }
  }

  async synchronise(): Promise<void> {
    await this.#commands.flush();
    await this.gpu.device.queue.onSubmittedWorkDone();
    this.gpu.check();
  }

  memory(): BackendMemory {
    return { bytes: this.#pool.bytes, pooledBytes: this.#pool.pooledBytes };
  }

  /** In checked mode: the guard bands that a launch wrote to. */
  async violations(): Promise<string[]> {
    await this.#commands.flush();
    return this.#pool.violations();
  }

  destroy(): void {
    this.#commands.destroy();
    this.#pool.destroy();
    this.gpu.destroy();
  }

  #choose<A>(operator: Operator<A>, inputs: readonly Operand[], attributes: A): Candidate {
    const candidates = operator.candidates(inputs, attributes, this.gpu.traits);
    const wanted = this.candidates.get(operator.name);
    const chosen =
      wanted === undefined ? candidates.at(-1) : candidates.find((candidate) => candidate.name === wanted);
    if (chosen !== undefined) return chosen;
    const names = candidates.map(({ name }) => name).join(", ");
    throw new KernelError(
      `operator ${operator.name} has no candidate "${wanted ?? ""}" here; it has ${names}`,
    );
  }

  #launch(
    operator: string,
    { kernel: name, knobs, bind, sizes }: Launch,
    buffers: Readonly<Record<"input" | "output" | "temporary", readonly GPUBuffer[]>>,
  ): void {
    const source = kernel(name);
    const bound = source.bindings
      .filter(({ access }) => access !== "uniform")
      .map(({ index, name: binding }) => {
        const slot = bind[binding];
        const buffer = slot === undefined ? undefined : buffers[slot.kind][slot.index];
        if (buffer === undefined) {
          throw new KernelError(`operator ${operator}: nothing is bound to "${binding}" of ${name}.wgsl`);
        }
        return { binding: index, buffer };
      });
    const count = source.workgroups(sizes, knobs);
    this.#commands.push({
      pipeline: this.#pipelines.get(source, knobs),
      buffers: bound,
      uniforms: packUniforms(name, source, sizes),
      workgroups: foldWorkgroups(count, this.gpu.traits.maxWorkgroupsPerDimension),
      label: operator,
    });
  }

  /** Turns "the map was aborted" into what happened to the device, when something did. */
  async #explain(cause: unknown): Promise<void> {
    // The loss is reported in a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.gpu.check();
    if (cause instanceof Error && /memory/i.test(cause.message)) {
      throw new OutOfMemoryError(`readback: ${cause.message}`, { cause });
    }
  }

  #hold(buffer: GPUBuffer): BufferStorage {
    return new BufferStorage(buffer, (freed) => this.#pool.give(freed));
  }
}

function bufferOf(storage: Operand["storage"]): GPUBuffer {
  if (storage instanceof BufferStorage) return storage.buffer;
  throw new TypeError("webgpu backend: the storage belongs to another backend");
}
