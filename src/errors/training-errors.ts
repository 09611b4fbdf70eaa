// What can go wrong in a training run beyond data and device.

import { TesseraError } from "./errors.ts";

/** A loss that is no finite number, with its epoch and step, or predictions that are none, with their epoch. */
export class NonFiniteError extends TesseraError {
  override readonly name: string = "NonFiniteError";
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
