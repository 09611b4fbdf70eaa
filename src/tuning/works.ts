// What there is to tune: the operator calls of recorded steps that can be computed in more than one way.

import { aRecord, expectArgument, type Requirement } from "../errors/arguments.ts";
import type { AdapterTraits } from "../device/traits.ts";
import { workKey } from "../runtime/webgpu/choice.ts";
import type { Operator } from "../operators/operator.ts";
import type { Recording } from "../runtime/recording.ts";
import type { TensorSpec } from "../tensor/shape.ts";

/**
 * Calls of one operator with the same shapes and attributes. Shapes are taken as they are, the batch too: on a small map
 * it decides how many workgroups there are, and with that which candidate wins.
 */
export interface Work {
  /** The name of the work in tuning files: `workKey`. */
  readonly key: string;
  readonly operator: Operator<never>;
  readonly inputs: readonly TensorSpec[];
  readonly attributes: unknown;
  /** Names of its candidates; the first always works, the last is the rule's. */
  readonly candidates: readonly string[];
  /** How often each of the recordings has it. */
  readonly calls: readonly number[];
}

const listOfRecordings: Requirement = {
  words: "a list of recordings",
  fits: (value) =>
    Array.isArray(value) && value.every((each) => Array.isArray((each as Partial<Recording> | null)?.calls)),
};

/** Every different work of some recordings, in the order they first appear. */
export function worksOf(recordings: readonly Recording[], traits: AdapterTraits): Work[] {
  expectArgument("worksOf", "the recordings", recordings, listOfRecordings);
  expectArgument("worksOf", "the traits", traits, aRecord);
  const works = new Map<string, Work & { readonly calls: number[] }>();
  recordings.forEach(({ calls }, recording) => {
    for (const { operator, inputs, attributes } of calls) {
      const specs = inputs.map(({ shape, dtype }) => ({ shape, dtype }));
      const key = workKey(operator.name, specs, attributes);
      let work = works.get(key);
      if (work === undefined) {
        const candidates = operator.candidates(specs, attributes as never, traits).map(({ name }) => name);
        work = { key, operator, inputs: specs, attributes, candidates, calls: recordings.map(() => 0) };
        works.set(key, work);
      }
      work.calls[recording]++;
    }
  });
  return [...works.values()];
}

/** Whether there is a choice. A pack has none: a recorded step computes its parts in their places. */
export const hasChoice = ({ candidates, operator }: Work): boolean =>
  candidates.length > 1 && operator.placements === undefined;
