// The tensors of a module on the host, by name: to keep the best of a run, and to write them into files.

import { described } from "../errors/arguments.ts";
import { ShapeError, UsageError } from "../errors/errors.ts";
import { Module } from "./module.ts";
import type { Weights } from "../tensor/held.ts";

/** A copy of a module's parameters and running statistics, after all work asked for so far. */
export async function readWeights(module: Module): Promise<Weights> {
  expectModule("readWeights", module);
  const states = [...module.state()];
  return new Map(
    await Promise.all(
      states.map(
        async ([name, { tensor }]) => [name, { shape: tensor.shape, data: await tensor.read() }] as const,
      ),
    ),
  );
}

function expectModule(call: string, module: unknown): void {
  if (!(module instanceof Module)) {
    throw new UsageError(`${call}: takes a module, got ${described(module)}`);
  }
}

/**
 * Overwrites a module's parameters and running statistics.
 * @throws ShapeError when a tensor is missing, of another shape, or too many; nothing has changed then
 */
export function writeWeights(module: Module, weights: Weights): void {
  expectModule("writeWeights", module);
  if (!((weights as unknown) instanceof Map)) {
    throw new UsageError(
      `writeWeights: takes weights by name, as readWeights gives them once it is awaited, got ${described(weights)}`,
    );
  }
  const wrong = difference(module, weights);
  if (wrong !== undefined) throw new ShapeError(`writeWeights: the weights are of another module: ${wrong}`);
  for (const [name, { tensor }] of module.state()) {
    const held = weights.get(name);
    if (held !== undefined) module.engine.write(tensor, held.data);
  }
}

/** The first thing about weights that does not fit a module, in words; undefined when all fits. */
export function difference(module: Module, weights: Weights): string | undefined {
  const states = module.state();
  for (const [name, { tensor }] of states) {
    const held = weights.get(name);
    if (!Array.isArray(held?.shape)) return `it has no tensor "${name}"`;
    if (held.shape.join() !== tensor.shape.join()) {
      return `"${name}" is [${held.shape.join(", ")}] in it and [${tensor.shape.join(", ")}] here`;
    }
  }
  const odd = [...weights.keys()].find((name) => !states.has(name));
  return odd === undefined ? undefined : `it has a tensor "${odd}" that there is not here`;
}
