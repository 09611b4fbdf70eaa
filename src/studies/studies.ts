// The studies of the paper, as plans.

import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import {
  arm,
  asNegative,
  both,
  consistency,
  full,
  partial,
  pseudo,
  single,
  supervised,
  withControls,
} from "./arms.ts";
import type { StudyName } from "./study-names.ts";
import {
  groupsOf,
  knownTo,
  type PlanContext,
  type PlannedArm,
  type PlannedRun,
  type StudyPlan,
} from "./study-plan.ts";
import type { Comparison } from "./scores.ts";

/** By name; each @throws UsageError for a manifest that it makes no sense with. */
export const studies: Readonly<Record<StudyName, (context: PlanContext) => StudyPlan>> = {
  negatives,
  disjoint,
  overlap,
  similarity,
  baselines,
};

function overlap(context: PlanContext): StudyPlan {
  checkAssembly(context, "overlap");
  const { margin } = context;
  return {
    study: "overlap",
    question:
      "What do partial labels of several sources teach, and what do pseudo-labels and consistency add?",
    ...withControls(
      [
        single(context),
        asNegative(context),
        partial(context),
        pseudo(context),
        consistency(context),
        both(context),
        ...full(context),
      ],
      [
        compared("partial-bce", "single", "Does one classifier of all sources beat one for each?"),
        compared("partial-bce", "absent-negative", "What does it cost to take absent labels for negative?"),
        compared("pseudo", "partial-bce", "Do pseudo-labels help?"),
        compared("consistency", "partial-bce", "Does consistency help?"),
        compared("both", "partial-bce", "Do both together help?"),
        compared("both", "single", "Does Label-Assemble beat one model for each source?"),
        compared("both", "absent-negative", "Does it beat taking absent labels for negative?"),
        { ...compared("both", "full", "Is Label-Assemble as good as full labels?"), margin },
        { ...compared("partial-bce", "full", "Are partial labels alone as good as full ones?"), margin },
      ],
    ),
    groups: groupsOf(context),
    notes: withoutTruth(context),
  };
}

function disjoint(context: PlanContext): StudyPlan {
  checkAssembly(context, "disjoint");
  return {
    study: "disjoint",
    question: "Do sources that share no class help each other?",
    ...withControls(
      [single(context), partial(context), both(context), ...full(context)],
      [
        compared("partial-bce", "single", "Does one classifier of all sources beat one for each?"),
        compared("both", "single", "Does Label-Assemble beat one model for each source?"),
        compared("both", "partial-bce", "Do pseudo-labels and consistency help?"),
        { ...compared("both", "full", "Is Label-Assemble as good as full labels?"), margin: context.margin },
      ],
    ),
    groups: groupsOf(context),
    notes: [...shared(context), ...withoutTruth(context)],
  };
}

/** What a study of sources without a class in common is not about. */
function shared(context: PlanContext): string[] {
  const both = knownTo((sources) => sources > 1, context);
  return both.length === 0
    ? []
    : [`Several sources know ${both.join(", ")}: of those, study overlap asks what this one does not.`];
}

function baselines(context: PlanContext): StudyPlan {
  checkAssembly(context, "baselines");
  if ((context.settings.head?.kind ?? "queries") !== "queries") {
    throw new UsageError("study baselines sets other heads beside class queries: train.head must be queries");
  }
  const linear = { head: { kind: "linear" } } as const satisfies Partial<TrainingSettings>;
  const main = [
    single(context),
    arm(
      context,
      ["per-source-heads", "a head per source (Med3D)", "One network with a linear head for each source."],
      { ...supervised, head: { kind: "per-source" } },
    ),
    arm(
      context,
      [
        "dynamic-head",
        "dynamic head (DoDNet)",
        "A head whose weights are made from the image and a fixed code of the class.",
      ],
      { ...supervised, head: { kind: "dynamic" } },
    ),
    arm(
      context,
      [
        "masked-bce",
        "masked BCE, linear head",
        "The usual practice: a linear head; absent labels teach nothing.",
      ],
      { ...supervised, ...linear },
    ),
    {
      ...asNegative(context, linear),
      label: "absent labels as negative, linear head",
      about: "A linear head; what a source has no label of is taken for not there.",
    },
    partial(context),
    both(context),
    ...full(context),
  ];
  return {
    study: "baselines",
    question: "How does Label-Assemble compare with what else is done with partial labels?",
    ...withControls(
      main,
      main
        .filter(({ name }) => name !== "both")
        .map(({ name, label }) => ({
          ...compared("both", name, `Label-Assemble against: ${label}?`),
          ...(name === "full" ? { margin: context.margin } : {}),
        })),
    ),
    groups: groupsOf(context),
    notes: withoutTruth(context),
  };
}

