// The arms that studies are made of: ways to learn from the same images, each a few changes of the manifest's training.

import { noLambdas, type LambdaName, type Lambdas } from "../assemble/assemble-terms.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import type { PlannedRun } from "./planned-run.ts";
import { isSegmentation, type PlanContext, type PlannedArm, type StudyContext } from "./study-plan.ts";
import type { Comparison } from "./scores.ts";

/** Given labels teach the weak view and absent labels are ignored, whatever the manifest says. */
const plain = { supervised: "weak", absent: "ignored" } as const satisfies Partial<TrainingSettings>;
/** The same without unsupervised losses: only given labels teach. */
export const supervised = { ...plain, ...noLambdas } as const satisfies Partial<TrainingSettings>;
/** Of all that is weighted, one term alone teaches beside given labels. */
const alone = (kept: LambdaName): Partial<Lambdas> => {
  const { [kept]: _, ...others } = noLambdas;
  return others;
};

type Words = readonly [name: string, label: string, about: string];

/** An arm of one run that is scored by all classes. */
export function arm(
  { classes }: PlanContext,
  [name, label, about]: Words,
  changes: Partial<TrainingSettings>,
  labels: PlannedRun["labels"] = "given",
): PlannedArm {
  return {
    name,
    label,
    about,
    runs: [{ name, labels, scoredClasses: classes, changes: { ...plain, ...changes } }],
  };
}

/**
 * One model a source, each scored by the classes that its source knows. A segmenter learns no others: where classes exclude each
 * other, an output that nothing teaches could win a pixel from those that are scored.
 */
export function single({ knowledge, settings }: PlanContext): PlannedArm {
  const learned = (known: readonly string[]): Pick<PlannedRun, "classes"> =>
    isSegmentation(settings) ? { classes: known } : {};
  return {
    name: "single",
    label: "one model per source",
    about:
      "One model for each source, learned from its labels alone; of a class that several know, their mean.",
    runs: [...knowledge].map(([source, known]) => ({
      name: `single-${source}`,
      ...{ labels: "given", sources: [source], ...learned(known) },
      ...{ scoredClasses: known, changes: supervised },
    })),
  };
}

/**
 * All classes named, with a control of what several classes cost a small network: the classes of interest weigh as much as all
 * others together. No arm where they are all, or weigh as much already.
 */
export function weightedNamed({ classes, interest }: StudyContext): PlannedArm[] {
  const weight = (classes.length - interest.length) / interest.length;
  if (weight <= 1) return [];
  return [
    {
      name: "named-weighted",
      label: "all classes named, those of interest half of the loss",
      about:
        "One model that learns all classes from the same images, the classes of interest with as much weight as all others together.",
      runs: [
        {
          name: "named-weighted",
          ...{ labels: "given", scoredClasses: interest },
          changes: {
            ...supervised,
            classWeights: Object.fromEntries(interest.map((name) => [name, weight])),
          },
        },
      ],
    },
  ];
}

/** The loss of Shi et al. (2021), for classes of which a pixel has one at most. */
export const marginal = (context: PlanContext): PlannedArm =>
  arm(
    context,
    [
      "marginal-softmax",
      "softmax, background merged with absent classes",
      "A softmax over the classes and the background; where a source does not outline a class, it is one with the background.",
    ],
    { ...supervised, head: { kind: "linear" }, loss: "softmax-marginal" },
  );

export const partial = (context: PlanContext): PlannedArm =>
  arm(
    context,
    ["partial-bce", "partial labels, BCE", "All sources; absent labels teach nothing."],
    supervised,
  );

export const asNegative = (context: PlanContext, changes: Partial<TrainingSettings> = {}): PlannedArm => ({
  ...arm(
    context,
    [
      "absent-negative",
      "absent labels as negative",
      "All sources; what a source has no label of is taken for not there.",
    ],
    { ...supervised, absent: "negative", ...changes },
  ),
  ...(context.absentIsNegative === true
    ? {
        note:
          "On these images every absent label is in truth negative: a source holds images of its own classes alone. So the " +
          "arm that takes absent labels for negative learns from full labels without a mistake, as the arm of full labels does.",
      }
    : {}),
});

export const pseudo = (context: PlanContext): PlannedArm =>
  arm(
    context,
    [
      "pseudo",
      "partial labels, pseudo-labels",
      "All sources; absent labels are taught by sharpened guesses.",
    ],
    alone("lambdaPseudo"),
  );

export const consistency = (context: PlanContext): PlannedArm =>
  arm(
    context,
    [
      "consistency",
      "partial labels, consistency",
      "All sources; where labels are absent, the strong view is drawn to the weak one's sharpened guess.",
    ],
    alone("lambdaConsistency"),
  );

export const both = (context: PlanContext): PlannedArm =>
  arm(
    context,
    [
      "both",
      "partial labels, pseudo-labels and consistency",
      "All sources; absent labels are taught by sharpened guesses and by consistency: Label-Assemble.",
    ],
    {},
  );

/** No arm where the truth is not known. */
export const full = (context: PlanContext): PlannedArm[] =>
  context.whyNoFullLabels === undefined
    ? [
        arm(
          context,
          [
            "full",
            "full labels",
            "The same images with every label: what partial labels could reach at best.",
          ],
          supervised,
          "full",
        ),
      ]
    : [];

/** The arms of a study and a control of each that has both views, in which given labels teach both. */
export function withControls(
  main: readonly PlannedArm[],
  asked: readonly Comparison[],
): { readonly arms: readonly PlannedArm[]; readonly comparisons: readonly Comparison[] } {
  const here = (name: string): boolean => main.some((each) => each.name === name);
  const comparisons = asked.filter(({ first, second }) => here(first) && here(second));
  const single = new Set(main.filter((each) => !hasBothViews(each)).map(({ name }) => name));
  const controlled = ({ first, second }: Comparison): boolean => !single.has(first) && !single.has(second);
  return {
    arms: [...main, ...main.filter(hasBothViews).map(equallyAugmented)],
    comparisons: [
      ...comparisons,
      ...comparisons.filter(controlled).map(({ first, second, question, ...rest }) => ({
        ...{ first: controlOf(first), second: controlOf(second) },
        question: `${question.replace(/\?$/u, "")}, with the same supervised augmentation in every arm?`,
        ...rest,
      })),
    ],
  };
}

/** A marginal softmax computes the weak view alone. */
const hasBothViews = ({ runs }: PlannedArm): boolean =>
  runs.every(({ changes }) => changes.loss !== "softmax-marginal");

const controlOf = (name: string): string => `${name}+aug`;

/** The control of an arm: given labels teach both views, so that none is better for having seen more augmentation. */
function equallyAugmented({ name, label, about, runs, note }: PlannedArm): PlannedArm {
  return {
    name: controlOf(name),
    label: `${label}; both views`,
    about: `${about} Given labels teach both views.`,
    controlOf: name,
    ...(note === undefined ? {} : { note }),
    runs: runs.map((run) => ({
      ...run,
      name: controlOf(run.name),
      changes: { ...run.changes, supervised: "both" },
    })),
  };
}
