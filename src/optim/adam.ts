// Adam (Kingma and Ba 2015), and AdamW, whose weight decay is apart from the gradient (Loshchilov and Hutter 2019).

import { adam } from "../functions/optimisers.ts";
import { FlatOptimiser, optimiserOptions, type SharedOptions, type UpdateRule } from "./flat-optimiser.ts";
import type { Trainable } from "./optimiser.ts";
import type { Chosen, Given, OptionTable } from "./option-table.ts";

export const adamOptions = {
  /** Decay of the mean of gradients; default .9. */
  beta1: { default: 0.9, from: 0, below: 1 },
  /** Decay of the mean of their squares; default .999. */
  beta2: { default: 0.999, from: 0, below: 1 },
  /** Default 1e-8. */
  epsilon: { default: 1e-8, from: 0 },
} as const satisfies OptionTable;

export type AdamOptions = SharedOptions & Given<typeof adamOptions>;

/** AdamW's weight decay where none is given, as torch has it. */
export const adamWDecay = 0.01;

function adamRule(
  name: string,
  { beta1, beta2, epsilon }: Chosen<typeof adamOptions>,
  decoupled: boolean,
): UpdateRule {
  const betas = [beta1, beta2];
  return {
    name,
    moments: ["firstMoment", "secondMoment"],
    hyper: (step, learningRate) => {
      const corrections = betas.map((beta) => 1 / (1 - beta ** step));
      const rests = betas.map((beta) => 1 - beta);
      return [learningRate, ...betas, epsilon, ...corrections, ...rests];
    },
    update: ({ parameter, moments: [first, second], gradient, hyper, decay }) =>
      adam(parameter, first, second, gradient, hyper, decay === undefined ? decay : { decay, decoupled }),
  };
}

/**
 * Adam, as torch.optim.Adam: weight decay is added to the gradient (L2). Of groups each has its own rate:
 *
 *     new Adam([{ parameters: features, rate: 0.1 }, { parameters: head }], { learningRate: 1e-3 });
 */
export class Adam extends FlatOptimiser {
  /** @throws UsageError without parameters, with one named twice, or for an option that does not fit */
  constructor(parameters: Trainable, options: AdamOptions) {
    const { shared, own } = optimiserOptions("adam", adamOptions, options);
    super(adamRule("adam", own, false), parameters, shared);
  }
}

/** AdamW, as torch.optim.AdamW: before each step a parameter loses learningRate * weightDecay of itself; default .01. */
export class AdamW extends FlatOptimiser {
  /** @throws UsageError without parameters, with one named twice, or for an option that does not fit */
  constructor(parameters: Trainable, options: AdamOptions) {
    const { shared, own } = optimiserOptions("adamw", adamOptions, options, adamWDecay);
    super(adamRule("adamw", own, true), parameters, shared);
  }
}
