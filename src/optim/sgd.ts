// Gradient descent with momentum, as torch.optim.SGD without dampening.

import { UsageError } from "../errors/errors.ts";
import { sgd } from "../functions/optimisers.ts";
import { FlatOptimiser, optimiserOptions, type SharedOptions, type UpdateRule } from "./flat-optimiser.ts";
import type { Trainable } from "./optimiser.ts";
import type { Chosen, Given, OptionTable } from "./option-table.ts";

export const sgdOptions = {
  /** How much of the last step's velocity goes on; default .9. */
  momentum: { default: 0.9, from: 0, below: 1 },
  /** Whether the step looks ahead, as Nesterov's does; default false. */
  nesterov: { default: false },
} as const satisfies OptionTable;

export type SGDOptions = SharedOptions & Given<typeof sgdOptions>;

const sgdRule = ({ momentum, nesterov }: Chosen<typeof sgdOptions>): UpdateRule => ({
  name: "sgd",
  moments: ["momentum"],
  hyper: (_, learningRate) => [learningRate, momentum],
  update: ({ parameter, moments: [velocity], gradient, hyper, decay }) =>
    sgd(parameter, velocity, gradient, hyper, { decay, nesterov }),
});

/** Gradient descent with momentum; weight decay is added to the gradient (L2). */
export class SGD extends FlatOptimiser {
  /** @throws UsageError without parameters, with one named twice, or for an option that does not fit */
  constructor(parameters: Trainable, options: SGDOptions) {
    const { shared, own } = optimiserOptions("sgd", sgdOptions, options);
    if (own.nesterov && own.momentum === 0) {
      throw new UsageError("sgd: nesterov looks ahead along the momentum, which is 0; give one, such as 0.9");
    }
    super(sgdRule(own), parameters, shared);
  }
}
