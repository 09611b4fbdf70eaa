// What a head may have to know of the data's labels, and labels as a head wants them.

import { expectArgument, madeWith, wholeFrom } from "../errors/arguments.ts";
import type { Assembly, ImageSet } from "../data/assembly/assembly.ts";
import { absent } from "../labels/states.ts";
import type { Head, HeadChoice, HeadSettings } from "./heads/head.ts";

/** How many classes there are, and which of them each source knows, by number. */
export interface LabelSpace {
  readonly classes: number;
  readonly known: readonly (readonly number[])[];
}

const taught = madeWith("an assembly, with its classes and sources", ["classes", "sources"]);

/** A source knows a class of which one of its images has a label. */
export function labelSpaceOf(assembly: Pick<Assembly, "classes" | "sources">): LabelSpace {
  expectArgument("labelSpaceOf", "the assembly", assembly, taught);
  const { classes, sources } = assembly;
  const known = sources.map(({ states }) => {
    const seen = classes.map(() => false);
    states.forEach((state, at) => {
      if (state !== absent) seen[at % classes.length] = true;
    });
    return [...classes.keys()].filter((k) => seen[k]);
  });
  return { classes: classes.length, known };
}

/** Where no data was looked at: sources that know all. Sizes do not depend on what they know. */
export function wholeLabelSpace(classes: number, sources: number): LabelSpace {
  expectArgument("wholeLabelSpace", "the number of classes", classes, wholeFrom(1));
  expectArgument("wholeLabelSpace", "the number of sources", sources, wholeFrom(1));
  const all = Array.from({ length: classes }, (_, k) => k);
  return { classes, known: Array.from({ length: sources }, () => all) };
}

export function headSettingsOf(choice: HeadChoice, { known }: LabelSpace): HeadSettings {
  return choice.kind === "per-source" ? { ...choice, known } : choice;
}

/**
 * The sources as a head learns from them: with states [N, S K], of which those of other sources are absent, for a head with
 * outputs per source; as they are for every other.
 */
export function statesForHead(
  { settings, outputs }: Head,
  sources: readonly ImageSet[],
): readonly ImageSet[] {
  if (settings.kind !== "per-source") return sources;
  return sources.map((set, source) => {
    const classes = set.states.length / set.count;
    const states = new Uint8Array(set.count * outputs).fill(absent);
    for (let row = 0; row < set.count; row++) {
      const own = set.states.subarray(row * classes, (row + 1) * classes);
      states.set(own, row * outputs + source * classes);
    }
    return { ...set, states };
  });
}
