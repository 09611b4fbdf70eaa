// The studies of the paper, as plans.

import { UsageError } from "../../device/index.ts";
import { suggestion } from "../../device/nearest.ts";
import type { TrainingSettings } from "../training-settings.ts";
import { groupsOf, type PlanContext, type PlannedArm, type PlannedRun, type StudyPlan } from "./plan.ts";
import type { StudyName } from "./names.ts";
import type { Comparison } from "./scores.ts";

/** Only given labels teach. */
const supervised = { lambdaPseudo: 0, lambdaConsistency: 0 } as const satisfies Partial<TrainingSettings>;

/** An arm of one run that is scored by all classes. */
function arm(
  { classes }: PlanContext,
  [name, label, about]: readonly [name: string, label: string, about: string],
  changes: Partial<TrainingSettings>,
  labels: PlannedRun["labels"] = "given",
): PlannedArm {
  return { name, label, about, runs: [{ name, labels, tells: classes, changes }] };
}

/** One model a source, each scored by the classes that its source knows. */
function single({ knowledge }: PlanContext): PlannedArm {
  return {
    name: "single",
    label: "one model per source",
    about:
      "One model for each source, learned from its labels alone; of a class that several know, their mean.",
    runs: [...knowledge].map(([source, known]) => ({
      name: `single-${source}`,
      ...{ labels: "given", sources: [source], tells: known, changes: supervised },
    })),
  };
}

const partial = (context: PlanContext): PlannedArm =>
  arm(
    context,
    ["partial-bce", "partial labels, BCE", "All sources; absent labels teach nothing."],
    supervised,
  );
const both = (context: PlanContext): PlannedArm =>
  arm(
    context,
    [
      "both",
      "partial labels, pseudo-labels and consistency",
      "All sources; absent labels are taught by sharpened guesses and by consistency: Label-Assemble.",
    ],
    {},
  );
const asNegative = (context: PlanContext): PlannedArm =>
  arm(
    context,
    [
      "absent-negative",
      "absent labels as negative",
      "All sources; what a source has no label of is taken for absent in the image.",
    ],
    { ...supervised, absent: "negative" },
  );
const full = (context: PlanContext): PlannedArm[] =>
  context.noTruth === undefined
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

function withoutTruth({ noTruth }: PlanContext): string[] {
  return noTruth === undefined ? [] : [`There is no arm of full labels: ${noTruth}`];
}

/** @throws UsageError when the manifest switches off what a study is about */
function needsUnsupervised({ settings }: PlanContext, study: string): void {
  const { lambdaPseudo, lambdaConsistency } = settings;
  if (lambdaPseudo > 0 && lambdaConsistency > 0) return;
  throw new UsageError(
    `study ${study} compares pseudo-labels and consistency: train.lambdaPseudo and train.lambdaConsistency must be above 0`,
  );
}

/** @throws UsageError when there are not several sources */
function needsSources({ knowledge }: PlanContext, study: string): void {
  if (knowledge.size > 1) return;
  throw new UsageError(`study ${study} compares sources, and the manifest has one; give it two or more`);
}

