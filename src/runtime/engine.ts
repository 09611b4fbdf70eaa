// The engine: makes tensors, runs operators on its backend, and releases what goes out of scope.

import {
  DeviceUnavailableError,
  LifetimeError,
  UsageError,
  openGpu,
  type AdapterTraits,
  type DeviceRequest,
} from "../device/index.ts";
import {
  Tensor,
  checkShape,
  hostTensor,
  showShape,
  type DType,
  type HostArray,
  type Shape,
  type Storage,
  type TensorData,
  type TensorOwner,
  type TensorSpec,
} from "../tensor/index.ts";
import type { Backend, BackendMemory } from "./backend.ts";
import type { Operator } from "./operator.ts";
import { ReferenceBackend } from "./reference-backend.ts";
import { WebGpuBackend, type WebGpuOptions } from "./webgpu/backend.ts";

export const deviceChoices = ["auto", "webgpu", "reference"] as const;
export type DeviceChoice = (typeof deviceChoices)[number];

export interface EngineOptions extends DeviceRequest, WebGpuOptions {
  /** `auto` takes WebGPU where there is an adapter and the reference backend elsewhere. Default `auto`. */
  readonly device?: DeviceChoice;
}

/** An operator call as the tape sees it. */
export interface OperatorCall {
  readonly operator: Operator<never>;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: unknown;
}

/** Told of every operator call; the tape is one. */
export type CallObserver = (call: OperatorCall) => void;

export interface EngineMemory extends BackendMemory {
  /** Tensors that were made and not yet disposed. */
  readonly tensors: number;
}

/** Tensors made while a scope is open, and the scope around it. */
interface Scope {
  readonly made: Set<Tensor>;
  readonly outer: Scope | undefined;
}

export class Engine implements TensorOwner, Disposable {
  readonly backend: Backend;
  /** Told of every call while set; autograd sets and restores it. */
  observer: CallObserver | undefined;
  readonly #live = new Set<Tensor>();
  #scope: Scope | undefined;
  #closed = false;

  constructor(backend: Backend) {
    this.backend = backend;
  }

  get traits(): AdapterTraits {
    return this.backend.traits;
  }

  /**
   * A tensor from host data: a number, nested arrays, a typed array or an ndarray.
   * @throws ShapeError when the data is ragged or does not fill the shape
   */
  tensor(data: TensorData, shape?: Shape, dtype?: DType): Tensor {
    this.#checkOpen();
    const host = hostTensor(data, shape, dtype);
    return this.#adopt(host, this.backend.upload(host));
  }

  /** Zeros of a shape. */
  zeros(shape: Shape): Tensor {
    return this.full(shape, 0);
  }

  /** One value everywhere. */
  full(shape: Shape, value: number): Tensor {
    checkShape("full", shape);
    return this.tensor(new Float32Array(shape.reduce((size, extent) => size * extent, 1)).fill(value), shape);
  }

