// When a study makes no sense with a manifest: reasons that several studies share, each in words that follow "study NAME".

import type { StudyContext } from "./study-plan.ts";

/** Why a study makes no sense here, such as "compares sources, ..."; false where it does make sense. */
export type StudyCheck = (context: StudyContext) => string | false;

/**
 * For studies whose arms learn from other labels of the same images, by Label-Assemble's losses: a way to fill batches that looks at
 * labels would not draw the same images in every arm.
 */
export const sameImages: readonly StudyCheck[] = [
  ({ settings: { sampling } }) =>
    sampling === "balanced" &&
    "needs the same images in the same order in every arm, and train.sampling balanced draws them by their labels; say " +
      "proportional or per-source",
  ({ settings: { loss } }) =>
    loss === "softmax-marginal" &&
    "compares ways to learn by Label-Assemble's losses; leave train.loss: softmax-marginal out of the manifest",
];

/** For studies that compare training on all sources, with pseudo-labels and consistency, with training on each. */
export const assemblyChecks: readonly StudyCheck[] = [
  ...sameImages,
  ({ knowledge }) => knowledge.size < 2 && "compares sources, and the manifest has one; give it two or more",
  ({ settings: { lambdaPseudo, lambdaConsistency } }) =>
    !(lambdaPseudo > 0 && lambdaConsistency > 0) &&
    "compares pseudo-labels and consistency: train.lambdaPseudo and train.lambdaConsistency must be above 0",
  ({ settings: { unsupervisedOn } }) =>
    unsupervisedOn === "labelled" &&
    "is about absent labels, which train.unsupervisedOn leaves out; say absent or all",
  ({ settings: { head } }) =>
    head?.kind === "per-source" &&
    "trains one model a source, too: train.head per-source makes no sense of that; choose another",
  ({ settings: { steps, warmupSteps = 0 } }) =>
    steps !== undefined &&
    warmupSteps >= steps &&
    `would be over before its warm-up is, which takes all of its ${steps} steps; train longer, or make ` +
      "train.warmupEpochs or train.warmupSteps smaller",
];

/** @param use what the study does with class queries, such as "compares learned class queries" */
export const needsQueries =
  (use: string): StudyCheck =>
  ({ settings: { head } }) =>
    (head?.kind ?? "queries") !== "queries" && `${use}: train.head must be queries`;