function overlap(context: PlanContext): StudyPlan {
  needsSources(context, "overlap");
  needsUnsupervised(context, "overlap");
  const main = [
    single(context),
    asNegative(context),
    partial(context),
    arm(
      context,
      [
        "pseudo",
        "partial labels, pseudo-labels",
        "All sources; absent labels are taught by sharpened guesses.",
      ],
      { lambdaConsistency: 0 },
    ),
    arm(
      context,
      [
        "consistency",
        "partial labels, consistency",
        "All sources; where labels are absent, the strong view is drawn to the weak one's sharpened guess.",
      ],
      { lambdaPseudo: 0 },
    ),
    both(context),
    ...full(context),
  ];
  const control = main.map(equallyAugmented);
  const { margin } = context;
  const asked: [string, string, string][] = [
    ["partial-bce", "single", "Does one classifier of all sources beat one for each?"],
    ["partial-bce", "absent-negative", "What does it cost to take absent labels for negative?"],
    ["pseudo", "partial-bce", "Do pseudo-labels help?"],
    ["consistency", "partial-bce", "Does consistency help?"],
    ["both", "partial-bce", "Do both together help?"],
    ["both", "single", "Does Label-Assemble beat one model for each source?"],
    ["both", "full", "Is Label-Assemble as good as full labels?"],
    ["partial-bce", "full", "Are partial labels alone as good as full ones?"],
  ];
  const here = (name: string): boolean => main.some((each) => each.name === name);
  const comparisons = asked
    .filter(([first, second]) => here(first) && here(second))
    .map(([first, second, asks]): Comparison => ({
      first,
      second,
      asks,
      ...(second === "full" ? { margin } : {}),
    }));
  return {
    study: "overlap",
    asks: "What do partial labels of several sources teach, and what do pseudo-labels and consistency add?",
    arms: [...main, ...control],
    comparisons: [
      ...comparisons,
      ...comparisons.map(({ first, second, asks, ...rest }) => ({
        ...{ first: `${first}+aug`, second: `${second}+aug` },
        asks: `${asks.slice(0, -1)}, with the same supervised augmentation in every arm?`,
        ...rest,
      })),
    ],
    groups: groupsOf(context),
    notes: [...withoutTruth(context), ...asGoodAsFull(context)],
  };
}

function asGoodAsFull({ absentIsNegative }: PlanContext): string[] {
  return absentIsNegative === true
    ? [
        "On these images every absent label is in truth negative: a source holds images of its own classes alone. So the arm " +
          "that takes absent labels for negative learns from full labels without a mistake, and equals the arm of full labels.",
      ]
    : [];
}

/** The control of an arm: given labels teach both views, so that none is better for having seen more augmentation. */
function equallyAugmented({ name, label, about, runs }: PlannedArm): PlannedArm {
  return {
    name: `${name}+aug`,
    label: `${label}; both views`,
    about: `${about} Given labels teach both views.`,
    controlOf: name,
    runs: runs.map((run) => ({
      ...run,
      name: `${run.name}+aug`,
      changes: { ...run.changes, supervised: "both" },
    })),
  };
}

function disjoint(context: PlanContext): StudyPlan {
  needsSources(context, "disjoint");
  needsUnsupervised(context, "disjoint");
  const comparisons: Comparison[] = [
    { first: "partial-bce", second: "single", asks: "Does one classifier of all sources beat one for each?" },
    { first: "both", second: "single", asks: "Does Label-Assemble beat one model for each source?" },
    { first: "both", second: "partial-bce", asks: "Do pseudo-labels and consistency help?" },
    ...(context.noTruth === undefined
      ? [
          {
            ...{ first: "both", second: "full", margin: context.margin },
            asks: "Is Label-Assemble as good as full labels?",
          },
        ]
      : []),
  ];
  return {
    study: "disjoint",
    asks: "Do sources that share no class help each other?",
    arms: [single(context), partial(context), both(context), ...full(context)],
    comparisons,
    groups: groupsOf(context),
    notes: withoutTruth(context),
  };
}

/** @throws UsageError for a class that the manifest does not have */
function interestOf({ classes, interest }: PlanContext): readonly string[] {
  const stranger = interest?.find((name) => !classes.includes(name));
  if (stranger === undefined) return interest ?? classes;
  throw new UsageError(
    `--interest ${stranger}: is no class of the manifest${suggestion(stranger, classes)}; it has ${classes.join(", ")}`,
  );
}

const alone = (name: string): PlannedRun => ({
  name: `alone-${name}`,
  ...{ labels: "given", classes: [name], tells: [name], changes: supervised },
});

function negatives(context: PlanContext): StudyPlan {
  const interest = interestOf(context);
  if (context.classes.length < 2) {
    throw new UsageError(
      "study negatives needs the names of the negatives: the manifest's classes must hold them beside the class of interest",
    );
  }
  return {
    study: "negatives",
    asks: "Does it help to know the names of the negatives?",
    arms: [
      {
        name: "unnamed",
        label: "positive or not",
        about: "For each class of interest a model that learns whether an image is of it, and nothing else.",
        runs: interest.map(alone),
      },
      {
        name: "named",
        label: "all classes named",
        about: "One model that learns all classes from the same images.",
        runs: [{ name: "named", labels: "given", tells: interest, changes: supervised }],
      },
    ],
    comparisons: [
      { first: "named", second: "unnamed", asks: "Does it help to know the names of the negatives?" },
    ],
    groups: [
      { name: interest.length === 1 ? `class ${interest[0]}` : "classes of interest", classes: interest },
    ],
    notes: [],
  };
}

