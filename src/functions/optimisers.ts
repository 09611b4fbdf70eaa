// Optimiser steps for users, in place. What changes from step to step travels in a tensor, so that a recorded step
// cannot freeze it.

import type { Tensor } from "../tensor/tensor.ts";
import { run } from "./run.ts";

/**
 * One step of Adam (Kingma and Ba, 2015), as torch has it, without weight decay. Overwrites the first three tensors.
 *
 * @param parameter f32, any shape
 * @param firstMoment f32 of that shape, zeros before the first step
 * @param secondMoment f32 of that shape, zeros before the first step
 * @param gradient f32 of that shape
 * @param hyper f32 [8]: learning rate, beta1, beta2, epsilon, 1 / (1 - beta1^t), 1 / (1 - beta2^t), 1 - beta1, 1 - beta2
 *   at step t = 1, 2, ..., each computed in float64 and then rounded
 * @throws ShapeError when the shapes do not fit
 */
export function adam(
  parameter: Tensor,
  firstMoment: Tensor,
  secondMoment: Tensor,
  gradient: Tensor,
  hyper: Tensor,
): void {
  run("adam", [parameter, firstMoment, secondMoment, gradient, hyper], {});
}

/**
 * One step of gradient descent with momentum: velocity = momentum velocity + gradient, then parameter -= rate velocity.
 * Overwrites the first two tensors.
 *
 * @param parameter f32, any shape
 * @param velocity f32 of that shape, zeros before the first step
 * @param gradient f32 of that shape
 * @param hyper f32 [2]: learning rate, momentum
 * @throws ShapeError when the shapes do not fit
 */
export function sgd(parameter: Tensor, velocity: Tensor, gradient: Tensor, hyper: Tensor): void {
  run("sgd", [parameter, velocity, gradient, hyper], {});
}
