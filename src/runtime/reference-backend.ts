// The CPU backend: every operator's float64 reference, run at once. The oracle of the tests, and what runs when
// there is no GPU.

import type { DeviceUnavailableError } from "../errors/errors.ts";
import type { AdapterTraits } from "../device/traits.ts";
import { allocate, type HostArray, type HostTensor } from "../tensor/host.ts";
import { roundToHalf } from "../tensor/half.ts";
import { sizeOf, type TensorSpec } from "../tensor/shape.ts";
import type { Backend, BackendMemory } from "./backend.ts";
import { CountedStorage, expectMovable } from "./counted-storage.ts";
import type { Operand } from "./operand.ts";
import type { Operator } from "../operators/operator.ts";
import { placeOf, type Recording } from "./recording.ts";
import { ReferenceProgram, computeReference } from "./reference-program.ts";

class HostStorage extends CountedStorage {
  data: HostArray;
  /** The gathered chunk that the data is part of, and where. */
  gathered: { readonly whole: HostStorage; readonly offset: number } | undefined;

  constructor(data: HostArray, free: (storage: HostStorage) => void) {
    super(() => free(this));
    this.data = data;
  }
}

const traits: AdapterTraits = {
  name: "reference (CPU, float64)",
  vendor: "tessera",
  architecture: "",
  description: "plain TypeScript",
  isSoftware: true,
  features: new Set(),
  subgroupSize: { minimum: 0, maximum: 0 },
  maxWorkgroupsPerDimension: Infinity,
  maxInvocationsPerWorkgroup: Infinity,
  maxStorageBuffers: Infinity,
  maxBindingBytes: Infinity,
  maxBufferBytes: Infinity,
};

export class ReferenceBackend implements Backend {
  readonly kind = "reference";
  readonly traits: AdapterTraits = traits;
  readonly unavailable?: DeviceUnavailableError;
  #bytes = 0;

  /** @param unavailable why there is no WebGPU, where it was looked for */
  constructor(unavailable?: DeviceUnavailableError) {
    if (unavailable !== undefined) this.unavailable = unavailable;
  }

  expectRoom(): void {
    // The only limit is the process's own, which `allocate` meets.
  }

  fill({ shape, dtype }: TensorSpec, value: number): HostStorage {
    const data = allocate(dtype, sizeOf(shape), true);
    // Untouched zeros take no memory.
    if (!Object.is(value, 0))
      data.fill(dtype === "f32" ? Math.fround(value) : dtype === "f16" ? roundToHalf(value) : value);
    return this.#hold(data);
  }

  upload(host: HostTensor): HostStorage {
    const data = allocate(host.dtype, host.data.length, true);
    data.set(host.data);
    return this.#hold(data);
  }

  uploadChunks(spec: TensorSpec, chunks: Iterable<Uint8Array>): HostStorage {
    const data = allocate("u8", sizeOf(spec.shape), true);
    let at = 0;
    for (const chunk of chunks) {
      data.set(chunk, at);
      at += chunk.length;
    }
    return this.#hold(data);
  }

  execute<A>(
    operator: Operator<A>,
    inputs: readonly Operand[],
    outputs: readonly TensorSpec[],
    attributes: A,
  ): HostStorage[] {
    return computeReference(operator, inputs, outputs, attributes, dataOf).map((data) => this.#hold(data));
  }

  write({ storage }: Operand, host: HostTensor): void {
    dataOf(storage).set(host.data);
  }

  gather(parts: readonly Operand[], offsets: readonly number[], size: number): HostStorage {
    const places = parts.map(({ storage }) => hostStorageOf(storage));
    const known = places.at(0)?.gathered?.whole;
    if (known?.data.length === size) {
      if (places.every(({ gathered }, i) => gathered?.whole === known && gathered.offset === offsets[i])) {
        known.retain();
        return known;
      }
    }
    expectMovable(places.flatMap((place) => [place, place.gathered?.whole]));
    const whole = this.#hold(allocate("f32", size, true));
    places.forEach((place, i) => {
      const range = whole.data.subarray(offsets[i], offsets[i] + place.data.length);
      range.set(place.data);
      whole.retain();
      this.#leave(place);
      place.data = range;
      place.gathered = { whole, offset: offsets[i] };
    });
    return whole;
  }

  compile(recording: Recording, results: readonly Operand[]): Promise<ReferenceProgram> {
    const memory = { hold: (data: HostArray) => this.#hold(data), dataOf };
    return Promise.resolve(new ReferenceProgram(recording, results, memory));
  }

  read({ storage }: Operand): Promise<HostArray> {
    const data = dataOf(storage).slice();
    // A turn of the event loop, which nothing else here takes: signals and timers get theirs in a long computation.
    return new Promise((resolve) => setTimeout(() => resolve(data), 0));
  }

  synchronise(): Promise<void> {
    return Promise.resolve();
  }

  memory(): BackendMemory {
    return { bytes: this.#bytes, pooledBytes: 0 };
  }

  destroy(): void {
    // Nothing outlives the garbage collector here.
  }

  #hold(data: HostArray): HostStorage {
    this.#bytes += data.byteLength;
    return new HostStorage(data, (storage) => this.#leave(storage));
  }

  /** The data goes, or moves. */
  #leave({ data, gathered }: HostStorage): void {
    if (gathered === undefined) this.#bytes -= data.byteLength;
    else gathered.whole.release();
  }
}

function hostStorageOf(storage: Operand["storage"]): HostStorage {
  const place = placeOf(storage);
  if (place instanceof HostStorage) return place;
  throw new TypeError("reference backend: the storage belongs to another backend");
}

const dataOf = (storage: Operand["storage"]): HostArray => hostStorageOf(storage).data;
