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
 * @returns losses [T]; the caller disposes it
 * @throws UsageError when `losses` returns no losses, or another number of them than there are terms
 */
export function optimisationStep(
  module: Module,
  optimiser: Pick<Optimiser, "step">,
  terms: readonly string[],
  losses: () => StepLosses,
): Tensor {
  const { engine } = module;
  return engine.scope(() => {
    const parameters = [...module.parameters().values()];
    using tape = new Tape(engine, parameters);
    const found = losses();
    expectStepLosses(found);
    const { total, losses: told = noGradient(engine, () => reshape(total, [1])) } = found;
    checkLosses(terms, told);
    optimiser.step(tape.gradients(total, parameters));
    return told;
  });
}
