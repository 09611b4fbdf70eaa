// The table of studies. To add a study, add a row: the command line, its help and the report follow from it.

import type { TrainingSettings } from "../assemble/training-settings.ts";
import {
  arm,
  asNegative,
  both,
  consistency,
  full,
  marginal,
  partial,
  pseudo,
  single,
  supervised,
  weightedNamed,
  withControls,
} from "./arms.ts";
import { armChecks, planOfAsked } from "./asked-arms.ts";
import type { Comparison } from "./scores.ts";
import type { PlannedRun } from "./planned-run.ts";
import { assemblyChecks, needsQueries, sameImages, type StudyCheck } from "./study-checks.ts";
import {
  isSegmentation,
  knownTo,
  type PlanContext,
  type PlannedArm,
  type StudyContext,
  type StudyPlan,
} from "./study-plan.ts";

/** A study; its name is its key in the table. */
export interface Study {
  /** What it asks of any manifest, in one sentence. */
  readonly question: string;
  /**
   * Which classes `--interest` names: `none`, since the study is about all; `any`, all where it is left out; `one`, which
   * must be named.
   */
  readonly interest: "none" | "any" | "one";
  /** Whose its arms are, which a preset does not reach where they are the manifest's; default: the study's own. */
  readonly arms?: "manifest";
  /** When it makes no sense; the first reason is told. */
  readonly checks: readonly StudyCheck[];
  /** Default groups: all classes, those known to one source, those known to several. */
  readonly plan: (
    context: StudyContext,
  ) => Pick<StudyPlan, "arms" | "comparisons"> & Partial<Omit<StudyPlan, "study">>;
}

const namesOfNegatives = "Does it help to know the names of the negatives?";

