// Tensors that were made and not yet disposed, and in a traced engine those that nobody can dispose any more.

import type { DType, Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A tensor that nothing refers to any more, and that was never disposed: what it holds is held until the engine is closed. */
export interface ForgottenTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The line of the program that made it, as `file:line:column`. */
  readonly madeAt: string;
}

export class LiveTensors {
  readonly #all: Set<Tensor | WeakRef<Tensor>> = new Set();
  readonly #traced: WeakMap<Tensor, WeakRef<Tensor>> = new WeakMap();
  readonly #registry: FinalizationRegistry<ForgottenTensor> | undefined;

  /** @param tell told of each forgotten tensor once the garbage collector has found it; left out: nothing is traced */
  constructor(tell?: (forgotten: ForgottenTensor) => void) {
    this.#registry = tell && new FinalizationRegistry(tell);
  }

  get size(): number {
    return this.#all.size;
  }

  add(tensor: Tensor): void {
    if (this.#registry === undefined) {
      this.#all.add(tensor);
      return;
    }
    const { shape, dtype } = tensor;
    this.#registry.register(tensor, { shape, dtype, madeAt: callerOf(new Error().stack) }, tensor);
    const weak = new WeakRef(tensor);
    this.#traced.set(tensor, weak);
    this.#all.add(weak);
  }

  delete(tensor: Tensor): void {
    this.#registry?.unregister(tensor);
    this.#all.delete(this.#traced.get(tensor) ?? tensor);
  }

  clear(): void {
    this.#all.clear();
  }
}

/** Where this package lies; of a bundle, the file that it is in. */
const own = new URL("..", import.meta.url).href;

/** The first place of a stack that is not in this package; the last one where all are. */
function callerOf(stack = ""): string {
  const places = stack
    .split("\n")
    .slice(1)
    .map(
      (line) =>
        /(?:\(|at |@)((?:file:|https?:|node:|\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/.exec(line.trim())?.[1],
    )
    .filter((place) => place !== undefined);
  const path = own.replace(/^file:\/\//, "");
  const place = places.find((each) => !each.startsWith(own) && !each.startsWith(path)) ?? places.at(-1);
  return place?.replace(/^file:\/\//, "") ?? "an unknown place";
}

/** Says it on the console. */
export function warnOfForgotten({ shape, dtype, madeAt }: ForgottenTensor): void {
  console.warn(
    `tessera: a tensor [${shape.join(", ")}] ${dtype}, made at ${madeAt}, was forgotten: dispose it, or make it in engine.scope`,
  );
}