function negatives(context: PlanContext): StudyPlan {
  checkSampling(context, "negatives");
  const interest = [...new Set(interestOf(context))];
  if (context.classes.length < 2) {
    throw new UsageError(
      "study negatives needs the names of the negatives: the manifest's classes must hold them beside the class of interest",
    );
  }
  const question = "Does it help to know the names of the negatives?";
  return {
    study: "negatives",
    question,
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
        runs: [{ name: "named", labels: "given", scoredClasses: interest, changes: supervised }],
      },
    ],
    comparisons: [compared("named", "unnamed", question)],
    groups: [
      { name: interest.length === 1 ? `class ${interest[0]}` : "classes of interest", classes: interest },
    ],
    notes: [],
  };
}

function similarity(context: PlanContext): StudyPlan {
  checkSampling(context, "similarity");
  const { classes, settings } = context;
  const [interest, ...more] = new Set(context.interest ?? []);
  if (interest === undefined || more.length > 0) {
    throw new UsageError("study similarity is about one class: name it with --interest CLASS");
  }
  interestOf(context);
  if ((settings.head?.kind ?? "queries") !== "queries") {
    throw new UsageError("study similarity compares learned class queries: train.head must be queries");
  }
  const others = classes.filter((name) => name !== interest);
  if (others.length < 3) {
    throw new UsageError(
      "study similarity correlates over the other classes, and needs three of them or more",
    );
  }
  const scoredClasses = [interest];
  const base = alone(interest);
  return {
    study: "similarity",
    question: `Do classes that are similar to ${interest} help it the most?`,
    arms: [
      {
        name: base.name,
        label: `${interest} alone`,
        about: `A model that learns ${interest} and nothing else.`,
        runs: [base],
      },
      ...others.map((other): PlannedArm => {
        const name = `${interest}-with-${other}`;
        const two = classes.filter((each) => each === interest || each === other);
        return {
          name,
          label: `${interest} with ${other}`,
          about: `A model that learns ${interest} and ${other} from the same images.`,
          runs: [{ name, labels: "given", classes: two, scoredClasses, changes: supervised }],
          adds: other,
        };
      }),
      {
        name: "all",
        label: "all classes",
        about: "A model that learns all classes; the similarity of classes is that of its queries.",
        runs: [{ name: "all", labels: "given", scoredClasses, changes: supervised }],
      },
    ],
    comparisons: [
      ...others.map((other) => compared(`${interest}-with-${other}`, base.name, `Does ${other} help?`)),
      compared("all", base.name, "Do all others together help?"),
    ],
    groups: [{ name: `class ${interest}`, classes: scoredClasses }],
    notes: [],
    similarity: { interest, alone: base.name, all: "all" },
  };
}

/** A model that learns one class and nothing else. */
const alone = (name: string): PlannedRun => ({
  name: `alone-${name}`,
  ...{ labels: "given", classes: [name], scoredClasses: [name], changes: supervised },
});

const compared = (first: string, second: string, question: string): Comparison => ({
  first,
  second,
  question,
});

/** @throws UsageError where a study of several sources with pseudo-labels and consistency makes no sense */
function checkAssembly(context: PlanContext, study: StudyName): void {
  checkSampling(context, study);
  const { knowledge, settings, interest } = context;
  const { lambdaPseudo, lambdaConsistency, unsupervisedOn = "absent", head, steps, warmupSteps } = settings;
  const refuse = (reason: string): never => {
    throw new UsageError(`study ${study} ${reason}`);
  };
  if (interest !== undefined) refuse("is about all classes: leave --interest out");
  if (knowledge.size < 2) refuse("compares sources, and the manifest has one; give it two or more");
  if (!(lambdaPseudo > 0 && lambdaConsistency > 0)) {
    refuse(
      "compares pseudo-labels and consistency: train.lambdaPseudo and train.lambdaConsistency must be above 0",
    );
  }
  if (unsupervisedOn === "labelled") {
    refuse("is about absent labels, which train.unsupervisedOn leaves out; say absent or all");
  }
  if (head?.kind === "per-source") {
    refuse("trains one model a source, too: train.head per-source makes no sense of that; choose another");
  }
  if (steps !== undefined && (warmupSteps ?? 0) >= steps) {
    refuse(
      `would be over before its warm-up is, which takes all of its ${steps} steps; train longer, or make ` +
        "train.warmupEpochs or train.warmupSteps smaller",
    );
  }
}

/** @throws UsageError for a way to fill batches that looks at labels, which are not the same in all arms */
function checkSampling({ settings: { sampling } }: PlanContext, study: StudyName): void {
  if (sampling !== "balanced") return;
  throw new UsageError(
    `study ${study} needs the same images in the same order in every arm, and train.sampling balanced draws them by their ` +
      "labels; say proportional or per-source",
  );
}

/** @throws UsageError for a class that the manifest does not have */
function interestOf({ classes, interest }: PlanContext): readonly string[] {
  const stranger = interest?.find((name) => !classes.includes(name));
  if (stranger === undefined) return interest ?? classes;
  throw new UsageError(
    `--interest ${stranger}: is no class of the manifest${suggestion(stranger, classes)}; it has ${classes.join(", ")}`,
  );
}

function withoutTruth({ whyNoFullLabels }: PlanContext): string[] {
  return whyNoFullLabels === undefined ? [] : [`There is no arm of full labels: ${whyNoFullLabels}`];
}
