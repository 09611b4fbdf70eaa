// Where a tensor's data is on the device: a whole buffer, or a range of one that several tensors share.

import type { Storage } from "../../tensor/tensor.ts";
import { CountedStorage } from "../counted-storage.ts";
import { placeOf } from "../recording.ts";

/** Bytes of a buffer, ready to be bound. Offsets are multiples of 256, as WebGPU asks. */
export interface Range {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

export class BufferStorage extends CountedStorage {
  /** The gathered piece that the range is part of. */
  whole: BufferStorage | undefined;
  #range: Range;
  #release: () => void;

  constructor(range: Range, release: () => void) {
    super(() => this.#release());
    this.#range = range;
    this.#release = release;
  }

  get range(): Range {
    return this.#range;
  }

  /** Moves the data's place into a piece, for everyone who holds this storage; the old place is let go. */
  moveInto(whole: BufferStorage, range: Range): void {
    whole.retain();
    this.#release();
    this.whole = whole;
    this.#range = range;
    this.#release = () => whole.release();
  }
}

/** @throws TypeError when the data is on another backend */
export function bufferStorageOf(storage: Storage): BufferStorage {
  const place = placeOf(storage);
  if (place instanceof BufferStorage) return place;
  throw new TypeError("webgpu backend: the storage belongs to another backend");
}

export const rangeOf = (storage: Storage): Range => bufferStorageOf(storage).range;
