// Scopes: tensors made while one is open are released when it closes.

import { LifetimeError } from "../errors/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { tensorsIn } from "./tensors-in.ts";

/** Tensors made while a scope is open, and the scope around it. */
interface Scope {
  readonly made: Set<Tensor>;
  readonly outer: Scope | undefined;
}

export class Scopes {
  #open: Scope | undefined;

  /** Runs `body` in a scope of its own; what it returns goes to the scope around. @throws LifetimeError when it is asynchronous */
  run<Result>(body: () => Result): Result {
    const outer = this.#open;
    const made = new Set<Tensor>();
    this.#open = { made, outer };
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
      this.#open = outer;
      for (const tensor of made) tensor.dispose();
    }
  }

  /** Takes a new tensor into the innermost scope. */
  add(tensor: Tensor): void {
    this.#open?.made.add(tensor);
  }

  /** Takes a tensor out of every scope. */
  takeOut(tensor: Tensor): void {
    for (let scope = this.#open; scope !== undefined; scope = scope.outer) scope.made.delete(tensor);
  }
}
