// What a head may have to know of the data's labels, and labels as a head wants them.

import { expectArgument, madeWith, wholeFrom } from "../errors/arguments.ts";
import type { Assembly, ImageSet } from "../data/assembly/assembly.ts";
import { noParent, type Parents } from "../labels/class-tree.ts";
import { absent } from "../labels/states.ts";
import { relationsOf, type ClassRelations } from "../labels/class-relations.ts";
import type { Head, HeadChoice, HeadSettings } from "./heads/head.ts";

/** How many classes there are, and which of them each source knows, by number. */
export interface LabelSpace extends ClassRelations {
  readonly classes: number;
  /** What they are called; needed where settings name them, as `classWeights` do. */
  readonly names?: readonly string[] | undefined;
  readonly known: readonly (readonly number[])[];
}

const taught = madeWith("an assembly, with its classes and sources", ["classes", "sources"]);

/** A source knows a class of which one of its images has a label. */
export function labelSpaceOf(
  assembly: Pick<Assembly, "classes" | "sources" | keyof ClassRelations>,
): LabelSpace {
  expectArgument("labelSpaceOf", "the assembly", assembly, taught);
  const { classes, sources } = assembly;
  const known = sources.map(({ states }) => {
    const seen = classes.map(() => false);
    states.forEach((state, at) => {
      if (state !== absent) seen[at % classes.length] = true;
    });
    return [...classes.keys()].filter((k) => seen[k]);
  });
  return {
    ...{ classes: classes.length, names: classes, known },
    ...relationsOf(assembly),
  };
}

/** Where no data was looked at: sources that know all. Sizes do not depend on what they know. */
export function wholeLabelSpace(classes: number, sources: number, parents?: Parents): LabelSpace {
  expectArgument("wholeLabelSpace", "the number of classes", classes, wholeFrom(1));
  expectArgument("wholeLabelSpace", "the number of sources", sources, wholeFrom(1));
  const all = Array.from({ length: classes }, (_, k) => k);
  const known = Array.from({ length: sources }, () => all);
  return { classes, known, ...(parents === undefined ? {} : { parents }) };
}

export function headSettingsOf(choice: HeadChoice, { known }: LabelSpace): HeadSettings {
  return choice.kind === "per-source" ? { ...choice, known } : choice;
}

/** The class above each output of a head: the tree once more for each source of a head with outputs per source. */
export function parentsOfOutputs(head: Head, parents: Parents): Parents {
  return Array.from({ length: head.outputs }, (_, output) => {
    const above = parents[output % parents.length];
    return above < 0 ? noParent : output - (output % parents.length) + above;
  });
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
