// One training run of an arm, all as data, so that a finished run can be known again. A new way to choose what runs learn
// from is a field here: what it does to the images, and its part in the key of a run, are in this file, too.

import { restrict, type Assembly, type ImageSet } from "../data/assembly/assembly.ts";
import { keptRelations, relationsOf } from "../labels/class-relations.ts";
import { absent } from "../labels/states.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";

/** One training run of an arm, as its differences from the manifest's own training. */
export interface PlannedRun {
  /** Unique in its study; part of file names. */
  readonly name: string;
  /** `given`: labels as the manifest's sources give them; `full`: every label, where the truth is known. */
  readonly labels: "given" | "full";
  /** Sources that it trains on; default: all. */
  readonly sources?: readonly string[];
  /** Classes that it learns; default: all. */
  readonly classes?: readonly string[];
  /** Classes whose AUC it is scored by. */
  readonly scoredClasses: readonly string[];
  readonly changes: Partial<TrainingSettings>;
  /**
   * Weights to begin with, as `train.init` names them; null: what the seed draws; default: the study's. Their digest is part of the key
   * of the run, and not their name.
   */
  readonly init?: string | null;
}

/**
 * What a run learns from and is judged by, for the keys of finished runs: its name is no part of it. A field that is added
 * later is listed only where it is given; otherwise every finished run would have another key.
 */
export function learnedFrom(run: PlannedRun): unknown[] {
  const { labels, sources = null, classes = null, scoredClasses } = run;
  return [labels, sources, classes, scoredClasses];
}

/**
 * The part of the images that a run learns from, and the classes that it learns and is judged by.
 * @param images with the given labels, and with all of them where the truth is known
 */
export function assemblyOf(
  { labels, sources, classes, scoredClasses }: Omit<PlannedRun, "name" | "changes" | "init">,
  images: { readonly given: Assembly; readonly full?: Assembly | undefined },
): Assembly {
  const whole = labels === "given" ? images.given : images.full;
  if (whole === undefined) throw new Error("a study has a run on full labels where they are not known");
  const learned = classes ?? whole.classes;
  const only = (set: ImageSet): ImageSet =>
    classes === undefined ? set : restrict(set, whole.classes, learned);
  // A run is validated only by classes that it learns.
  const judged = (set: ImageSet): ImageSet => ({
    ...set,
    states: set.states.map((state, at) =>
      scoredClasses.includes(learned[at % learned.length]) ? state : absent,
    ),
  });
  return {
    classes: learned,
    ...(classes === undefined ? relationsOf(whole) : keptRelations(whole, whole.classes, learned)),
    sources: whole.sources.filter(({ source }) => sources?.includes(source) ?? true).map(only),
    ...(whole.validation === undefined ? {} : { validation: judged(only(whole.validation)) }),
    // All arms are tested with the same labels.
    test: only(images.given.test),
  };
}