  /**
   * Runs an operator.
   * @throws ShapeError when the inputs or attributes do not fit it, LifetimeError for a disposed input, and any
   *   error the device reported since the last call
   */
  run<A>(operator: Operator<A>, inputs: readonly Tensor[], attributes: A): Tensor[] {
    this.#checkOpen();
    const operands = inputs.map((tensor) => {
      if (tensor.owner !== this)
        throw new LifetimeError(`${operator.name}: tensor ${tensor.id} is of another engine`);
      return { shape: tensor.shape, dtype: tensor.dtype, storage: tensor.storage };
    });
    const specs = operator.infer(operands, attributes);
    let outputs: Tensor[];
    const [first] = operands;
    const [spec] = specs;
    if (operator.aliases === true && first !== undefined && spec !== undefined) {
      first.storage.retain();
      outputs = [this.#adopt(spec, first.storage)];
    } else {
      const storages = this.backend.execute(operator, operands, specs, attributes);
      outputs = specs.map((each, i) => this.#adopt(each, storages[i]));
    }
    this.observer?.({ operator: operator, inputs, outputs, attributes });
    return outputs;
  }

  /** Another handle on the same data, released on its own; outside every scope. */
  share(tensor: Tensor): Tensor {
    tensor.storage.retain();
    const handle = new Tensor(this, tensor, tensor.storage);
    this.#live.add(handle);
    return handle;
  }

  /**
   * Runs `body` and releases every tensor it made, except those it returns (also inside arrays, records and maps)
   * and those it handed to `keep`.
   * @throws LifetimeError when `body` is asynchronous: await outside, on what the scope returned
   */
  scope<Result>(body: () => Result): Result {
    const outer = this.#scope;
    const made = new Set<Tensor>();
    this.#scope = { made, outer };
    let result: Result | undefined;
    try {
      result = body();
      if (result instanceof Promise) {
        result.catch(() => undefined); // the error below is the one to see
        throw new LifetimeError(
          "engine.scope takes a synchronous function: return tensors and read them outside",
        );
      }
      for (const tensor of tensorsIn(result)) {
        if (made.delete(tensor)) outer?.made.add(tensor);
      }
      return result;
    } finally {
      this.#scope = outer;
      for (const tensor of made) tensor.dispose();
    }
  }

  /** Takes a tensor out of every open scope: it lives until it is disposed. */
  keep<T extends Tensor>(tensor: T): T {
    for (let scope = this.#scope; scope !== undefined; scope = scope.outer) scope.made.delete(tensor);
    return tensor;
  }

  read(tensor: Tensor): Promise<HostArray> {
    this.#checkOpen();
    return this.backend.read({ shape: tensor.shape, dtype: tensor.dtype, storage: tensor.storage });
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
    this.keep(tensor); // a scope must not hold what is gone
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

  #adopt(spec: TensorSpec, storage: Storage): Tensor {
    const tensor = new Tensor(this, { shape: [...spec.shape], dtype: spec.dtype }, storage);
    this.#live.add(tensor);
    this.#scope?.made.add(tensor);
    return tensor;
  }

  #checkOpen(): void {
    if (this.#closed) throw new LifetimeError("the engine was closed; open another with openEngine()");
  }
}

/** Every tensor inside arrays, plain records, maps and sets. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
    const items: unknown[] = [...(value as Iterable<unknown>)];
    return items.flatMap(tensorsIn);
  }
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.values(value).flatMap(tensorsIn);
  }
  return [];
}

/**
 * The engine that the tensors live on.
 * @throws LifetimeError when there are none or they live on different engines
 */
export function engineOf(tensors: readonly Tensor[]): Engine {
  const owner = tensors[0]?.owner;
  if (!(owner instanceof Engine))
    throw new LifetimeError("an operator needs at least one tensor of an engine");
  const stranger = tensors.find((tensor) => tensor.owner !== owner);
  if (stranger !== undefined) {
    throw new LifetimeError(`tensor ${stranger.id} ${showShape(stranger.shape)} lives on another engine`);
  }
  return owner;
}

/**
 * Opens an engine on WebGPU or on the CPU reference.
 * @throws DeviceUnavailableError when WebGPU was asked for and there is no adapter, UsageError for an unknown device
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const choice: string = options.device ?? "auto";
  if (choice === "reference") return new Engine(new ReferenceBackend());
  if (choice !== "webgpu" && choice !== "auto") {
    throw new UsageError(`unknown device "${choice}"; choose one of ${deviceChoices.join(", ")}`);
  }
  try {
    return new Engine(new WebGpuBackend(await openGpu(options), options));
  } catch (error) {
    // A named adapter that is missing is a mistake to report, not a reason to compute elsewhere.
    const mayFallBack = choice === "auto" && options.adapterName === undefined;
    if (mayFallBack && error instanceof DeviceUnavailableError) return new Engine(new ReferenceBackend());
    throw error;
  }
}
