// A tensor: shape and element type of data that lives on a backend, and its lifetime.

import "./disposal.ts";
import type { NdArray } from "ndarray";
import { LifetimeError, ShapeError, UsageError } from "../errors/errors.ts";
import type { HostArray } from "./host.ts";
import { gpujsInput, nestedRows, type GpujsInput, type NestedRows } from "./nested.ts";
import { showShape, sizeOf, type DType, type Shape, type TensorSpec } from "./shape.ts";

/** Data on a backend, shared by the tensors that view it and released when the last one lets go. */
export interface Storage {
  retain(): void;
  release(): void;
}

/** What a tensor asks of the engine that made it. */
export interface TensorOwner {
  read(tensor: Tensor): Promise<HostArray>;
  forget(tensor: Tensor): void;
}

let made = 0;

/** The id of the newest tensor: what is made from now on has a larger one. */
export const newestTensor = (): number => made;

/** The error for a tensor that is used after it was disposed. @param call who uses it, where that is known */
export function disposed({ id, shape }: Tensor, call?: string): LifetimeError {
  const tensor = `tensor ${id} ${showShape(shape)} was disposed; return it from engine.scope to keep it`;
  return new LifetimeError(call === undefined ? tensor : `${call}: ${tensor}`);
}

/** A handle on data in an engine. Dispose it, leave it to `engine.scope`, or write `using x = ...`. */
export class Tensor implements TensorSpec, Disposable {
  /** Distinguishes tensors in tapes and messages; grows with time. */
  readonly id = ++made;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly owner: TensorOwner;
  #storage: Storage | undefined;

  constructor(owner: TensorOwner, spec: TensorSpec, storage: Storage) {
    this.owner = owner;
    this.shape = Object.freeze([...spec.shape]);
    this.dtype = spec.dtype;
    this.#storage = storage;
    Object.freeze(this); // what it is stays; in plain JavaScript nothing else keeps `x.shape.reverse()` from changing it
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  get disposed(): boolean {
    return this.#storage === undefined;
  }

  /** @throws LifetimeError after the tensor was disposed */
  get storage(): Storage {
    if (this.#storage === undefined) throw disposed(this);
    return this.#storage;
  }

  /** The values, row-major: Float32Array from a GPU, Float64Array from the reference backend, or the u8/u32 data. */
  read(): Promise<HostArray> {
    return this.owner.read(this);
  }

  /**
   * The only value.
   * @throws ShapeError unless the tensor has one element
   */
  async item(): Promise<number> {
    if (this.size !== 1)
      throw new ShapeError(`item: ${showShape(this.shape)} holds ${this.size} values, not one`);
    const [value = NaN] = await this.read();
    return value;
  }

  /** The values as an ndarray. Loads the package "ndarray" when it is first called. */
  async ndarray(): Promise<NdArray<HostArray>> {
    const { default: ndarray } = await import("ndarray");
    return ndarray(await this.read(), [...this.shape]);
  }

  /**
   * The values as nested rows of Float32Array, as gpu.js kernels take and return them: [X] a Float32Array, [Y, X] a list of
   * them, [Z, Y, X] a list of lists; a number for the shape []. Rows share their memory.
   *
   * @throws ShapeError for more than three axes, UsageError where a u32 value is none of f32
   */
  async nested(): Promise<NestedRows> {
    return nestedRows(await this.read(), this.shape);
  }

  /**
   * The values for gpu.js' `Input`, which spares its kernels the nesting: `new Input(value, size)`, or `input(value, size)`,
   * with `const { value, size } = await tensor.gpujsInput()`. Size is the shape reversed; [X] for one axis, [1] for none.
   *
   * @throws as `nested`
   */
  async gpujsInput(): Promise<GpujsInput> {
    return gpujsInput(await this.read(), this.shape);
  }

  /** Releases the data unless another tensor shares it. Safe to call twice. */
  dispose(): void {
    if (this.#storage === undefined) return;
    const storage = this.#storage;
    this.#storage = undefined;
    this.owner.forget(this);
    storage.release();
  }

  /** @throws UsageError for `x * 2`, and whatever else would make a number or a text of a tensor without its values */
  [Symbol.toPrimitive](): never {
    throw new UsageError(
      `tensor ${this.id} ${showShape(this.shape)} is no number: write x.multiply(2) or x.add(y), or await x.item() or x.read()`,
    );
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
