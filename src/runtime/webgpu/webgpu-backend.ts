// The WebGPU backend: operators become launches of their candidate's kernels.

import { OutOfMemoryError, TesseraError, type DeviceLostError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import { deviceWords } from "../../device/device-words.ts";
import type { Gpu } from "../../device/gpu.ts";
import { kernelFor } from "../../kernels/built-in-kernels.ts";
import { allocate, type HostArray, type HostTensor } from "../../tensor/host.ts";
import { sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import type { Backend, BackendMemory } from "../backend.ts";
import { expectMovable } from "../counted-storage.ts";
import type { Operand } from "../operand.ts";
import type { Launch, Operator, Slot } from "../../operators/operator.ts";
import type { Recording } from "../recording.ts";
import { bindSlots, workgroupsOf } from "./bindings.ts";
import { BufferPool, bytesOf, deviceBytes, hostElements, usage } from "./buffers.ts";
import { CandidateChoice, type CandidateNames } from "./choice.ts";
import { CommandQueue } from "./commands.ts";
import { bandBytes, frontBytes, GuardedLaunches } from "./guarded-launches.ts";
import { lower } from "./lowering.ts";
import { planMemory } from "./memory-plan.ts";
import { PipelineCache } from "./pipelines.ts";
import { WebGpuProgram } from "./webgpu-program.ts";
import { BufferStorage, bufferStorageOf, rangeOf, type Range } from "./storage.ts";

/** Up to here zeros are uploaded like other data: a clear ends the compute pass around it. */
const uploadedBytes = 2 ** 20;

/** One value as the bytes of a tensor, in chunks. */
function* repeated(spec: TensorSpec, value: number): Generator<Uint8Array> {
  const { dtype } = spec;
  const count = Math.min(sizeOf(spec.shape), 2 ** 18);
  const chunk = deviceBytes({ shape: [count], dtype, data: allocate(dtype, count).fill(value) });
  for (let left = bytesOf(spec); left > 0; left -= chunk.length)
    yield chunk.subarray(0, Math.min(left, chunk.length));
}

export interface WebGpuOptions {
  /**
   * Candidate to take for an operator, by operator name ("*" for all others; "first" names the one that always works);
   * operators left out follow the tuning, then the rule. `openEngine` refuses a name that is near a built-in operator's; any
   * other may be an operator's of your own.
   */
  readonly candidates?: CandidateNames;
  /** Candidates by work, as the tuner found them (see `workKey`). */
  readonly tuning?: CandidateNames;
  /**
   * For tests of kernels: runs each launch twice, on copies of what it binds with guard bands behind them, the second time in
   * reverse order. That finds writes and reads behind the end of a binding, missing barriers and other races, and leaves NaN
   * where an output is not written. The next `tensor.read()`, `readings.next()` or `engine.synchronise()` throws what was
   * found, once, as a KernelError. Much slower (docs/kernels.md). There are no kernels on the reference backend, and nothing
   * to check. Default false.
   */
  readonly checked?: boolean;
}

export class WebGpuBackend implements Backend {
  readonly kind = "webgpu";
  readonly gpu: Gpu;
  readonly choice: CandidateChoice;
  readonly #pool: BufferPool;
  readonly #pipelines: PipelineCache;
  readonly #commands: CommandQueue;
  readonly #checked: boolean;

  constructor(gpu: Gpu, options: WebGpuOptions = {}) {
    const checked = (this.#checked = options.checked ?? false);
    this.gpu = checked ? withRoomForBands(gpu) : gpu;
    const { device, traits } = this.gpu;
    this.#pool = new BufferPool(device, traits, checked);
    this.#pipelines = new PipelineCache(device, checked);
    const guard = checked ? new GuardedLaunches(device, traits) : undefined;
    this.#commands = new CommandQueue(this.gpu, this.#pool, guard);
    this.choice = new CandidateChoice(traits, options.candidates, options.tuning);
  }

  /** Candidate to take for an operator, by name; operators left out follow their rule. May change at any time. */
  get candidates(): Map<string, string> {
    return this.choice.forced;
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

  expectRoom(spec: TensorSpec, what: string): void {
    this.#pool.expectRoom(spec, what);
  }

  fill(spec: TensorSpec, value: number, what: string): BufferStorage {
    this.gpu.check();
    const size = bytesOf(spec);
    if (size <= uploadedBytes || !Object.is(value, 0)) {
      return this.#hold(this.#pool.fill(spec, repeated(spec, value), what), size);
    }
    const buffer = this.#pool.take(spec, what);
    try {
      this.#commands.push({ clear: { buffer, offset: 0, size } });
    } catch (error) {
      this.#pool.give(buffer);
      throw error;
    }
    return this.#hold(buffer, size);
  }

  upload(host: HostTensor): BufferStorage {
    this.gpu.check();
    return this.#hold(this.#pool.fill(host, [deviceBytes(host)]), bytesOf(host));
  }

  uploadChunks(spec: TensorSpec, chunks: Iterable<Uint8Array>): BufferStorage {
    this.gpu.check();
    return this.#hold(this.#pool.fill(spec, chunks), bytesOf(spec));
  }

  write(operand: Operand, host: HostTensor): void {
    this.gpu.check();
    // The caller may change its array before the command is submitted.
    this.#commands.push({ to: rangeOf(operand.storage), data: deviceBytes(host).slice() });
  }

  gather(parts: readonly Operand[], offsets: readonly number[], size: number): BufferStorage {
    this.gpu.check();
    const whole = { shape: [size], dtype: "f32" } as const;
    const places = parts.map(({ storage }) => bufferStorageOf(storage));
    const known = places.at(0)?.whole;
    if (known?.range.size === bytesOf(whole)) {
      if (places.every((place, i) => place.whole === known && place.range.offset === 4 * offsets[i])) {
        known.retain();
        return known;
      }
    }
    expectMovable(places.flatMap((place) => [place, place.whole]));
    const storage = this.fill(whole, 0, "gather");
    const { buffer } = storage.range;
    parts.forEach((part, i) => {
      const at = 4 * offsets[i];
      const range: Range = { buffer, offset: at, size: bytesOf(part) };
      this.#commands.push({ from: { ...places[i].range, size: range.size }, to: buffer, at });
      places[i].moveInto(storage, range);
    });
    return storage;
  }

  async compile(recording: Recording, results: readonly Operand[]): Promise<WebGpuProgram> {
    this.gpu.check();
    const step = lower(recording, results, this.choice, this.gpu.traits);
    const on = {
      gpu: this.gpu,
      pool: this.#pool,
      pipelines: this.#pipelines,
      commands: this.#commands,
      checked: this.#checked,
      explain: (cause: unknown) => this.#explain(cause),
    };
    return WebGpuProgram.make(on, recording, results, step, planMemory(step));
  }

  execute<A>(
    operator: Operator<A>,
    inputs: readonly Operand[],
    outputs: readonly TensorSpec[],
    attributes: A,
  ): BufferStorage[] {
    this.gpu.check();
    const { launches, temporaries = [] } = this.choice.choose(operator, inputs, attributes);
    const taken: GPUBuffer[] = [];
    const take = (spec: TensorSpec, what: string): GPUBuffer => {
      const buffer = this.#pool.take(spec, what);
      taken.push(buffer);
      return buffer;
    };
    try {
      const whole = (spec: TensorSpec, what: string): Range => {
        return { buffer: take(spec, what), offset: 0, size: bytesOf(spec) };
      };
      const ranges = {
        input: inputs.map((operand) => ({ ...rangeOf(operand.storage), size: bytesOf(operand) })),
        output: outputs.map((spec) => whole(spec, operator.name)),
        temporary: temporaries.map((spec) => whole(spec, `${operator.name} scratch`)),
      };
      for (const launch of launches) this.#launch(operator.name, launch, ranges);
      for (const { buffer } of ranges.temporary) this.#pool.give(buffer);
      return ranges.output.map(({ buffer, size }) => this.#hold(buffer, size));
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
      this.#commands.push({ from: { ...rangeOf(operand.storage), size: bytes }, to: staging, at: 0 });
      await this.#commands.flush();
      this.gpu.check();
      await this.gpu.answer(staging.mapAsync(1));
      await this.#commands.verify();
      const result = hostElements(operand, staging.getMappedRange());
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
    await this.gpu.answer(this.gpu.device.queue.onSubmittedWorkDone());
    this.gpu.check();
    await this.#commands.verify();
  }

  loss(): Promise<DeviceLostError | undefined> {
    return this.gpu.loss();
  }

  memory(): BackendMemory {
    return { bytes: this.#pool.bytes, pooledBytes: this.#pool.pooledBytes };
  }

  destroy(): void {
    this.#commands.destroy();
    this.#pool.destroy();
    this.gpu.destroy();
  }

  #launch(operator: string, launch: Launch, ranges: Readonly<Record<Slot["kind"], readonly Range[]>>): void {
    const { knobs, sizes } = launch;
    const source = kernelFor(launch.kernel);
    this.#commands.push({
      pipeline: this.#pipelines.get(source, knobs),
      buffers: bindSlots(operator, launch, ranges),
      uniforms: source.pack(sizes),
      workgroups: workgroupsOf(operator, source, launch, this.gpu.traits),
      label: operator,
    });
  }

  /** Turns "the map was aborted" into what happened to the device, when something did. */
  async #explain(cause: unknown): Promise<void> {
    // The loss is reported in a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.gpu.check();
    if (cause instanceof TesseraError) return;
    if (cause instanceof Error && /memory/i.test(cause.message)) {
      throw new OutOfMemoryError(`readback: ${deviceWords(cause.message)}`, { cause });
    }
  }

  #hold(buffer: GPUBuffer, size: number): BufferStorage {
    return new BufferStorage({ buffer, offset: 0, size }, () => this.#pool.give(buffer));
  }
}

/** The device as it is for tensors that have bands in front of them and behind them, of which the latter is bound, too. */
function withRoomForBands(gpu: Gpu): Gpu {
  const { maxBindingBytes, maxBufferBytes } = gpu.traits;
  const limits = {
    maxBindingBytes: maxBindingBytes - bandBytes,
    maxBufferBytes: maxBufferBytes - frontBytes - bandBytes,
  };
  return { ...gpu, traits: { ...gpu.traits, ...limits } };
}
