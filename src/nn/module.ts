// A module: a function of tensors with parameters of its own, and children that have some too.

import { aFunction, expectArgument } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * Training on a batch whose images fall into groups of the same size, one behind the other, as the two views of a step do: batch
 * norm takes the statistics of each group by itself, and the running ones follow the first group alone. What has no statistics
 * of the batch computes as ever.
 */
export interface GroupedMode {
  readonly mode: "training" | "untracked";
  /** From 1; divides the number of images. */
  readonly groups: number;
}

/**
 * Which statistics batch norm uses: `training` those of the batch, and moves the running ones towards them; `untracked`
 * those of the batch, and leaves the running ones alone; `inference` the running ones. In groups: see `GroupedMode`.
 */
export type Mode = "training" | "untracked" | "inference" | GroupedMode;

/** A mode without its groups, and how many there are. */
export function partsOfMode(mode: Mode): {
  readonly mode: Exclude<Mode, GroupedMode>;
  readonly groups: number;
} {
  return typeof mode === "string" ? { mode, groups: 1 } : mode;
}

/**
 * A tensor that a module owns: a parameter is trained, a buffer (a running statistic) only carried along, and a constant
 * never changes. A counter of draws goes on with each step; it is saved with the others, but is no weight to average or load.
 */
export interface State {
  readonly kind: "parameter" | "buffer" | "constant" | "counter";
  readonly tensor: Tensor;
}

export abstract class Module {
  readonly engine: Engine;
  readonly #own = new Map<string, State>();
  readonly #children = new Map<string, Module>();
  #frozen = false;

  /**
   * Messages name a layer by its class. Layers of the package declare it (`static override readonly name = "Conv2d"`), since a minifier changes the
   * names of classes; one of your own may, too.
   */
  constructor(engine: Engine) {
    expectEngine(new.target.name, engine);
    this.engine = engine;
  }

  abstract forward(x: Tensor, mode: Mode): Tensor;

  /**
   * All tensors of this module and its children, by dotted name ("denseblock1.denselayer2.norm1.weight").
   * @throws UsageError for a module or tensor in a field that was not declared with `child`, `parameter`, `buffer`, `constant` or
   *   `counter`
   */
  state(): Map<string, State> {
    this.#expectDeclared();
    const all = new Map(this.#own);
    for (const [name, child] of this.#children) {
      for (const [inner, state] of child.state()) all.set(name === "" ? inner : `${name}.${inner}`, state);
    }
    return all;
  }

  /** What a field holds is trained and saved only if it was declared: a field that was not is an error, not forgotten. */
  #expectDeclared(): void {
    const declared = new Set<unknown>(this.#children.values());
    for (const { tensor } of this.#own.values()) declared.add(tensor);
    for (const [field, value] of Object.entries(this)) {
      for (const each of heldIn(value)) {
        if (declared.has(each)) continue;
        const name = each === value ? field : `${field}.0`;
        const declare =
          each instanceof Module
            ? `this.child("${name}", ...)`
            : `this.parameter("${name}", ...), buffer, constant or counter`;
        const what = each === value ? `"${field}"` : `something in "${field}"`;
        throw new UsageError(
          `${this.constructor.name}: ${what} is not declared and would not be trained or saved; make it with ${declare}`,
        );
      }
    }
  }

  /** The trained tensors, by dotted name, always in the same order. */
  parameters(): Map<string, Tensor> {
    const trained = [...this.state()].filter(([, { kind }]) => kind === "parameter");
    return new Map(trained.map(([name, { tensor }]) => [name, tensor]));
  }

  /** Number of trained values. */
  get parameterCount(): number {
    return [...this.parameters().values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Whether it computes as at inference in every mode: see `freeze`. */
  get frozen(): boolean {
    return this.#frozen;
  }

  /**
   * From now on the modules that are frozen compute as at inference whatever the mode: batch norm takes its running statistics
   * and leaves them alone, dropout drops nothing. Their parameters stay with whoever trains them: leave them out of the
   * optimiser, and of what gradients are asked for.
   *
   *     net.features.freeze();
   *
   * @param isFrozen asked of this module ("") and of all below it, by dotted name; default: all of them
   */
  freeze(isFrozen: (name: string) => boolean = () => true): void {
    expectArgument("freeze", "what says which modules are frozen", isFrozen, aFunction);
    this.#freeze("", isFrozen);
  }

  #freeze(name: string, isFrozen: (name: string) => boolean): void {
    this.#frozen = isFrozen(name);
    for (const [own, child] of this.#children) {
      child.#freeze([name, own].filter((part) => part !== "").join("."), isFrozen);
    }
  }

  /** The mode that this module computes in when it is asked for one. */
  protected ownMode(mode: Mode): Mode {
    return this.#frozen ? "inference" : mode;
  }

  dispose(): void {
    for (const { tensor } of this.state().values()) tensor.dispose();
  }

  /** Takes a tensor as a parameter; it outlives every scope. */
  protected parameter(name: string, tensor: Tensor): Tensor {
    this.#own.set(name, { kind: "parameter", tensor: this.engine.keep(tensor) });
    return tensor;
  }

  protected buffer(name: string, tensor: Tensor): Tensor {
    this.#own.set(name, { kind: "buffer", tensor: this.engine.keep(tensor) });
    return tensor;
  }

  protected constant(name: string, tensor: Tensor): Tensor {
    this.#own.set(name, { kind: "constant", tensor: this.engine.keep(tensor) });
    return tensor;
  }

  /** Takes a u32 tensor that counts what is drawn. */
  protected counter(name: string, tensor: Tensor): Tensor {
    this.#own.set(name, { kind: "counter", tensor: this.engine.keep(tensor) });
    return tensor;
  }

  protected child<M extends Module>(name: string, module: M): M {
    this.#children.set(name, module);
    return module;
  }
}

/** Modules and tensors that a field holds: itself, or in lists, maps and plain objects. */
function heldIn(value: unknown, depth = 0): (Module | Tensor)[] {
  if (value instanceof Module || value instanceof Tensor) return [value];
  if (typeof value !== "object" || value === null || depth > 3) return [];
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  const inside =
    Array.isArray(value) || value instanceof Map || value instanceof Set ? value.values() : undefined;
  return [...(inside ?? (isPlain ? Object.values(value) : []))].flatMap((each) => heldIn(each, depth + 1));
}
