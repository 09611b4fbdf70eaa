// The typed errors of the lower floors: each says what failed, where, and what to do about it.

/**
 * The root of every error that Tessera throws on purpose; the command line prints its message as one line. Names are written out,
 * here and below, since a minifier changes those of classes.
 */
export class TesseraError extends Error {
  override readonly name: string = "TesseraError";
}

/** A caller passed something that can never work: an unknown backend, a bad option. */
export class UsageError extends TesseraError {
  override readonly name: string = "UsageError";
}

/** No WebGPU adapter fits the request. */
export class DeviceUnavailableError extends TesseraError {
  override readonly name: string = "DeviceUnavailableError";
}

/** The device went away while in use (driver reset, removal); what lived on it is gone. */
export class DeviceLostError extends TesseraError {
  override readonly name: string = "DeviceLostError";

  /** What happened, without what to do about it. */
  get reason(): string {
    return this.message.split("; ", 1)[0];
  }
}

/** A buffer did not fit the device. */
export class OutOfMemoryError extends TesseraError {
  override readonly name: string = "OutOfMemoryError";
}

/** A shader did not compile, or a launch was rejected by the device: names the kernel and, where known, the line. */
export class KernelError extends TesseraError {
  override readonly name: string = "KernelError";
}

/** Shapes or attributes that do not fit an operator: names the operator and the shapes. */
export class ShapeError extends TesseraError {
  override readonly name: string = "ShapeError";
}

/** A tensor, tape or engine was used after it was released, or twice where once is allowed. */
export class LifetimeError extends TesseraError {
  override readonly name: string = "LifetimeError";
}
