// The table of optimisers, by the names they have in settings and manifests.
//
// To add one: its class beside adam.ts and sgd.ts, with a table of its options and an `UpdateRule`, and a row here. If no
// operator computes its step yet, an operator in src/operators/optimisers with its shader, and a function in
// src/functions/optimisers.ts; the compiler names the tables that a new operator must be in.

import { aRecord, expectArgument, shown } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Adam, AdamW, adamOptions, adamWDecay, type AdamOptions } from "./adam.ts";
import type { Optimiser, Trainable } from "./optimiser.ts";
import type { Given, OptionTable } from "./option-table.ts";
import type { SharedOptions } from "./flat-optimiser.ts";
import { SGD, sgdOptions, type SGDOptions } from "./sgd.ts";

interface OptimiserRow<Options> {
  /** Options of its own, beside `sharedOptions`. */
  readonly options: OptionTable;
  /** Default weight decay. */
  readonly weightDecay: number;
  create(parameters: Trainable, options: Options): Optimiser;
}

export const optimisers = {
  adam: {
    options: adamOptions,
    weightDecay: 0,
    create: (parameters: Trainable, options: AdamOptions) => new Adam(parameters, options),
  },
  adamw: {
    options: adamOptions,
    weightDecay: adamWDecay,
    create: (parameters: Trainable, options: AdamOptions) => new AdamW(parameters, options),
  },
  sgd: {
    options: sgdOptions,
    weightDecay: 0,
    create: (parameters: Trainable, options: SGDOptions) => new SGD(parameters, options),
  },
} as const satisfies Readonly<Record<string, OptimiserRow<never>>>;

export type OptimiserName = keyof typeof optimisers;
export const optimiserNames = Object.keys(optimisers) as readonly OptimiserName[];

/** Which parameters decay: all, or those of two axes and more (filters, matrices), without biases and scales of norms. */
export const decayedChoices = ["all", "weights"] as const;

/** Which optimiser, by name, and options of its own. */
export type OptimiserChoice = {
  [Name in OptimiserName]: { readonly by: Name } & Given<(typeof optimisers)[Name]["options"]>;
}[OptimiserName];

/** An optimiser as plain data. */
export type OptimiserSettings = OptimiserChoice &
  Omit<SharedOptions, "decays"> & {
    /** Default "all", as in torch. */
    readonly decayed?: (typeof decayedChoices)[number] | undefined;
  };

/**
 * The optimiser that settings describe.
 * @throws UsageError for an unknown name, an option that does not fit, or parameters that do not (see `Adam`)
 */
export function optimiserOf(parameters: Trainable, settings: OptimiserSettings): Optimiser {
  expectArgument("optimiser", "the settings", settings, aRecord);
  const { by, decayed = "all", ...options } = settings;
  if (typeof by !== "string") {
    throw new UsageError(`optimiser: write { by: NAME } with one of ${optimiserNames.join(", ")}`);
  }
  if (!Object.hasOwn(optimisers, by)) {
    throw new UsageError(
      `there is no optimiser "${by}"${suggestion(by, optimiserNames) || ";"} there are ${optimiserNames.join(", ")}`,
    );
  }
  if (!decayedChoices.includes(decayed)) {
    throw new UsageError(`${by}: decayed must be one of ${decayedChoices.join(", ")}, got ${shown(decayed)}`);
  }
  const decays = decayed === "all" ? undefined : ({ shape }: Tensor): boolean => shape.length > 1;
  const row: OptimiserRow<SharedOptions> = optimisers[by];
  return row.create(parameters, { ...options, decays });
}