/** By the word that the command line has. */
export const studies = {
  negatives: {
    question: namesOfNegatives,
    interest: "any",
    checks: [
      ...sameImages,
      ({ classes }) =>
        classes.length < 2 &&
        "needs the names of the negatives: the manifest's classes must hold them beside the class of interest",
    ],
    plan: (context) => {
      const { interest, settings } = context;
      const weighted = isSegmentation(settings) ? weightedNamed(context) : [];
      return {
        arms: [
          isSegmentation(settings)
            ? outlinedAlone(interest)
            : {
                name: "unnamed",
                label: "positive or not",
                about:
                  "For each class of interest a model that learns whether an image is of it, and nothing else.",
                runs: interest.map(alone),
              },
          {
            name: "named",
            label: "all classes named",
            about: "One model that learns all classes from the same images.",
            runs: [{ name: "named", labels: "given", scoredClasses: interest, changes: supervised }],
          },
          ...weighted,
        ],
        comparisons: [
          compared("named", "unnamed", namesOfNegatives),
          ...weighted.map(({ name }) =>
            compared(
              name,
              "unnamed",
              "Does it help where the named negatives take no more than half of the loss?",
            ),
          ),
        ],
        groups: [
          { name: interest.length === 1 ? `class ${interest[0]}` : "classes of interest", classes: interest },
        ],
      };
    },
  },

  disjoint: {
    question: "Do sources that share no class help each other?",
    interest: "none",
    checks: assemblyChecks,
    plan: (context) => ({
      ...withControls(
        [single(context), partial(context), both(context), ...full(context)],
        [
          compared("partial-bce", "single", "Does one classifier of all sources beat one for each?"),
          compared("both", "single", "Does Label-Assemble beat one model for each source?"),
          compared("both", "partial-bce", "Do pseudo-labels and consistency help?"),
          {
            ...compared("both", "full", "Is Label-Assemble as good as full labels?"),
            margin: context.margin,
          },
        ],
      ),
      notes: [...shared(context), ...withoutTruth(context)],
    }),
  },

  overlap: {
    question:
      "What do partial labels of several sources teach, and what do pseudo-labels and consistency add?",
    interest: "none",
    checks: assemblyChecks,
    plan: (context) => {
      const { margin } = context;
      return {
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
            compared(
              "partial-bce",
              "absent-negative",
              "What does it cost to take absent labels for negative?",
            ),
            compared("pseudo", "partial-bce", "Do pseudo-labels help?"),
            compared("consistency", "partial-bce", "Does consistency help?"),
            compared("both", "partial-bce", "Do both together help?"),
            compared("both", "single", "Does Label-Assemble beat one model for each source?"),
            compared("both", "absent-negative", "Does it beat taking absent labels for negative?"),
            { ...compared("both", "full", "Is Label-Assemble as good as full labels?"), margin },
            {
              ...compared("partial-bce", "full", "Are partial labels alone as good as full ones?"),
              margin,
            },
          ],
        ),
        notes: withoutTruth(context),
      };
    },
  },

  similarity: {
    question: "Do the classes that are similar to a class help it the most?",
    interest: "one",
    checks: [
      ...sameImages,
      needsQueries("compares learned class queries"),
      ({ classes }) =>
        classes.length < 4 && "correlates over the other classes, and needs three of them or more",
    ],
    plan: ({ classes, interest: [interest] }) => {
      const others = classes.filter((name) => name !== interest);
      const scoredClasses = [interest];
      const base = alone(interest);
      return {
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
        similarity: { interest, alone: base.name, all: "all" },
      };
    },
  },

  baselines: {
    question: "How does Label-Assemble compare with what else is done with partial labels?",
    interest: "none",
    checks: [...assemblyChecks, needsQueries("sets other heads beside class queries")],
    plan: (context) => {
      const linear = { head: { kind: "linear" } } as const satisfies Partial<TrainingSettings>;
      const heads = [
        arm(
          context,
          [
            "per-source-heads",
            "a head per source (Med3D)",
            "One network with a linear head for each source.",
          ],
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
      ];
      const isPixels = isSegmentation(context.settings);
      const main = [
        single(context),
        ...(isPixels ? (context.areExclusive === true ? [marginal(context)] : []) : heads),
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
        ...withControls(
          main,
          main
            .filter(({ name }) => name !== "both")
            .map(({ name, label }) => ({
              ...compared("both", name, `Label-Assemble against: ${label}?`),
              ...(name === "full" ? { margin: context.margin } : {}),
            })),
        ),
        notes: [
          ...(isPixels && context.areExclusive !== true
            ? [
                "There is no arm of a marginal softmax: it is for classes that all exclude each other, and the manifest says " +
                  "exclusive: true of none.",
              ]
            : []),
          ...withoutTruth(context),
        ],
      };
    },
  },

  settings: {
    question: "Which of the manifest's arms, changes of its train section, is better than the first?",
    interest: "none",
    arms: "manifest",
    checks: armChecks,
    plan: planOfAsked,
  },
} as const satisfies Readonly<Record<string, Study>>;

export type StudyName = keyof typeof studies;
export const studyNames = Object.keys(studies) as StudyName[];

/** Notes that several sources know some of the classes, which `disjoint` does not ask about. */
function shared(context: PlanContext): string[] {
  const both = knownTo((sources) => sources > 1, context);
  return both.length === 0
    ? []
    : [`Several sources know ${both.join(", ")}: of those, study overlap asks what this one does not.`];
}

/** A model that learns one class and nothing else. */
function alone(name: string): PlannedRun {
  return {
    name: `alone-${name}`,
    ...{ labels: "given", classes: [name], scoredClasses: [name], changes: supervised },
  };
}

/** A segmenter of the classes of interest and nothing else. */
function outlinedAlone(interest: readonly string[]): PlannedArm {
  const [only] = interest;
  const isOne = interest.length === 1;
  return {
    name: "unnamed",
    label: isOne ? `${only} alone` : "classes of interest alone",
    about: `One model that learns where ${isOne ? `${only} is` : "the classes of interest are"}, and nothing else.`,
    runs: [
      {
        name: "unnamed",
        ...{ labels: "given", classes: interest, scoredClasses: interest, changes: supervised },
      },
    ],
  };
}

function compared(first: string, second: string, question: string): Comparison {
  return { first, second, question };
}

function withoutTruth({ whyNoFullLabels }: PlanContext): string[] {
  return whyNoFullLabels === undefined ? [] : [`There is no arm of full labels: ${whyNoFullLabels}`];
}
