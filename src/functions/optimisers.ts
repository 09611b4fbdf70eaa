// Optimiser steps for users, in place. What changes from step to step travels in a tensor, so that a recorded step
// cannot freeze it.

import { aFlag, anything, described, expectOptions, required } from "../errors/arguments.ts";
import type { OptionChecks } from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";
import { engineOf } from "../runtime/engine-of.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { multiply } from "./elementwise.ts";
import { run, runOne } from "./run.ts";

/** Weight decay of an Adam step. */
export interface AdamDecay {
  /** f32 [elements / 64, rounded up]: the decay of each run of 64 elements of the parameter. */
  readonly decay: Tensor;
  /** Takes rate * decay * parameter off the parameter (AdamW), instead of adding decay * parameter to the gradient. */
  readonly decoupled: boolean;
}

const decayFields: OptionChecks<AdamDecay> = { decay: required(anything), decoupled: required(aFlag) };

/**
 * One step of Adam (Kingma and Ba, 2015), as torch has it. Overwrites the first three tensors.
 *
 * @param parameter f32, any shape
 * @param firstMoment f32 of that shape, zeros before the first step
 * @param secondMoment f32 of that shape, zeros before the first step
 * @param gradient f32 of that shape
 * @param hyper f32 [8]: learning rate, beta1, beta2, epsilon, 1 / (1 - beta1^t), 1 / (1 - beta2^t), 1 - beta1, 1 - beta2
 *   at step t = 1, 2, ..., each computed in float64 and then rounded
 * @param decay default: none
 * @throws ShapeError when the shapes do not fit
 */
export function adam(
  parameter: Tensor,
  firstMoment: Tensor,
  secondMoment: Tensor,
  gradient: Tensor,
  hyper: Tensor,
  decay?: AdamDecay,
): void {
  const inputs = [parameter, firstMoment, secondMoment, gradient, hyper];
  if (decay === undefined) {
    run("adam", inputs, { decay: "none" });
    return;
  }
  expectOptions("adam", decay, decayFields);
  run("adam", [...inputs, decay.decay], { decay: decay.decoupled ? "decoupled" : "coupled" });
}

/** Variants of a step of gradient descent. */
export interface SgdVariant {
  /** f32 [elements / 64, rounded up]: the weight decay of each run of 64 elements of the parameter; default: none. */
  readonly decay?: Tensor | undefined;
  /** Whether the step looks ahead, as Nesterov's does; default false. */
  readonly nesterov?: boolean;
}

const sgdVariants: OptionChecks<SgdVariant> = { decay: anything, nesterov: aFlag };

/**
 * One step of gradient descent with momentum, as torch has it: slope = gradient + decay parameter, velocity = momentum
 * velocity + slope, then parameter -= rate velocity, or with `nesterov` rate (slope + momentum velocity). Overwrites the
 * first two tensors.
 *
 * @param parameter f32, any shape
 * @param velocity f32 of that shape, zeros before the first step
 * @param gradient f32 of that shape
 * @param hyper f32 [2]: learning rate, momentum
 * @throws ShapeError when the shapes do not fit
 */
export function sgd(
  parameter: Tensor,
  velocity: Tensor,
  gradient: Tensor,
  hyper: Tensor,
  variant: SgdVariant = {},
): void {
  expectOptions("sgd", variant, sgdVariants);
  const { decay, nesterov = false } = variant;
  const inputs = [parameter, velocity, gradient, hyper];
  run("sgd", decay === undefined ? inputs : [...inputs, decay], { decay: decay !== undefined, nesterov });
}

/**
 * A gradient, scaled down where its Euclidean norm is above a limit: times min(1, most / (norm + 1e-6)), as torch's
 * clip_grad_norm_. Where the norm is NaN or infinite, also because the squares of finite numbers leave f32 (a norm above
 * 1.8e19), all of the result is NaN: the update fails visibly instead of being a small one.
 *
 * @param gradient f32, any shape; all gradients of a network side by side have one norm
 * @param norm f32 [], overwritten with the norm before clipping
 * @param most the largest norm that is left as it is, above 0
 * @returns of the gradient's shape
 * @throws ShapeError when the shapes or the limit do not fit
 */
export function clipByNorm(gradient: Tensor, norm: Tensor, most: number): Tensor {
  engineOf([gradient, norm], "clipByNorm");
  if (typeof most !== "number" || !(most > 0))
    throw new ShapeError(`clipByNorm: most must be a number above 0, got ${described(most)}`);
  return multiply(gradient, runOne("clipFactor", [gradient, norm], { most }));
}
