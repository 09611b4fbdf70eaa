// The groups of parameters that an optimiser is given, checked.

import { anything, described, expectOptions, required, type OptionChecks } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { ParameterGroup, Trainable } from "./optimiser.ts";

const groupFields: OptionChecks<ParameterGroup> = {
  parameters: required(anything),
  rate: {
    words: "a finite number above 0",
    fits: (value) => typeof value === "number" && value > 0 && value < Infinity,
  },
};

/** Groups of parameters, one where they come without. @throws UsageError for what is no list of tensors, or of groups */
export function groupsOf(
  name: string,
  trained: Trainable,
): readonly { readonly parameters: readonly Tensor[]; readonly rate: number }[] {
  const all = listOf<Tensor | ParameterGroup>(name, trained);
  if (!all.some(isGroup)) return [{ parameters: all as readonly Tensor[], rate: 1 }];
  return all.map((group, i) => {
    const called = `${name}: group ${i}`;
    expectOptions(called, group as ParameterGroup, groupFields);
    const parameters = listOf(called, (group as ParameterGroup).parameters);
    if (parameters.length === 0) throw new UsageError(`${called} has no parameters`);
    return { parameters, rate: (group as ParameterGroup).rate ?? 1 };
  });
}

const isGroup = (each: unknown): boolean =>
  typeof each === "object" && each !== null && "parameters" in each && !(each instanceof Tensor);

/** What is in a list. @throws UsageError for what is none */
function listOf<Each>(name: string, list: Iterable<Each>): readonly Each[] {
  if (list instanceof Map) {
    throw new UsageError(`${name}: takes parameters without their names: module.parameters().values()`);
  }
  const iterator: unknown = (list as Partial<Iterable<Each>> | undefined)?.[Symbol.iterator];
  if (typeof iterator !== "function") {
    throw new UsageError(`${name}: takes a list of parameters, or of groups of them, got ${described(list)}`);
  }
  return [...list];
}
