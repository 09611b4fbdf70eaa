// Storage buffers and their reuse. A released buffer goes back to a pool by size; launches run in the order they
// were encoded, so a later launch may write it while an earlier one that still reads it is under way.

import { OutOfMemoryError } from "../../errors/errors.ts";
import type { Gpu } from "../../device/gpu.ts";
import { largestBinding, type AdapterTraits } from "../../device/traits.ts";
import { halfBits, halfOfBits } from "../../tensor/half.ts";
import { elementBytes, sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { allocate, type HostArray, type HostTensor } from "../../tensor/host.ts";
import { implementationBytes, largestOf, mebibytes } from "../step-plan.ts";

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

/** Bytes of the smallest piece in which it is tried how much the device would give. */
const smallestPiece = 2 ** 20;

export class BufferPool {
  readonly #gpu: Gpu;
  readonly #device: GPUDevice;
  readonly #traits: AdapterTraits;
  readonly #checked: boolean;
  readonly #free = new Map<number, Pooled[]>();
  readonly #live = new Set<GPUBuffer>();
  #retired: GPUBuffer[] = [];
  /** Uniforms, and what is read back through. */
  readonly #aside = new Set<GPUBuffer>();
  /** Buffers that the device refused, and those whose values were to be computed from one. */
  readonly #missing = new WeakSet<GPUBuffer>();
  #hasMissing = false;
  /** Resolve when the device has said whether it has the memory of a buffer. */
  readonly #asked = new Set<Promise<void>>();
  #flush = 0;
  #bytes = 0;
  #pooledBytes = 0;
  #asideBytes = 0;
  #peakBytes = 0;
  #created = 0;
  /** Whether buffers were destroyed whose memory the driver may not have back. */
  #isOwed = false;

  /** `checked` fills every buffer with NaN and never uses one again. */
  constructor(gpu: Gpu, checked: boolean) {
    this.#gpu = gpu;
    this.#device = gpu.device;
    this.#traits = gpu.traits;
    this.#checked = checked;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get pooledBytes(): number {
    return this.#pooledBytes;
  }

  /** Bytes of uniforms, and of what is read back through. */
  get asideBytes(): number {
    return this.#asideBytes;
  }

  /** The most bytes of all kinds that there were at a time. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Whether the device has said of every buffer that it has the memory. */
  get isSettled(): boolean {
    return this.#asked.size === 0;
  }

  /** Resolves when the device has said of every buffer whether it has the memory; what it refused is the next error of `gpu.check`. */
  async settled(): Promise<void> {
    while (this.#asked.size > 0) await Promise.all(this.#asked);
  }

  /** Whether some buffer was refused: then what is submitted must be looked at. */
  get hasMissing(): boolean {
    return this.#hasMissing;
  }

  /** Whether a buffer has no memory, or not the values that it was to have, since another one was refused. */
  isMissing(buffer: GPUBuffer): boolean {
    return this.#hasMissing && this.#missing.has(buffer);
  }

  /** Notes that what a buffer was to hold was not computed. */
  miss(buffer: GPUBuffer): void {
    this.#missing.add(buffer);
    for (const [size, list] of this.#free) {
      const kept = list.filter((each) => each.buffer !== buffer);
      if (kept.length < list.length) {
        this.#free.set(size, kept);
        this.#pooledBytes -= size;
        buffer.destroy();
      }
    }
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

  /**
   * Buffers of zeros that nothing has used: all of them, or none where the device has not enough.
   * @param refused makes the error, of the bytes that the device would have given in all
   */
  async takeAll(
    wanted: readonly { readonly bytes: number; readonly label: string }[],
    refused: (available: number, cause: unknown) => OutOfMemoryError,
  ): Promise<GPUBuffer[]> {
    const buffers: GPUBuffer[] = [];
    this.#device.pushErrorScope("out-of-memory");
    try {
      for (const { bytes, label } of wanted) buffers.push(this.#use(this.#make(bytes, label)));
    } finally {
      const error = await this.#device.popErrorScope();
      if (error !== null) {
        for (const buffer of buffers) this.drop(buffer);
        const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
        throw refused(this.#all + (await this.#room(total)), error);
      }
    }
    return buffers;
  }

  /** A buffer that no launch stores into: for uniforms, or to read back through. Let go of it with `putAway`. */
  takeAside(label: string, size: number, use: number): GPUBuffer {
    const buffer = this.#watched(label, size, () => this.#device.createBuffer({ label, size, usage: use }));
    this.#aside.add(buffer);
    this.#asideBytes += size;
    this.#note();
    return buffer;
  }

  putAway(buffer: GPUBuffer): void {
    if (this.#aside.delete(buffer)) this.#asideBytes -= buffer.size;
    buffer.destroy();
  }

  /** Destroys spare buffers; what was pushed so far must have been submitted. */
  trim(): void {
    if (this.#pooledBytes === 0) return;
    for (const list of this.#free.values()) for (const { buffer } of list) buffer.destroy();
    this.#free.clear();
    this.#pooledBytes = 0;
    this.#isOwed = true;
  }

  /** Destroys a buffer that no launch waiting to be submitted uses. */
  drop(buffer: GPUBuffer): void {
    if (!this.#live.delete(buffer)) return;
    this.#bytes -= buffer.size;
    buffer.destroy();
    this.#isOwed = true;
  }

  give(buffer: GPUBuffer): void {
    if (!this.#live.delete(buffer)) return;
    this.#bytes -= buffer.size;
    if (this.#checked || this.isMissing(buffer)) {
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
    for (const buffer of this.#aside) buffer.destroy();
    this.#live.clear();
    this.#free.clear();
    this.#aside.clear();
    this.#retired = [];
    this.#bytes = 0;
    this.#pooledBytes = 0;
    this.#asideBytes = 0;
  }

  #take(spec: TensorSpec, what: string, settled: boolean): GPUBuffer {
    this.expectRoom(spec, what);
    const bytes = bytesOf(spec);
    const list = this.#free.get(bytes);
    const at = list?.findLastIndex(({ flush }) => !settled || flush < this.#flush) ?? -1;
    const buffer = at < 0 ? undefined : list?.splice(at, 1)[0]?.buffer;
    if (buffer === undefined) return this.#use(this.#watched(what, bytes, () => this.#make(bytes, what)));
    this.#pooledBytes -= bytes;
    return this.#use(buffer);
  }

  /** A buffer of which the device says later whether it has the memory. */
  #watched(what: string, bytes: number, make: () => GPUBuffer): GPUBuffer {
    this.#device.pushErrorScope("out-of-memory");
    const buffer = make();
    const asked = this.#device.popErrorScope().then(
      (error) => {
        if (error !== null) this.#refuse(buffer, what, bytes, error);
      },
      () => undefined, // the device is gone, which others tell
    );
    this.#asked.add(asked);
    void asked.then(() => this.#asked.delete(asked));
    return buffer;
  }

  #refuse(buffer: GPUBuffer, what: string, bytes: number, cause: GPUError): void {
    this.#hasMissing = true;
    this.miss(buffer);
    if (this.#live.delete(buffer)) this.#bytes -= bytes;
    if (this.#aside.delete(buffer)) this.#asideBytes -= bytes;
    const available = this.#all;
    const held = [...this.#live, ...this.#aside].map(({ label, size }) => ({ label, bytes: size }));
    this.#gpu.fail(
      new OutOfMemoryError(
        `${what}: "${this.#traits.name}" does not have ${mebibytes(bytes)} MiB beside the ${mebibytes(available)} MiB in use; ` +
          `use a smaller batch or image. The largest buffers in use:\n${largestOf(held)}`,
        { cause, available },
      ),
    );
  }

  /** Resolves when the driver has the memory of destroyed buffers back: when something that was submitted after them is done. */
  async returned(): Promise<void> {
    if (!this.#isOwed) return;
    this.#isOwed = false;
    this.#device.queue.submit([this.#device.createCommandEncoder().finish()]);
    await this.#gpu.answer(this.#device.queue.onSubmittedWorkDone());
  }

  /** Bytes that the device still gives, of so many: found by trying, to a MiB. */
  async #room(most: number): Promise<number> {
    const tried: GPUBuffer[] = [];
    let found = 0;
    this.#isOwed = true;
    await this.returned();
    for (let piece = most / 2; piece >= smallestPiece; piece /= 2) {
      const size = Math.min(4 * Math.floor(piece / 4), largestBinding(this.#traits));
      this.#device.pushErrorScope("out-of-memory");
      const buffer = this.#device.createBuffer({ label: "room", size, usage: usage.storage });
      if ((await this.#device.popErrorScope()) === null) found += size;
      tried.push(buffer);
    }
    for (const buffer of tried) buffer.destroy();
    return Math.max(0, found - implementationBytes);
  }

  get #all(): number {
    return this.#bytes + this.#pooledBytes + this.#asideBytes;
  }

  #note(): void {
    this.#peakBytes = Math.max(this.#peakBytes, this.#all);
  }

  #make(size: number, what: string): GPUBuffer {
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
    this.#note();
    return buffer;
  }
}
