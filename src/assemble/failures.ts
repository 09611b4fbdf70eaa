// What can go wrong in a training run beyond data and device.

import { TesseraError } from "../device/index.ts";

/** A loss that is no finite number: names epoch and step. */
export class NonFiniteError extends TesseraError {}

/** A run folder that is in the way, or cannot be written. */
export class RunFolderError extends TesseraError {}
