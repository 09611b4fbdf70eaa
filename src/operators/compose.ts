// Candidates made of other candidates: one operator's launches, fed from and into another's buffers.

import { aList, aRecord, expectArgument } from "../errors/arguments.ts";
import { KernelError } from "../errors/errors.ts";
import { temporary, type Candidate, type Slot } from "./operator.ts";
import type { TensorSpec } from "../tensor/shape.ts";

/** The last candidate: the one that the rule for the adapter prefers. */
export function preferred(candidates: readonly Candidate[]): Candidate {
  expectArgument("preferred", "the candidates", candidates, aList);
  const last = candidates.at(-1);
  if (last !== undefined) expectArgument("preferred", "a candidate", last, aRecord);
  if (last === undefined) throw new KernelError("preferred: an operator has no candidate");
  return last;
}

/** One candidate as a part of a larger one: its inputs and outputs are slots of the whole. */
export interface Step {
  readonly candidate: Candidate;
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
}

/** The launches of all steps in order; the steps' own temporaries come behind those they share. */
export function compose(name: string, shared: readonly TensorSpec[], steps: readonly Step[]): Candidate {
  const temporaries = [...shared];
  const launches = steps.flatMap(({ candidate, inputs, outputs }) => {
    const first = temporaries.length;
    temporaries.push(...(candidate.temporaries ?? []));
    const place = ({ kind, index }: Slot): Slot =>
      kind === "input" ? inputs[index] : kind === "output" ? outputs[index] : temporary(first + index);
    return candidate.launches.map((launch) => ({
      ...launch,
      bind: Object.fromEntries(Object.entries(launch.bind).map(([binding, slot]) => [binding, place(slot)])),
    }));
  });
  return { name, temporaries, launches };
}
