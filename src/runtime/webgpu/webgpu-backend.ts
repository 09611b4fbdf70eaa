// The WebGPU backend: operators become launches of their candidate's kernels.

import { OutOfMemoryError, TesseraError, type DeviceLostError } from "../../errors/errors.ts";
import { largestBinding, type AdapterTraits } from "../../device/traits.ts";
import type { Gpu } from "../../device/gpu.ts";
import { kernelFor } from "../../kernels/built-in-kernels.ts";
import { allocate, type HostArray, type HostTensor } from "../../tensor/host.ts";
import type { Storage } from "../../tensor/tensor.ts";
import { sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import type { Backend, BackendMemory, Reservation } from "../backend.ts";
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
import { planMemory, type MemoryPlan } from "./memory-plan.ts";
import { PipelineCache } from "./pipelines.ts";
import { inReverseOrder } from "./reverse-order.ts";
import { SharedMemory } from "./shared-memory.ts";
import { implementationBytes, piecesOf, reservedBytes, type StepPlan, mebibytes } from "../step-plan.ts";
import { moreThanThereIs, refusedStep, WebGpuProgram } from "./webgpu-program.ts";
import { BufferStorage, bufferStorageOf, rangeOf, type Range } from "./storage.ts";

/** Up to here zeros are uploaded like other data: a clear ends the compute pass around it. */
const uploadedBytes = 2 ** 20;

/** What is written at once goes to Dawn's device through its ring from some size below this on. */
const ringBytes = 2 ** 16;

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

/** What proofs may ask for beyond that. */
export interface ProvingOptions extends WebGpuOptions {
  /** Of a checked engine: what the text of a second run, which is in reverse order, becomes. Default: it stays as it is. */
  readonly second?: (code: string) => string;
}

export class WebGpuBackend implements Backend {
  readonly kind = "webgpu";
  readonly gpu: Gpu;
  readonly choice: CandidateChoice;
  readonly #pool: BufferPool;
  readonly #pipelines: PipelineCache;
  readonly #commands: CommandQueue;
  readonly #shared: SharedMemory;
  /** What tensors are read through while memory is reserved. */
  #staging: { readonly buffer: GPUBuffer; isFree: boolean } | undefined;
  readonly #checked: boolean;

  constructor(gpu: Gpu, options: ProvingOptions = {}) {
    const checked = (this.#checked = options.checked ?? false);
    const { second = (code: string): string => code } = options;
    const secondText = (label: string, code: string): string => second(inReverseOrder(label, code));
    this.gpu = checked ? withRoomForBands(gpu) : gpu;
    const { device, traits } = this.gpu;
    this.#pool = new BufferPool(this.gpu, checked);
    this.#shared = new SharedMemory(this.#pool);
    this.#pipelines = new PipelineCache(device, checked ? secondText : undefined);
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

  plan(recording: Recording, results: readonly Operand[]): StepPlan {
    return planMemory(lower(recording, results, this.choice, this.gpu.traits));
  }

  async reserve(plans: readonly StepPlan[], readBytes: number, what: string): Promise<Reservation> {
    await this.#commands.flush();
    this.gpu.check();
    this.#pool.trim();
    const sizes = piecesOf(plans);
    const [largest] = [...plans].sort((a, b) => b.bytes - a.bytes);
    const bytes = sizes.reduce((sum, each) => sum + each, readBytes);
    const refused = (available: number, cause: unknown): OutOfMemoryError =>
      refusedStep(this.gpu, { bytes, buffers: largest.buffers }, moreThanThereIs, { what, available, cause });
    const most = largestBinding(this.traits);
    if (sizes.some((size) => size > most)) {
      const why = `and one buffer may hold ${mebibytes(most)} MiB on`;
      throw refusedStep(this.gpu, { bytes, buffers: largest.buffers }, why, { what });
    }
    const names = sizes.map((_, i) => `shared ${i}`);
    await this.#shared.take(sizes, names, refused);
    const isReading = readBytes > 0 && this.#staging === undefined;
    if (isReading) this.#staging = { buffer: this.#newStaging(readBytes), isFree: true };
    // An implementation has heaps of its own for small buffers of each kind, and memory through which data goes to the device.
    const small = [usage.uniform, usage.mapRead].map((use) =>
      this.#pool.takeAside("reserved", reservedBytes / 2, use | usage.copyTarget),
    );
    const release = async (): Promise<void> => {
      await this.#commands.flush().catch(() => undefined); // what is wrong has been told
      this.#shared.release();
      for (const buffer of small) this.#pool.putAway(buffer);
      if (isReading && this.#staging !== undefined) this.#pool.putAway(this.#staging.buffer);
      if (isReading) this.#staging = undefined;
      await this.#pool.returned().catch(() => undefined);
    };
    try {
      await this.#pool.settled();
      this.gpu.check();
      const fed = largest.buffers.filter(({ purpose }) => purpose === "feeds");
      const uploaded = Math.max(ringBytes, ...fed.map(({ bytes }) => bytes));
      // What each program takes for itself, tried now and taken when it is recorded.
      const own = Math.max(...plans.map(({ ownBytes, uniformBytes }) => ownBytes + uniformBytes));
      const tried = await this.#pool.takeAll([{ bytes: Math.max(4, own), label: "own" }], refused);
      this.#shared.fill(this.gpu.device, new Uint8Array(Math.min(uploaded, sizes[0] ?? 0)));
      await this.synchronise();
      for (const buffer of tried) this.#pool.drop(buffer);
      await this.#pool.returned();
    } catch (error) {
      await release();
      const loss = await this.loss();
      if (loss?.isForMemory !== true) throw error;
      throw refused(Math.max(0, this.#pool.bytes + this.#pool.asideBytes - implementationBytes), loss);
    }
    return { release };
  }

  async compile(
    recording: Recording,
    results: readonly Operand[],
    isShared: boolean,
  ): Promise<WebGpuProgram> {
    await this.#pool.settled();
    this.gpu.check();
    for (const storage of recording.held) this.#expectThere(storage);
    // The step that was there before had what this one takes: it was planned once.
    if (isShared) {
      if (this.#commands.submitIfReady()) this.#pool.trim();
      await this.#pool.returned();
    }
    const step = lower(recording, results, this.choice, this.gpu.traits);
    const on = {
      gpu: this.gpu,
      pool: this.#pool,
      pipelines: this.#pipelines,
      commands: this.#commands,
      shared: isShared ? this.#shared : undefined,
      checked: this.#checked,
      explain: (cause: unknown) => this.#explain(cause),
    };
    const plan: MemoryPlan = planMemory(step);
    return WebGpuProgram.make(on, recording, results, step, plan);
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
    const [values] = await this.readAll([operand]);
    return values;
  }

  async readAll(operands: readonly Operand[]): Promise<HostArray[]> {
    this.gpu.check();
    let bytes = 0;
    const places = operands.map((operand) => {
      const at = bytes;
      bytes += bytesOf(operand);
      return at;
    });
    const staging = this.#takeStaging(bytes);
    try {
      // In its place among the launches: the caller may overwrite or dispose the tensors while it waits.
      operands.forEach((operand, i) => {
        const from = { ...rangeOf(operand.storage), size: bytesOf(operand) };
        this.#commands.push({ from, to: staging.buffer, at: places[i] });
      });
      await this.#commands.flush();
      this.gpu.check();
      await this.gpu.answer(staging.buffer.mapAsync(1, 0, bytes));
      await this.#commands.verify();
      const mapped = staging.buffer.getMappedRange(0, bytes);
      const result = operands.map((operand, i) => hostElements(operand, mapped, places[i]));
      this.gpu.check();
      return result;
    } catch (cause) {
      await this.#explain(cause);
      throw cause;
    } finally {
      staging.give();
    }
  }

  /** What is reserved, if it is large enough and nobody reads through it. */
  #takeStaging(bytes: number): { readonly buffer: GPUBuffer; give(): void } {
    const reserved = this.#staging;
    if (reserved?.isFree === true && reserved.buffer.size >= bytes) {
      reserved.isFree = false;
      const { buffer } = reserved;
      const give = (): void => {
        buffer.unmap();
        reserved.isFree = true;
      };
      return { buffer, give };
    }
    const buffer = this.#newStaging(bytes);
    return { buffer, give: () => this.#pool.putAway(buffer) };
  }

  #newStaging(bytes: number): GPUBuffer {
    return this.#pool.takeAside("readback", bytes, usage.mapRead | usage.copyTarget);
  }

  #expectThere(storage: Storage): void {
    if (!(storage instanceof BufferStorage) || !this.#pool.isMissing(storage.range.buffer)) return;
    throw new OutOfMemoryError(
      "engine.record: the device refused the memory of a tensor that the step needs; use a smaller batch or image",
    );
  }

  async synchronise(): Promise<void> {
    await this.#commands.flush();
    await this.gpu.answer(this.gpu.device.queue.onSubmittedWorkDone());
    await this.#pool.settled();
    this.gpu.check();
    await this.#commands.verify();
  }

  loss(): Promise<DeviceLostError | undefined> {
    return this.gpu.loss();
  }

  memory(): BackendMemory {
    const { bytes, pooledBytes, asideBytes, peakBytes } = this.#pool;
    return { bytes, pooledBytes, asideBytes, peakBytes };
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
      throw new OutOfMemoryError(
        `reading a tensor: "${this.traits.name}" does not have the memory to read it through; use a smaller batch or image`,
        { cause },
      );
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
