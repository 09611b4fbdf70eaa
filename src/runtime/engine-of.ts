// The engine of tensors, for whatever takes tensors alone.

import { aList, described, expectArgument } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Engine } from "./engine.ts";
import { elsewhere, expectTensor } from "./expect-tensor.ts";

/** @throws UsageError unless it is an engine, as `openEngine` gives it once it is awaited */
export function expectEngine(call: string, engine: unknown): asserts engine is Engine {
  if (engine instanceof Engine) return;
  throw new UsageError(`${call}: takes an engine, got ${described(engine)}`);
}

/**
 * The engine that the tensors live on.
 *
 * @param call who asks, for messages
 * @throws UsageError when there are none or one of them is no tensor, LifetimeError when they live on different engines
 */
export function engineOf(tensors: readonly Tensor[], call = "an operator"): Engine {
  expectArgument(call, "the tensors", tensors, aList);
  for (let i = 0; i < tensors.length; i++) expectTensor(call, i, tensors.length, tensors[i]);
  const owner = tensors.at(0)?.owner;
  if (!(owner instanceof Engine)) throw new UsageError(`${call}: takes at least one tensor of an engine`);
  const stranger = tensors.find((tensor) => tensor.owner !== owner);
  if (stranger !== undefined) throw elsewhere(call, stranger);
  return owner;
}
