// Storage buffers and their reuse. A released buffer goes back to a pool by size; launches run in the order they
// were encoded, so a later launch may write it while an earlier one that still reads it is under way.

import { OutOfMemoryError } from "../../errors/errors.ts";
import { largestBinding, type AdapterTraits } from "../../device/traits.ts";
import { halfBits, halfOfBits } from "../../tensor/half.ts";
import { elementBytes, sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { allocate, type HostArray, type HostTensor } from "../../tensor/host.ts";

// GPUBufferUsage and GPUMapMode are globals of browsers only.
export const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;

/** Offsets of uniforms in a buffer that several launches share are multiples of this, as WebGPU asks. */
export const uniformAlignment = 256;

/** What a launch binds of a storage buffer begins at a multiple of this: no device of WebGPU asks for more. */
export const bindingAlignment = 256;

/** A quiet NaN: in a checked engine an output that was not written shows. */
const poisonWord = 0x7fc00bad;

interface Pooled {
  readonly buffer: GPUBuffer;
  /** The flush during which it was released: until the next one, unsubmitted launches may still use it. */
  readonly flush: number;
}

/** Bytes a tensor takes in a buffer: whole u32 words. */
export function bytesOf({ shape, dtype }: TensorSpec): number {
  return Math.ceil((sizeOf(shape) * elementBytes[dtype]) / 4) * 4;
}

/** A host tensor's bytes as the device has them: of its element type, and whole words. */
export function deviceBytes(host: HostTensor): Uint8Array<ArrayBuffer> {
  const data = deviceArray(host);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  // Dawn's binding for Node dies of memory that is shared between threads.
  return inWords(data.buffer instanceof ArrayBuffer ? bytes : bytes.slice());
}

function deviceArray({ dtype, data }: HostTensor): HostArray | Uint16Array {
  if (dtype === "f16") return Uint16Array.from(data, halfBits);
  return dtype === "f32" && data instanceof Float64Array ? Float32Array.from(data) : data;
}

/** The elements of a tensor from its bytes on the device, from an offset on; f16 become f32. */
export function hostElements({ dtype, shape }: TensorSpec, bytes: ArrayBuffer, at = 0): HostArray {
  const size = sizeOf(shape);
  const result = allocate(dtype, size);
  if (dtype === "f16") result.set(Float32Array.from(new Uint16Array(bytes, at, size), halfOfBits));
  else new Uint8Array(result.buffer).set(new Uint8Array(bytes, at, result.byteLength));
  return result;
}

/** Bytes as the device takes them: as many as fill words, zeros at the end. */
function inWords(data: Uint8Array): Uint8Array<ArrayBuffer> {
  if (data.length % 4 === 0) return data as Uint8Array<ArrayBuffer>;
  const padded = new Uint8Array(4 * Math.ceil(data.length / 4));
  padded.set(data);
  return padded;
}

export class BufferPool {
  readonly #device: GPUDevice;
  readonly #traits: AdapterTraits;
  readonly #checked: boolean;
  readonly #free = new Map<number, Pooled[]>();
  readonly #live = new Set<GPUBuffer>();
  #retired: GPUBuffer[] = [];
  #flush = 0;
  #bytes = 0;
  #pooledBytes = 0;
  #created = 0;

  /** `checked` fills every buffer with NaN and never uses one again. */
  constructor(device: GPUDevice, traits: AdapterTraits, checked: boolean) {
    this.#device = device;
    this.#traits = traits;
    this.#checked = checked;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get pooledBytes(): number {
    return this.#pooledBytes;
  }

  /** Buffers created so far: flat in a steady state. */
  get created(): number {
    return this.#created;
  }

  /** @throws OutOfMemoryError when the device can never hold it in one buffer */
  expectRoom(spec: TensorSpec, what: string): void {
    const bytes = bytesOf(spec);
    const most = largestBinding(this.#traits);
    if (bytes <= most) return;
    throw new OutOfMemoryError(
      `${what}: a tensor [${spec.shape.join(", ")}] of ${bytes} bytes exceeds what one buffer may hold on ` +
        `"${this.#traits.name}" (${most} bytes); use a smaller batch or image`,
    );
  }

  /**
   * A buffer whose content is not defined.
   * @throws OutOfMemoryError when the device can never hold it
   */
  take(spec: TensorSpec, what: string): GPUBuffer {
    return this.#take(spec, what, false);
  }

  /** A buffer filled with host data: never one that launches not yet submitted may still use. */
  fill(spec: TensorSpec, chunks: Iterable<Uint8Array>, what = "tensor"): GPUBuffer {
    const buffer = this.#take(spec, what, true);
    let at = 0;
    try {
      for (const chunk of chunks) {
        const data = inWords(chunk);
        this.#device.queue.writeBuffer(buffer, at, data);
        at += data.length;
      }
    } catch (error) {
      this.give(buffer);
      throw error;
    }
    return buffer;
  }

  /** A buffer of zeros that nothing has used. May fail later, in the device's own time: open an error scope around it. */
  takeNew(bytes: number, what: string): GPUBuffer {
    return this.#use(this.#create(bytes, what));
  }

  /** Destroys a buffer that no launch waiting to be submitted uses. */
  drop(buffer: GPUBuffer): void {
    if (!this.#live.delete(buffer)) return;
    this.#bytes -= buffer.size;
    buffer.destroy();
  }

  give(buffer: GPUBuffer): void {
    if (!this.#live.delete(buffer)) return;
    this.#bytes -= buffer.size;
    if (this.#checked) {
      // Not destroyed yet: scratch buffers are released as soon as they are bound.
      this.#retired.push(buffer);
      return;
    }
    this.#pooledBytes += buffer.size;
    const list = this.#free.get(buffer.size);
    if (list === undefined) this.#free.set(buffer.size, [{ buffer, flush: this.#flush }]);
    else list.push({ buffer, flush: this.#flush });
  }

  /** To be called after each submit: what was released before it is now safe to overwrite or destroy. */
  submitted(): void {
    this.#flush++;
    for (const buffer of this.#retired) buffer.destroy();
    this.#retired = [];
    // Shapes that come and go must not fill the device: keep no more spare bytes than twice those in use.
    const limit = Math.max(64 * 2 ** 20, 2 * this.#bytes);
    for (const [size, list] of this.#free) {
      while (this.#pooledBytes > limit && list.length > 0) {
        list.shift()?.buffer.destroy();
        this.#pooledBytes -= size;
      }
      if (list.length === 0) this.#free.delete(size);
    }
  }

  destroy(): void {
    for (const buffer of this.#live) buffer.destroy();
    for (const list of this.#free.values()) for (const { buffer } of list) buffer.destroy();
    for (const buffer of this.#retired) buffer.destroy();
    this.#live.clear();
    this.#free.clear();
    this.#retired = [];
    this.#bytes = 0;
    this.#pooledBytes = 0;
  }

  #take(spec: TensorSpec, what: string, settled: boolean): GPUBuffer {
    this.expectRoom(spec, what);
    const bytes = bytesOf(spec);
    const list = this.#free.get(bytes);
    const at = list?.findLastIndex(({ flush }) => !settled || flush < this.#flush) ?? -1;
    const buffer = at < 0 ? undefined : list?.splice(at, 1)[0]?.buffer;
    if (buffer === undefined) return this.#use(this.#create(bytes, what));
    this.#pooledBytes -= bytes;
    return this.#use(buffer);
  }

  #create(size: number, what: string): GPUBuffer {
    const buffer = this.#device.createBuffer({
      label: what,
      size,
      usage: usage.storage | usage.copySource | usage.copyTarget,
    });
    this.#created++;
    if (this.#checked) this.#device.queue.writeBuffer(buffer, 0, new Uint32Array(size / 4).fill(poisonWord));
    return buffer;
  }

  #use(buffer: GPUBuffer): GPUBuffer {
    this.#live.add(buffer);
    this.#bytes += buffer.size;
    return buffer;
  }
}
