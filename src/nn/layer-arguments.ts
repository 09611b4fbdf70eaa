// What the constructors of layers and networks are given, and the mode of a forward pass, looked at before they are used.

import {
  described,
  expectArgument,
  expectOptions,
  oneOf,
  required,
  wholeFrom,
  aFlag,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import type { StemConfiguration } from "./backbone.ts";
import { Initialiser } from "./initialise.ts";
import type { GroupedMode, Mode } from "./module.ts";

const aCount = wholeFrom(1);

/** @throws UsageError unless there is an engine, an initialiser, and a whole number from 1 for each count */
export function expectLayer(
  layer: string,
  engine: Engine,
  init: Initialiser,
  counts: Readonly<Record<string, number>>,
): void {
  expectEngine(layer, engine);
  if (!(init instanceof Initialiser)) {
    throw new UsageError(
      `${layer}: takes an initialiser, new Initialiser(engine, seed), as its second argument, got ${described(init)}`,
    );
  }
  for (const name in counts) expectArgument(layer, name, counts[name], aCount);
}

/** Whole numbers of height and width, or one for both. */
export const wholePerAxis = (least: number): Requirement => ({
  words: `a whole number from ${least} up or [height, width]`,
  fits: (value) =>
    (Array.isArray(value) ? value.length === 2 : true) &&
    [value].flat().every((each) => Number.isSafeInteger(each) && (each as number) >= least),
});

/** Layers of each block of a network. */
export const blockCounts: Requirement = {
  words: "a list of whole numbers, the layers of each block",
  fits: (value) => Array.isArray(value) && value.every((each) => Number.isInteger(each) && each >= 0),
};

const stemFields: OptionChecks<StemConfiguration> = {
  features: required(aCount),
  kernel: required(aCount),
  stride: required(aCount),
  pool: required(aFlag),
};

/** @throws UsageError unless it is the stem of a network */
export function expectStem(network: string, stem: StemConfiguration): void {
  expectOptions(`${network}: stem`, stem, stemFields);
}

const aMode = oneOf(["training", "untracked", "inference"] satisfies readonly Mode[]);
const groupedMode: OptionChecks<GroupedMode> = {
  mode: required(oneOf(["training", "untracked"] satisfies readonly Mode[])),
  groups: required(aCount),
};

/** @throws UsageError unless it is a mode: one that is left out must not move the running statistics in silence */
export function expectMode(layer: string, mode: Mode): void {
  if (typeof mode === "object") expectOptions(`${layer}: the mode`, mode, groupedMode);
  else expectArgument(layer, "the mode", mode, aMode);
}
