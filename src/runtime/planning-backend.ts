// A backend that computes nothing and allocates nothing: it counts what tensors would take on an adapter, and says what a recorded step
// would need there.

import { UsageError } from "../errors/errors.ts";
import type { AdapterTraits } from "../device/traits.ts";
import type { HostArray, HostTensor } from "../tensor/host.ts";
import type { TensorSpec } from "../tensor/shape.ts";
import type { Backend, BackendMemory, CompiledProgram } from "./backend.ts";
import { CountedStorage } from "./counted-storage.ts";
import type { Operand } from "./operand.ts";
import type { Operator } from "../operators/operator.ts";
import type { Recording } from "./recording.ts";
import type { StepPlan } from "./step-plan.ts";
import { bytesOf } from "./webgpu/buffers.ts";
import { CandidateChoice, type CandidateNames } from "./webgpu/choice.ts";
import { lower } from "./webgpu/lowering.ts";
import { planMemory } from "./webgpu/memory-plan.ts";

function refuse(what: string): never {
  throw new UsageError(`${what}: this engine only plans; open one with openEngine() to compute`);
}

/** Data that is only counted. */
class PlannedData extends CountedStorage {
  readonly bytes: number;
  /** The gathered piece that it is part of, and where. */
  gathered: { readonly whole: PlannedData; readonly offset: number } | undefined;

  constructor(bytes: number, free: (data: PlannedData) => void) {
    super(() => free(this));
    this.bytes = bytes;
  }
}

export class PlanningBackend implements Backend {
  readonly kind = "planning";
  readonly traits: AdapterTraits;
  readonly choice: CandidateChoice;
  #bytes = 0;
  /** Of what was moved into a piece: a device has it back when it is next waited for. */
  #pooledBytes = 0;
  #peakBytes = 0;

  /** Plans for an adapter with these traits, with the candidates it would take. */
  constructor(
    traits: AdapterTraits,
    options: { readonly candidates?: CandidateNames; readonly tuning?: CandidateNames } = {},
  ) {
    this.traits = traits;
    this.choice = new CandidateChoice(traits, options.candidates, options.tuning);
  }

  expectRoom(): void {
    return;
  }

  fill(spec: TensorSpec): CountedStorage {
    return this.#hold(bytesOf(spec));
  }

  upload(host: HostTensor): CountedStorage {
    return this.#hold(bytesOf(host));
  }

  uploadChunks(spec: TensorSpec): CountedStorage {
    return this.#hold(bytesOf(spec));
  }

  execute<A>(
    operator: Operator<A>,
    inputs: readonly Operand[],
    outputs: readonly TensorSpec[],
    attributes: A,
  ): CountedStorage[] {
    this.choice.choose(operator, inputs, attributes); // refuses what an engine that computes would
    return outputs.map((spec) => this.#hold(bytesOf(spec)));
  }

  write(): void {
    return;
  }

  gather(parts: readonly Operand[], offsets: readonly number[], size: number): CountedStorage {
    const bytes = bytesOf({ shape: [size], dtype: "f32" });
    const places = parts.map(({ storage }) => {
      if (storage instanceof PlannedData) return storage;
      throw new TypeError("planning backend: the storage belongs to another backend");
    });
    const known = places.at(0)?.gathered?.whole;
    if (known?.bytes === bytes) {
      if (places.every(({ gathered }, i) => gathered?.whole === known && gathered.offset === offsets[i])) {
        known.retain();
        return known;
      }
    }
    const whole = this.#hold(bytes);
    places.forEach((place, i) => {
      whole.retain();
      if (place.gathered === undefined) this.#pooledBytes += place.bytes;
      this.#leave(place);
      place.gathered = { whole, offset: offsets[i] };
    });
    return whole;
  }

  plan(recording: Recording, results: readonly Operand[]): StepPlan {
    return planMemory(lower(recording, results, this.choice, this.traits));
  }

  compile(recording: Recording, results: readonly Operand[]): Promise<CompiledProgram> {
    return Promise.resolve({
      plan: this.plan(recording, results),
      run: () => refuse("run"),
      follow: () => refuse("follow"),
      destroy: () => undefined,
    });
  }

  read(): Promise<HostArray> {
    return Promise.reject(
      new UsageError("read: this engine only plans; open one with openEngine() to compute"),
    );
  }

  async readAll(): Promise<HostArray[]> {
    return [await this.read()];
  }

  synchronise(): Promise<void> {
    return Promise.resolve();
  }

  memory(): BackendMemory {
    return { bytes: this.#bytes, pooledBytes: this.#pooledBytes, asideBytes: 0, peakBytes: this.#peakBytes };
  }

  destroy(): void {
    return;
  }

  #hold(bytes: number): PlannedData {
    this.#bytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes + this.#pooledBytes);
    return new PlannedData(bytes, (data) => this.#leave(data));
  }

  /** The data goes, or moves. */
  #leave({ bytes, gathered }: PlannedData): void {
    if (gathered === undefined) this.#bytes -= bytes;
    else gathered.whole.release();
  }
}
