// Layers one behind the other.

import { aRecord, described } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import type { Engine } from "../runtime/engine.ts";
import { Tensor } from "../tensor/tensor.ts";
import { expectMode } from "./layer-arguments.ts";
import { Module, type Mode } from "./module.ts";

/** A module, or a function such as `relu`, which gets the tensor alone. */
export type SequentialLayer = Module | ((x: Tensor) => Tensor);

/**
 * Each layer takes what the one before gives; the mode is handed to all modules.
 *
 *     const net = new Sequential(engine, [new Linear(engine, init, 8, 16), relu, new Linear(engine, init, 16, 2)]);
 *
 * Tensors are named by the places of their modules, "0.weight", as PyTorch has it; or by names of one's own, where the layers
 * come in an object: `{ stem: ..., head: ... }`.
 */
export class Sequential extends Module {
  static override readonly name: string = "Sequential";
  /** By name, in order. */
  readonly layers: ReadonlyMap<string, SequentialLayer>;

  constructor(
    engine: Engine,
    layers: readonly SequentialLayer[] | Readonly<Record<string, SequentialLayer>>,
  ) {
    super(engine);
    if (!Array.isArray(layers) && !aRecord.fits(layers)) {
      throw new UsageError(`Sequential: takes layers in a list, or by name, got ${described(layers)}`);
    }
    const named = Object.entries<SequentialLayer>(layers as Readonly<Record<string, SequentialLayer>>);
    if (named.length === 0) throw new UsageError("Sequential: takes at least one layer, got none");
    for (const [name, layer] of named) {
      if (name === "" || name.includes(".")) {
        throw new UsageError(
          `Sequential: a layer cannot be named ${JSON.stringify(name)}: names have no dots`,
        );
      }
      if (layer instanceof Module) {
        if (layer.engine !== engine) {
          throw new UsageError(`Sequential: layer "${name}" lives on another engine`);
        }
        this.child(name, layer);
      } else if (typeof layer !== "function" || String(layer).startsWith("class")) {
        throw new UsageError(
          `Sequential: layer "${name}" must be a module or a function of a tensor, got ${described(layer)}`,
        );
      }
    }
    this.layers = new Map(named);
  }

  forward(x: Tensor, mode: Mode): Tensor {
    expectMode("Sequential", mode);
    let result = x;
    for (const [name, layer] of this.layers) {
      result = layer instanceof Module ? layer.forward(result, mode) : layer(result);
      if (!((result as unknown) instanceof Tensor)) {
        throw new UsageError(`Sequential: layer "${name}" must give a tensor, got ${described(result)}`);
      }
    }
    return result;
  }
}
