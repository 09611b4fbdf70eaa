// The whole step of a training on an assembly, whatever its task: losses, gradients, optimiser.

import type { Optimiser } from "../optim/optimiser.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { optimisationStep } from "../training/optimisation-step.ts";
import type { StepLosses } from "../training/task.ts";
import type { StepInputs, StepShape } from "./assemble-step.ts";
import type { Model } from "./assembly-task.ts";
import { taskOf } from "./tasks.ts";

/**
 * @param parameters and `lossScale`: see `optimisationStep`
 * @returns losses [T], of the shape's terms; the caller disposes it
 */
export function trainingStep(
  engine: Engine,
  model: Model,
  optimiser: Pick<Optimiser, "step">,
  shape: StepShape,
  inputs: () => StepInputs,
  parameters?: readonly (Tensor | undefined)[],
  lossScale?: number,
): Tensor {
  const losses = (): StepLosses => taskOf(shape).losses(engine, model, shape, inputs);
  return optimisationStep(model, optimiser, shape.terms, losses, parameters, lossScale);
}
