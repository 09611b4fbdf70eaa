// The typed errors of the lower floors: each says what failed, where, and what to do about it.

/** The root of every error that Tessera throws on purpose; the command line prints its message as one line. */
export class TesseraError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A caller passed something that can never work: an unknown backend, a bad option. */
export class UsageError extends TesseraError {}

/** No WebGPU adapter fits the request. */
export class DeviceUnavailableError extends TesseraError {}

/** The device went away while in use (driver reset, removal); what lived on it is gone. */
export class DeviceLostError extends TesseraError {}

/** A buffer did not fit the device. */
export class OutOfMemoryError extends TesseraError {}

/** A shader did not compile, or a launch was rejected by the device: names the kernel and, where known, the line. */
export class KernelError extends TesseraError {}

/** Shapes or attributes that do not fit an operator: names the operator and the shapes. */
export class ShapeError extends TesseraError {}

/** A tensor, tape or engine was used after it was released, or twice where once is allowed. */
export class LifetimeError extends TesseraError {}
