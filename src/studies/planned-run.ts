// One training run of an arm, all as data, so that a finished run can be known again. A new way to choose what runs learn
// from is a field here: what it does to the images, and its part in the key of a run, are in this file, too.

import { restrict, type Assembly, type ImageSet } from "../data/assembly/assembly.ts";
import { chosenImages } from "../data/assembly/folds.ts";
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
  /** The fold that it is tested on and learns nothing of; default: it learns from all images, and is tested on others. */
  readonly fold?: Fold;
}

/** One of the folds of a cross-validation. */
export interface Fold {
  /** From 0. */
  readonly held: number;
  readonly folds: number;
  /** Seed of the division. */
  readonly seed: number;
}

/** The images that runs of a study choose from. */
export interface ChosenFrom {
  readonly given: Assembly;
  /** With all labels, where the truth is known. */
  readonly full?: Assembly | undefined;
  /** By source, the fold of each image, where there are folds: `foldsOf`. The test images are all of the sources then, in order. */
  readonly folds?: readonly Uint8Array[] | undefined;
}

/**
 * What a run learns from and is judged by, for the keys of finished runs: its name is no part of it. A field that is added
 * later is listed only where it is given; otherwise every finished run would have another key.
 */
export function learnedFrom(run: PlannedRun): unknown[] {
  const { labels, sources = null, classes = null, scoredClasses, fold } = run;
  return [labels, sources, classes, scoredClasses, ...(fold === undefined ? [] : [{ fold }])];
}

/**
 * The part of the images that a run learns from, and the classes that it learns and is judged by.
 * @param images with the given labels, and with all of them where the truth is known
 */
export function assemblyOf(
  { labels, sources, classes, scoredClasses, fold }: Omit<PlannedRun, "name" | "changes" | "init">,
  images: ChosenFrom,
): Assembly {
  const { given } = fold === undefined ? images : heldOut(fold, images);
  const whole = labels === "given" ? given : images.full;
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
    test: only(given.test),
  };
}

/** All folds but one to train on, and that one to test on. */
function heldOut({ held }: Fold, { given, folds }: ChosenFrom): { readonly given: Assembly } {
  if (folds === undefined) throw new Error("a study has a run on folds, and its images are not divided");
  const rows = (all: Iterable<number>, isHeld: boolean): number[] =>
    [...all].flatMap((fold, row) => ((fold === held) === isHeld ? [row] : []));
  const together = folds.flatMap((each) => [...each]);
  return {
    given: {
      ...given,
      sources: given.sources.map((set, s) => chosenImages(set, rows(folds[s], false))),
      test: chosenImages(given.test, rows(together, true)),
    },
  };
}
