// Values of settings that ask for nothing: a training with one of them is the training without it, down to its kernels and its bits.

import { withoutIdleLambdas } from "./assemble-terms.ts";
import type { Recipe } from "./recipe.ts";

const isZero = (value: number): boolean => value === 0;
const isEmpty = (value: object): boolean => Object.keys(value).length === 0;

type Idle = { readonly [Name in keyof Recipe]?: (value: NonNullable<Recipe[Name]>) => boolean };

/**
 * Only of fields that have always been dropped: one that checkpoints hold, such as `optimiser: adam`, stays, or runs of earlier builds
 * would not go on.
 */
const idle: Idle = {
  lambdaAucMargin: isZero,
  labelSmoothing: isZero,
  focus: ({ positive = 0, negative = 0, shift = 0 }) => [positive, negative, shift].every(isZero),
  positiveWeight: (weight) => weight !== "balanced" && isEmpty(weight),
  precision: (choice) => choice === "full",
  skipNonFinite: (asked) => !asked,
  freeze: isEmpty,
  unfreeze: isEmpty,
  rates: isEmpty,
};

/** Settings without what asks for nothing, so that all ways to say the same are equal. */
export function withoutIdleSettings<Settings extends object>(settings: Settings): Settings {
  const isIdle = (name: string, value: unknown): boolean => {
    const asksNothing = (idle as Readonly<Record<string, ((value: unknown) => boolean) | undefined>>)[name];
    return value !== undefined && asksNothing?.(value) === true;
  };
  return Object.fromEntries(
    Object.entries(withoutIdleLambdas(settings)).filter(([name, value]) => !isIdle(name, value)),
  ) as Settings;
}
