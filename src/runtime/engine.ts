// The engine: makes tensors, runs operators on its backend, and releases what goes out of scope.

import "../errors/disposal.ts";
import { aFunction, aList, aNumber, aString, described, expectArgument } from "../errors/arguments.ts";
import { LifetimeError, ShapeError, UsageError } from "../errors/errors.ts";
import type { AdapterTraits } from "../device/traits.ts";
import { Tensor, type Storage, type TensorOwner } from "../tensor/tensor.ts";
import { checkShape, showShape, sizeOf, type DType, type Shape, type TensorSpec } from "../tensor/shape.ts";
import { allocate, hostTensor, type HostArray, type HostTensor, type TensorData } from "../tensor/host.ts";
import type { Backend, BackendMemory } from "./backend.ts";
import { candidatesIn, underCandidate, type CallCandidates } from "./call-candidates.ts";
import { operandOf } from "./operand.ts";
import { updatesOf, type Operator } from "../operators/operator.ts";
import { checkInferred, checkRecord, inField } from "../operators/record-checks.ts";
import { isBuiltIn, operators } from "../operators/registry.ts";
import { chunkedUpload } from "./chunked-upload.ts";
import { LiveTensors, type ForgottenTensor } from "./live-tensors.ts";
import { Overwrites } from "./overwrites.ts";
import { elsewhere, expectTensor } from "./expect-tensor.ts";
import { Program } from "./program.ts";
import { expectComputed, Recording } from "./recording.ts";
import { Scopes } from "./scopes.ts";
import { sideBySide } from "./side-by-side.ts";
import { tensorsIn } from "./tensors-in.ts";

/** An operator call as the tape sees it. */
export interface OperatorCall {
  readonly operator: Operator<never>;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: unknown;
}

/** A call as it is seen by who looks for mistakes: with the part of the step that it belongs to. */
export interface InspectedCall extends OperatorCall {
  readonly phase: string;
}

/** Told of every operator call; the tape is one. */
export type CallObserver = (call: OperatorCall) => void;

export interface EngineMemory extends BackendMemory {
  /** Tensors that were made and not yet disposed. */
  readonly tensors: number;
}

export class Engine implements TensorOwner, Disposable {
  readonly backend: Backend;
  /** Told of every call while set; autograd sets and restores it. */
  observer: CallObserver | undefined;
  /** Told of every call that is computed at once, also of those that no tape sees. */
  inspector: ((call: InspectedCall) => void) | undefined;
  readonly #live: LiveTensors;
  readonly #overwrites = new Overwrites();
  readonly #scopes = new Scopes();
  #recording: Recording | undefined;
  #phase = "forward";
  #closed = false;

  /** @param forgotten told of tensors that nobody can dispose any more; left out: they are not looked for */
  constructor(backend: Backend, forgotten?: (forgotten: ForgottenTensor) => void) {
    if (typeof (backend as Partial<Backend> | undefined)?.execute !== "function") {
      throw new UsageError(
        `Engine: takes a backend, got ${described(backend)}; openEngine() makes an engine`,
      );
    }
    this.backend = backend;
    this.#live = new LiveTensors(forgotten);
  }

  get traits(): AdapterTraits {
    return this.backend.traits;
  }

  /**
   * A tensor from host data: a number, nested arrays, a typed array, an ndarray, or what gpu.js has (rows of Float32Array,
   * textures, inputs). Uint8Array makes u8, the other arrays of whole numbers u32, all else f32; `dtype` asks for another.
   *
   * @throws ShapeError when the data is ragged or does not fill the shape; UsageError when it is no such data, or a value
   *   is none of the element type: 300 or -1 in u8, 0.5 in u32, 2^24 + 1 of a u32 in f32
   */
  tensor(data: TensorData, shape?: Shape, dtype?: DType): Tensor {
    this.#checkOpen();
    if (this.#recording !== undefined) {
      throw new UsageError(
        "engine.tensor inside engine.record would be frozen at its first value; use engine.feed(() => values, shape) for " +
          "what changes from step to step, and make what does not outside",
      );
    }
    return this.#upload(hostTensor(data, shape, dtype, "engine.tensor"));
  }

