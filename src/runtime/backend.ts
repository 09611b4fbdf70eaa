// What a backend does for the engine: hold data, compute operators, give data back.

import type { DeviceLostError, DeviceUnavailableError } from "../errors/errors.ts";
import type { AdapterTraits } from "../device/traits.ts";
import type { HostArray, HostTensor } from "../tensor/host.ts";
import type { Storage } from "../tensor/tensor.ts";
import type { TensorSpec } from "../tensor/shape.ts";
import type { Operator } from "../operators/operator.ts";
import type { LaunchTimer } from "./launch-timer.ts";
import type { Operand } from "./operand.ts";
import type { Readings } from "./readings.ts";
import type { Recording } from "./recording.ts";
import type { StepPlan } from "./step-plan.ts";
import type { CandidateChoice } from "./webgpu/choice.ts";

export type BackendKind = "webgpu" | "reference" | "planning";

/** Bytes as the backend counts them. */
export interface BackendMemory {
  /** Bytes of buffers in use, padding included. */
  readonly bytes: number;
  /** Bytes of released buffers kept for reuse. */
  readonly pooledBytes: number;
}

export interface Backend {
  readonly kind: BackendKind;
  readonly traits: AdapterTraits;
  /** Why there is no WebGPU, where it was looked for and this backend computes instead. */
  readonly unavailable?: DeviceUnavailableError;
  /** How it takes candidates; missing where there are no kernels. */
  readonly choice?: CandidateChoice;
  /**
   * Allocates nothing: to be asked before data is made for a tensor.
   * @param what asks for it, for the message
   * @throws OutOfMemoryError when there can never be such a tensor
   */
  expectRoom(spec: TensorSpec, what: string): void;
  /** One value everywhere; `what` asks for it. Zeros of any size take no memory on the host. */
  fill(spec: TensorSpec, value: number, what: string): Storage;
  /** Takes data in; the caller's array is copied. */
  upload(host: HostTensor): Storage;
  /** Takes u8 data in that comes in chunks, one after the other; each but the last has a multiple of 4 bytes. */
  uploadChunks(spec: TensorSpec, chunks: Iterable<Uint8Array>): Storage;
  /** Computes the outputs, in the order of the calls; may return before the work is done. */
  execute<A>(
    operator: Operator<A>,
    inputs: readonly Operand[],
    outputs: readonly TensorSpec[],
    attributes: A,
  ): Storage[];
  /** Overwrites data, after everything asked for so far and before everything asked for from now on. */
  write(operand: Operand, host: HostTensor): void;
  /**
   * Moves tensors into one contiguous storage, each at its offset (in elements), for everyone who holds them; the gaps
   * hold zeros. Where they lie so already, that storage is given again.
   * @throws UsageError when they would have to move and a recording or program uses them
   */
  gather(parts: readonly Operand[], offsets: readonly number[], size: number): Storage;
  /** Makes a program of a recorded step that returns `results`. */
  compile(recording: Recording, results: readonly Operand[]): Promise<CompiledProgram>;
  /** Gives data back once everything before it is computed. */
  read(operand: Operand): Promise<HostArray>;
  /** Resolves when everything asked for so far is computed; throws the first error on the way. */
  synchronise(): Promise<void>;
  /** Why its device is gone, asked after something failed; undefined where it is there. Missing where there is no device. */
  loss?(): Promise<DeviceLostError | undefined>;
  memory(): BackendMemory;
  /** Releases everything. Safe to call twice. */
  destroy(): void;
}

/** A recorded step as a backend runs it. */
export interface CompiledProgram {
  readonly plan: StepPlan | undefined;
  /** Queues a replay, and what `afterwards` adds, for one submit. */
  run(afterwards: () => void): void;
  /** Missing where nothing is launched. */
  timer?(): LaunchTimer;
  follow(operand: Operand, every: number): Follower;
  destroy(): void;
}

/** Readings that are told when a run was queued. */
export interface Follower extends Readings {
  record(): void;
  destroy(): void;
}