function similarity(context: PlanContext): StudyPlan {
  const { classes } = context;
  const [interest, ...more] = context.interest ?? [];
  if (interest === undefined || more.length > 0) {
    throw new UsageError("study similarity is about one class: name it with --interest CLASS");
  }
  interestOf(context);
  if (context.settings.head?.kind === "linear") {
    throw new UsageError("study similarity compares learned class queries: train.head must be queries");
  }
  const others = classes.filter((name) => name !== interest);
  if (others.length < 3) {
    throw new UsageError(
      "study similarity correlates over the other classes, and needs three of them or more",
    );
  }
  const tells = [interest];
  return {
    study: "similarity",
    asks: `Do classes that are similar to ${interest} help it the most?`,
    arms: [
      {
        name: "alone",
        label: `${interest} alone`,
        about: `A model that learns ${interest} and nothing else.`,
        runs: [{ ...alone(interest), name: "alone" }],
      },
      ...others.map((other): PlannedArm => ({
        name: `with-${other}`,
        label: `${interest} with ${other}`,
        about: `A model that learns ${interest} and ${other} from the same images.`,
        runs: [
          {
            name: `with-${other}`,
            ...{ labels: "given", classes: classes.filter((name) => name === interest || name === other) },
            ...{ tells, changes: supervised },
          },
        ],
      })),
      {
        name: "all",
        label: "all classes",
        about: "A model that learns all classes; the similarity of classes is that of its queries.",
        runs: [{ name: "all", labels: "given", tells, changes: supervised }],
      },
    ],
    comparisons: [
      ...others.map((other) => ({ first: `with-${other}`, second: "alone", asks: `Does ${other} help?` })),
      { first: "all", second: "alone", asks: "Do all others together help?" },
    ],
    groups: [{ name: `class ${interest}`, classes: tells }],
    notes: [],
    interest,
  };
}

function baselines(context: PlanContext): StudyPlan {
  needsSources(context, "baselines");
  needsUnsupervised(context, "baselines");
  const head = (
    kind: "linear" | "per-source" | "dynamic",
    words: readonly [name: string, label: string, about: string],
    changes: Partial<TrainingSettings> = {},
  ): PlannedArm => arm(context, words, { ...supervised, head: { kind }, ...changes });
  const arms = [
    single(context),
    head("per-source", [
      "per-source-heads",
      "a head per source (Med3D)",
      "One network with a linear head for each source.",
    ]),
    head("dynamic", [
      "dynamic-head",
      "dynamic head (DoDNet)",
      "A head whose weights are made from the image and a fixed code of the class.",
    ]),
    head("linear", [
      "masked-bce",
      "masked BCE, linear head",
      "The usual practice: a linear head; absent labels teach nothing.",
    ]),
    head(
      "linear",
      [
        "absent-negative",
        "absent labels as negative",
        "A linear head; what a source has no label of is taken for absent in the image.",
      ],
      { absent: "negative" },
    ),
    partial(context),
    both(context),
    ...full(context),
  ];
  return {
    study: "baselines",
    asks: "How does Label-Assemble compare with what else is done with partial labels?",
    arms,
    comparisons: arms
      .filter(({ name }) => name !== "both")
      .map(({ name, label }) => ({
        ...{ first: "both", second: name, asks: `Label-Assemble against: ${label}?` },
        ...(name === "full" ? { margin: context.margin } : {}),
      })),
    groups: groupsOf(context),
    notes: withoutTruth(context),
  };
}

/** By name; each @throws UsageError for a manifest that it makes no sense with. */
export const studies: Readonly<Record<StudyName, (context: PlanContext) => StudyPlan>> = {
  ...{ negatives, disjoint, overlap, similarity, baselines },
};