  /**
   * A u8 tensor of data that comes in chunks, one after the other: it never is on the host as a whole.
   *
   * @param chunks together they fill the shape; each but the last has a multiple of 4 bytes
   * @throws ShapeError when they do not
   */
  tensorOfChunks(chunks: Iterable<Uint8Array>, shape: Shape): Tensor {
    this.#checkOpen();
    if (this.#recording !== undefined) throw new UsageError("engine.tensorOfChunks cannot be recorded");
    checkShape("engine.tensorOfChunks", shape);
    if (typeof (chunks as Partial<Iterable<unknown>> | undefined)?.[Symbol.iterator] !== "function") {
      throw new UsageError(`engine.tensorOfChunks: takes chunks in a list, got ${described(chunks)}`);
    }
    const spec = { shape, dtype: "u8" } as const;
    this.backend.expectRoom(spec, "engine.tensorOfChunks");
    return this.#adopt(spec, this.backend.uploadChunks(spec, chunkedUpload(chunks, sizeOf(shape))));
  }

  /**
   * A tensor whose values a step takes anew each time it runs: at once when the step is run directly, and before every
   * replay when it is recorded. Whatever differs between steps (batch, learning rate, seed) comes in this way.
   *
   * @param shape must be given: a recording knows it before there are values
   * @throws ShapeError when the values do not fill the shape, UsageError when they are no data: a promise, say. In a
   *   recorded step the values are looked at when it runs.
   */
  feed(values: () => TensorData, shape: Shape, dtype: DType = "f32"): Tensor {
    this.#checkOpen();
    if (typeof values !== "function") {
      throw new UsageError(
        "engine.feed takes a function that gives the values: engine.feed(() => values, shape)",
      );
    }
    checkShape("engine.feed", shape);
    const spec = { shape, dtype };
    // A recorded step is looked at as a whole when it is planned, before there are values.
    if (this.#recording !== undefined) return this.#adopt(spec, this.#recording.feed(spec, values));
    this.backend.expectRoom(spec, "engine.feed");
    return this.#upload(hostTensor(values(), shape, dtype, "engine.feed"));
  }

  /**
   * Overwrites a tensor's values, after all work asked for so far and before all asked for from now on.
   * @throws ShapeError when the data does not fill the tensor, UsageError inside engine.record
   */
  write(tensor: Tensor, data: TensorData): void {
    this.#checkOpen();
    if (this.#recording !== undefined)
      throw new UsageError("engine.write cannot be recorded; use engine.feed");
    this.#expectOwn("engine.write", tensor);
    const host = hostTensor(data, tensor.shape, tensor.dtype, "engine.write");
    this.backend.write(operandOf(tensor), host);
    this.#overwrites.note(tensor.storage, "engine.write");
  }

  /**
   * Moves f32 tensors into one contiguous chunk of memory, so that one launch can work on all of them. They stay usable
   * as before.
   *
   * @returns the chunk as a flat tensor, and where each tensor begins in it, in elements; gaps between them hold zeros
   * @throws ShapeError for a tensor of another type, UsageError when a program uses one of them and it would have to move
   */
  gather(tensors: readonly Tensor[]): { readonly flat: Tensor; readonly offsets: readonly number[] } {
    this.#checkOpen();
    expectArgument("engine.gather", "the tensors", tensors, aList);
    for (const tensor of tensors) this.#expectOwn("engine.gather", tensor);
    const odd = tensors.find(({ dtype }) => dtype !== "f32");
    if (odd !== undefined)
      throw new ShapeError(`gather: takes f32 tensors, got ${odd.dtype} ${showShape(odd.shape)}`);
    const parts = tensors.map(operandOf);
    if (new Set(parts.map(({ storage }) => storage)).size < parts.length) {
      throw new UsageError("gather: two of the tensors share their data; name each only once");
    }
    const layout = sideBySide(tensors);
    const { offsets, size } = layout;
    const storage = this.backend.gather(parts, offsets, size);
    this.#overwrites.gathered(
      parts.map((part) => part.storage),
      storage,
    );
    const flat = this.#adopt({ shape: [size], dtype: "f32" }, storage);
    // To a tape it is what `pack` gives, made without a copy.
    this.observer?.({ operator: operators.pack, inputs: tensors, outputs: [flat], attributes: layout });
    return { flat, offsets };
  }

  /**
   * The operator calls that `body` makes, each with the candidates it could be computed by here. Nothing is computed.
   *
   *     engine.candidatesOf(() => conv2d(x, filter)) // [{ operator: "conv2d", candidates: ["direct", ...], ... }]
   *
   * @returns none on the reference backend, which has no kernels
   * @throws UsageError as `record`
   */
  candidatesOf(body: () => unknown): CallCandidates[] {
    this.#checkOpen();
    if (this.#recording !== undefined) throw new UsageError("engine.candidatesOf inside engine.record");
    const { choice } = this.backend;
    if (choice === undefined) return [];
    const { observer } = this;
    this.observer = undefined; // these calls are none of a tape's
    try {
      const { recording, result } = this.trace(body);
      try {
        return candidatesIn(recording, choice);
      } finally {
        for (const tensor of tensorsIn(result)) if (recording.owns(tensor.storage)) tensor.dispose();
        recording.release();
      }
    } finally {
      this.observer = observer;
    }
  }

  /**
   * Runs `body` with one candidate of an operator, whatever the engine would choose: for its calls, and for the steps that
   * it records. Where `body` returns a promise, until that settles; what else the engine runs meanwhile takes it, too. Calls
   * that `candidatesOf` lists are not made, and show what they would take.
   *
   *     const program = await engine.withCandidate("conv2d", "tile", () => engine.record(step));
   *
   * @param operator the name of a built-in operator, a record of your own, or "*" for every operator
   * @param candidate a name that `candidatesOf` lists, or "first" for the one that works on every adapter
   * @throws KernelError naming what there is when a call has no such candidate; UsageError when `body` makes no call of
   *   the operator, inside engine.record, and on the reference backend, which has no candidates
   */
  withCandidate<Result>(
    operator: string | { readonly name: string },
    candidate: string,
    body: () => Result,
  ): Result {
    this.#checkOpen();
    const name = typeof operator === "string" ? operator : operator.name;
    if (this.#recording !== undefined) {
      throw new UsageError(
        `withCandidate("${name}", "${candidate}") inside engine.record; write it around engine.record, or around ` +
          "engine.candidatesOf: recorded calls take their candidates together, when all are known",
      );
    }
    return underCandidate(this.backend.choice, name, candidate, body);
  }

  /** Names the part of the step that `body`'s calls belong to, for plans and profiles. */
  phase<Result>(name: string, body: () => Result): Result {
    expectArgument("engine.phase", "the name", name, aString);
    expectArgument("engine.phase", "the body", body, aFunction);
    const outer = this.#phase;
    this.#phase = name;
    try {
      return body();
    } finally {
      this.#phase = outer;
    }
  }

  /**
   * Records a step: runs it once symbolically (nothing is computed), plans its memory, and makes everything its replays
   * need. Branches, numbers and attributes are fixed at what they are now; values that change come through `feed`.
   *
   *     const program = await engine.record(() => trainingStep(...));
   *     for (...) program.run();
   *     console.log(await program.result.read());
   *
   * @param step may return a tensor, or tensors in arrays and records
   * @throws OutOfMemoryError with a table of the largest buffers when the device cannot hold them; UsageError when the
   *   step makes a tensor of host data, reads one, or records
   */
  record<Result>(step: () => Result): Promise<Program<Result>> {
    expectArgument("engine.record", "the step", step, aFunction);
    // At once, not as a rejection: a step cannot await it, and must not go on.
    if (this.#recording !== undefined) throw new UsageError("engine.record inside engine.record");
    return this.#record(step);
  }

  async #record<Result>(step: () => Result): Promise<Program<Result>> {
    const { recording, result } = this.trace(step);
    const tensors = tensorsIn(result).filter(({ storage }) => recording.owns(storage));
    const results = tensors.map(operandOf);
    try {
      return new Program(result, tensors, await this.backend.compile(recording, results));
    } catch (error) {
      for (const tensor of tensors) tensor.dispose();
      recording.release();
      throw error;
    }
  }

  /** The symbolic run of `record` alone: the calls of a step. What they hold is let go by `recording.release()`. */
  trace<Result>(step: () => Result): { readonly recording: Recording; readonly result: Result } {
    this.#checkOpen();
    expectArgument("engine.trace", "the step", step, aFunction);
    if (this.#recording !== undefined) throw new UsageError("engine.record inside engine.record");
    const recording = (this.#recording = new Recording());
    try {
      return { recording, result: this.scope(step) };
    } catch (error) {
      recording.release();
      throw error;
    } finally {
      this.#recording = undefined;
    }
  }

  /**
   * Zeros of a shape.
   * @throws OutOfMemoryError when the device can hold no such tensor, ShapeError when it is no shape
   */
  zeros(shape: Shape): Tensor {
    return this.#filled("engine.zeros", shape, 0);
  }

  /**
   * One value everywhere.
   * @throws as `zeros`; UsageError when the value is no number
   */
  full(shape: Shape, value: number): Tensor {
    if (typeof value !== "number") expectArgument("engine.full", "the value", value, aNumber);
    return this.#filled("engine.full", shape, value);
  }

  #filled(what: string, shape: Shape, value: number): Tensor {
    this.#checkOpen();
    checkShape(what, shape);
    const spec = { shape, dtype: "f32" } as const;
    this.backend.expectRoom(spec, what);
    if (this.#recording === undefined) return this.#adopt(spec, this.backend.fill(spec, value, what));
    const data = allocate("f32", sizeOf(shape)).fill(value);
    return this.#adopt(spec, this.#recording.constant({ ...spec, data }));
  }

  /**
   * Runs an operator: a built-in one or one of your own.
   * @throws ShapeError when the inputs or attributes do not fit it, LifetimeError for a disposed input, UsageError naming
   *   operator and field for a record that is not as `Operator` says, and any error the device reported since the last call
   */
  run<A>(operator: Operator<A>, inputs: readonly Tensor[], attributes: A): Tensor[] {
    this.#checkOpen();
    const isOwn = !isBuiltIn(operator);
    if (isOwn) checkRecord(operator);
    expectArgument(operator.name, "its inputs", inputs, aList);
    const operands = inputs.map((tensor, i) => {
      expectTensor(operator.name, i, inputs.length, tensor);
      if (tensor.owner !== this) throw elsewhere(operator.name, tensor);
      this.#overwrites.expectUnchanged(operator.name, tensor);
      if (this.#recording === undefined) expectComputed(tensor.storage);
      return operandOf(tensor);
    });
    const specs = inField(operator, "infer", () => operator.infer(operands, attributes));
    if (isOwn) checkInferred(operator, operands, specs);
    let outputs: Tensor[];
    const [first] = operands;
    const [spec] = specs;
    if (operator.aliases === true && first !== undefined && spec !== undefined) {
      first.storage.retain();
      outputs = [this.#adopt(spec, first.storage)];
    } else {
      const storages =
        this.#recording?.call(operator, operands, specs, attributes, this.#phase) ??
        this.backend.execute(operator, operands, specs, attributes);
      outputs = specs.map((each, i) => this.#adopt(each, storages[i]));
      if (operator.updates !== undefined) {
        for (const index of updatesOf(operator, inputs.length)) {
          this.#overwrites.note(operands[index].storage, operator.name);
        }
      }
    }
    this.observer?.({ operator: operator, inputs, outputs, attributes });
    if (this.#recording === undefined) {
      this.inspector?.({ operator: operator, inputs, outputs, attributes, phase: this.#phase });
    }
    return outputs;
  }

  /** Another handle on the same data, released on its own; outside every scope. Gradients flow through it. */
  share(tensor: Tensor): Tensor {
    this.#expectOwn("engine.share", tensor);
    return this.keep(this.run(operators.reshape, [tensor], { shape: tensor.shape })[0]);
  }

  /**
   * A handle for a tape, which no tape sees being made; outside every scope. To compute with it after the data was overwritten
   * is an error.
   */
  hold(tensor: Tensor): Tensor {
    tensor.storage.retain();
    const handle = new Tensor(this, tensor, tensor.storage);
    this.#live.add(handle);
    this.#overwrites.watch(handle);
    return handle;
  }

  /**
   * Runs `body` and releases every tensor it made, except those it returns (also inside arrays, records and maps)
   * and those it handed to `keep`.
   * @throws LifetimeError when `body` is asynchronous: await outside, on what the scope returned
   */
  scope<Result>(body: () => Result): Result {
    expectArgument("engine.scope", "the body", body, aFunction);
    return this.#scopes.run(body);
  }

  /** Takes a tensor out of every open scope: it lives until it is disposed. */
  keep<T extends Tensor>(tensor: T): T {
    this.#expectOwn("engine.keep", tensor);
    this.#scopes.takeOut(tensor);
    return tensor;
  }

  read(tensor: Tensor): Promise<HostArray> {
    this.#checkOpen();
    if (this.#recording !== undefined) {
      throw new UsageError("a recorded step cannot read a tensor; return it and read the program's result");
    }
    this.#expectOwn("engine.read", tensor);
    const operand = operandOf(tensor);
    expectComputed(operand.storage);
    return this.backend.read(operand);
  }

  /** Resolves when everything asked for so far is computed. */
  synchronise(): Promise<void> {
    this.#checkOpen();
    return this.backend.synchronise();
  }

  memory(): EngineMemory {
    return { tensors: this.#live.size, ...this.backend.memory() };
  }

  forget(tensor: Tensor): void {
    this.#live.delete(tensor);
    this.#scopes.takeOut(tensor); // a scope must not hold what is gone
  }

  /** Releases the device and everything on it. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.backend.destroy();
    this.#live.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #upload(host: HostTensor): Tensor {
    return this.#adopt(host, this.backend.upload(host));
  }

  #adopt(spec: TensorSpec, storage: Storage): Tensor {
    const tensor = new Tensor(this, spec, storage);
    this.#live.add(tensor);
    this.#scopes.add(tensor);
    return tensor;
  }

  #expectOwn(call: string, tensor: Tensor): void {
    expectTensor(call, 0, 1, tensor);
    if (tensor.owner !== this) throw elsewhere(call, tensor);
  }

  #checkOpen(): void {
    if (this.#closed) throw new LifetimeError("the engine was closed; open another with openEngine()");
  }
}
