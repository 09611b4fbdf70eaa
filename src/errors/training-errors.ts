// What can go wrong in a training run beyond data and device.

import { TesseraError } from "./errors.ts";

/** Where a number that is not finite begins. */
export type NonFiniteOrigin = "data" | "weights" | "loss" | "gradient";

/** A loss that is no finite number, with its epoch and step, or predictions that are none, with their epoch. */
export class NonFiniteError extends TesseraError {
  override readonly name: string = "NonFiniteError";
  /** Step of the run, from 1, where it is a loss. */
  readonly step: number | undefined;
  /** Where it begins, once it was looked for. */
  readonly origin: NonFiniteOrigin | undefined;

  constructor(
    message: string,
    options: { cause?: unknown; step?: number | undefined; origin?: NonFiniteOrigin | undefined } = {},
  ) {
    super(message, options);
    this.step = options.step;
    this.origin = options.origin;
  }
}

/** A run folder that is in the way, or cannot be written. */
export class RunFolderError extends TesseraError {
  override readonly name: string = "RunFolderError";
}

/** A model that cannot be used, or not for this: names the file and what to do. */
export class ModelError extends TesseraError {
  override readonly name: string = "ModelError";
  constructor(file: string, reason: string, options?: { cause?: unknown }) {
    super(`${file}: ${reason}`, options);
  }
}

/** A checkpoint that cannot be written, read, or gone on from: names the file and what to do. */
export class CheckpointError extends TesseraError {
  override readonly name: string = "CheckpointError";
  constructor(file: string, reason: string, options?: { cause?: unknown }) {
    super(`${file}: ${reason}`, options);
  }
}
