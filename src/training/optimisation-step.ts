// One step of any task: forward pass, gradients, optimiser.

import { noGradient } from "../autograd/functions.ts";
import { Tape } from "../autograd/tape.ts";
import { reshape } from "../functions/movement.ts";
import type { Module } from "../nn/module.ts";
import type { Optimiser } from "../optim/optimiser.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkLosses, expectStepLosses, type StepLosses } from "./task.ts";

/**
 * Trains a module on one batch. May be recorded.
 *
 * @param terms names of the losses, for the check of what `losses` returns
 * @param parameters of the optimiser, in its order, undefined for those that this step leaves alone; default: all of the module.
 *   Nothing is computed backwards below the first of them
 * @param lossScale what the loss is multiplied by while gradients are found, so that small ones are kept where maps are stored in half
 *   precision; the optimiser divides by it
 * @returns losses [T], not multiplied; the caller disposes it
 * @throws UsageError when `losses` returns no losses, or another number of them than there are terms
 */
export function optimisationStep(
  module: Module,
  optimiser: Pick<Optimiser, "step">,
  terms: readonly string[],
  losses: () => StepLosses,
  parameters: readonly (Tensor | undefined)[] = [...module.parameters().values()],
  lossScale = 1,
): Tensor {
  const { engine } = module;
  return engine.scope(() => {
    const trained = parameters.filter((parameter) => parameter !== undefined);
    using tape = new Tape(engine, trained);
    const computed = losses();
    expectStepLosses(computed);
    const { total, losses: told = noGradient(engine, () => reshape(total, [1])) } = computed;
    checkLosses(terms, told);
    const scaled = lossScale === 1 ? {} : { upstream: engine.full(total.shape, lossScale) };
    const found = tape.gradients(total, trained, scaled).values();
    optimiser.step(
      parameters.map((parameter) => (parameter === undefined ? undefined : found.next().value)),
      { lossScale },
    );
    return told;
  });
}
