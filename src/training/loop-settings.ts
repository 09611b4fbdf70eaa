// The settings of the training loop, whatever the method, as code gives them. loop-fields.ts has what a manifest may say.

import type { z } from "zod";
import { unknownOption } from "../errors/arguments.ts";
import type { OptimiserSettings } from "../optim/optimiser-table.ts";
import type { loopFields } from "./loop-fields.ts";

type LoopSection = { readonly [Name in keyof typeof loopFields]?: z.output<(typeof loopFields)[Name]> };

/** The fields of a section as code may give them: left out, or undefined. */
export type Loosely<Section> = { readonly [Name in keyof Section]?: Section[Name] | undefined };

/** The settings of a run, as code gives them; see `loopFields` for what each means. */
export interface LoopSettings extends Omit<Loosely<LoopSection>, "epochs" | "learningRate"> {
  readonly epochs: number;
  readonly learningRate: number;
  /**
   * How many steps count as an epoch, for schedules, evaluations and checkpoints; default: those in which each image is seen
   * once. Lets a run on fewer images use another run's epoch length.
   */
  readonly stepsPerEpoch?: number | undefined;
}

/** Every setting once; the compiler names one that is missing. */
const loopNames: Readonly<Record<keyof LoopSettings, true>> = {
  epochs: true,
  steps: true,
  stepsPerEpoch: true,
  optimiser: true,
  learningRate: true,
  weightDecay: true,
  decayed: true,
  clipNorm: true,
  freeze: true,
  unfreeze: true,
  rates: true,
  schedule: true,
  earlyStopping: true,
  keep: true,
  ema: true,
  precision: true,
  evaluate: true,
  skipNonFinite: true,
};

/** The settings of the loop among those of a method: all of them may change a bit of a run. */
export function loopSettingsOf(settings: LoopSettings): LoopSettings & Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(settings).filter(([name]) => Object.hasOwn(loopNames, name)),
  ) as never;
}

/** @throws UsageError for a setting that the loop does not have, with the nearest that it has */
export function expectLoopSettings(settings: LoopSettings): void {
  const unknown = Object.keys(settings).find((name) => !Object.hasOwn(loopNames, name));
  if (unknown === undefined) return;
  throw unknownOption("train", unknown, Object.keys(loopNames), "setting");
}

/** The optimiser that the settings ask for. */
export function optimiserSettingsOf({
  optimiser = { by: "adam" },
  learningRate,
  weightDecay,
  decayed,
  clipNorm,
}: LoopSettings): OptimiserSettings {
  return { ...optimiser, learningRate, weightDecay, decayed, clipNorm };
}
