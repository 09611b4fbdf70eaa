// The whole step of a training on an assembly, whatever its task: losses, gradients, optimiser.

import type { Optimiser } from "../optim/optimiser.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { optimisationStep } from "../training/optimisation-step.ts";
import type { StepInputs, StepShape } from "./assemble-step.ts";
import type { Model } from "./assembly-task.ts";
import { taskOf } from "./tasks.ts";

/** @returns losses [T], of the shape's terms; the caller disposes it */
export function trainingStep(
  engine: Engine,
  model: Model,
  optimiser: Pick<Optimiser, "step">,
  shape: StepShape,
  inputs: () => StepInputs,
): Tensor {
  return optimisationStep(model, optimiser, shape.terms, () =>
    taskOf(shape).losses(engine, model, shape, inputs),
  );
}
