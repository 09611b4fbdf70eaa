// A pass of a network over batches of images as a program: recorded for the size of the batches that come, in memory that it shares
// with the steps of a training.

import { OutOfMemoryError } from "../errors/errors.ts";
import { largestBinding } from "../device/traits.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Program } from "../runtime/program.ts";
import { stepBytes } from "../runtime/step-plan.ts";
import type { HostArray, TensorData } from "../tensor/host.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { withFittingBatch, type NeededMemory } from "../training/fitting-batch.ts";

/** Images of a pass. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Computes tensors of a batch. */
export type BatchStep = (images: Tensor) => readonly Tensor[];

/** A step on images that are not there, to be planned. */
export const plannedPass =
  (engine: Engine, { height, width, channels }: ImageSize, count: number, step: BatchStep): (() => unknown) =>
  () =>
    step(engine.feed(noValues, [count, height, width, channels], "u8"));

const noValues = (): never => {
  throw new Error("a planned step does not run");
};

export class RecordedPass implements Disposable {
  readonly #engine: Engine;
  readonly #image: ImageSize;
  readonly #step: BatchStep;
  #current: { readonly count: number; readonly program: Program<readonly Tensor[]> } | undefined;
  #pixels: TensorData | undefined;

  /** @param step is recorded: what changes from batch to batch reaches it through `engine.feed` */
  constructor(engine: Engine, image: ImageSize, step: BatchStep) {
    this.#engine = engine;
    this.#image = image;
    this.#step = step;
  }

  /**
   * The values of a batch.
   * @param pixels u8 [B, H, W, C]
   * @throws OutOfMemoryError with a batch that would fit
   */
  async of(count: number, pixels: Uint8Array): Promise<readonly HostArray[]> {
    const program = await this.#programFor(count);
    this.#pixels = pixels;
    program.run();
    // At once: another program may have the memory next.
    return await this.#engine.readAll(program.result);
  }

  async #programFor(count: number): Promise<Program<readonly Tensor[]>> {
    if (this.#current?.count === count) return this.#current.program;
    this[Symbol.dispose]();
    const engine = this.#engine;
    const { height, width, channels } = this.#image;
    const values = (): TensorData => {
      if (this.#pixels === undefined) throw new Error("a pass ran without images");
      return this.#pixels;
    };
    const recorded = (): readonly Tensor[] =>
      this.#step(engine.feed(values, [count, height, width, channels], "u8"));
    try {
      const program = await engine.record(recorded, { shared: true });
      this.#current = { count, program };
      return program;
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      const used = engine.memory();
      const inUse = used.bytes + used.pooledBytes + used.asideBytes;
      const needs = (smaller: number): NeededMemory => {
        const plan = engine.plan(plannedPass(engine, this.#image, smaller, this.#step));
        return { total: inUse + (plan === undefined ? 0 : stepBytes(plan)), pieces: plan?.pieces ?? [] };
      };
      throw withFittingBatch(error, count, needs, largestBinding(engine.traits));
    }
  }

  [Symbol.dispose](): void {
    this.#current?.program.dispose();
    this.#current = undefined;
  }
}
