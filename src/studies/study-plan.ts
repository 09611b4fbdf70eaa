// Plans of studies: arms, each of one or several runs, as plain data, so that a finished run can be recognised.

import { expectArgument, madeWith, strings } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { anAssembly, type Assembly } from "../data/assembly/assembly.ts";
import { labelSpaceOf } from "../assemble/label-space.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import type { MeasureName } from "../metrics/measures.ts";
import type { PlannedRun } from "./planned-run.ts";
import type { Arm, ClassGroup, Comparison } from "./scores.ts";

export interface PlannedArm extends Arm {
  readonly runs: readonly PlannedRun[];
  /** A note for readers of its comparisons. */
  readonly note?: string;
  /** In a study on similarity: the class that is learned beside the class of interest. */
  readonly adds?: string;
}

/** The plan of a study, the same for every seed. */
export interface StudyPlan {
  readonly study: string;
  /** What the study asks, in one sentence. */
  readonly question: string;
  readonly arms: readonly PlannedArm[];
  readonly comparisons: readonly Comparison[];
  readonly groups: readonly ClassGroup[];
  readonly notes: readonly string[];
  /** What it is judged by, the measure that decides first; left out where that is the AUC alone. */
  readonly measures?: readonly MeasureName[];
  /** In a study on similarity: the class of interest, the run that learns it alone, and the run that learns all classes. */
  readonly similarity?: { readonly interest: string; readonly alone: string; readonly all: string };
}

/** Notes of the study and of its arms, each once; a control has the note of its arm. */
export const notesOf = ({ notes, arms }: StudyPlan): string[] => [
  ...new Set([...notes, ...arms.flatMap(({ note }) => note ?? [])]),
];

/** A plan as far as arguments are looked at. */
export const aStudyPlan = madeWith("a plan, as planStudy gives it", [
  "study",
  "arms",
  "comparisons",
  "groups",
]);

/**
 * The study with some of its arms only.
 * @throws UsageError for an arm that it does not have
 */
export function withArms(plan: StudyPlan, names: readonly string[]): StudyPlan {
  expectArgument("withArms", "the plan", plan, aStudyPlan);
  expectArgument("withArms", "the names of arms", names, strings);
  const all = plan.arms.map(({ name }) => name);
  const stranger = names.find((name) => !all.includes(name));
  if (stranger !== undefined) {
    throw new UsageError(
      `--arms ${stranger}: study ${plan.study} has no such arm here${suggestion(stranger, all) || ";"} it has ${all.join(", ")}`,
    );
  }
  const kept = (name: string): boolean => names.includes(name);
  return {
    ...plan,
    arms: plan.arms.filter(({ name }) => kept(name)),
    comparisons: plan.comparisons.filter(({ first, second }) => kept(first) && kept(second)),
  };
}

/** An arm that the manifest names: a change of its training. */
export interface AskedArm {
  readonly name: string;
  /** What it changes of the `train` section, as somebody would write it; empty where that is nothing. */
  readonly said: string;
  /** In steps. */
  readonly settings: TrainingSettings;
  /** Weights to begin with, as `init` names them. */
  readonly init?: string | undefined;
}

/** What a study is planned from. */
export interface PlanContext {
  readonly classes: readonly string[];
  /** Classes that each source has labels of; sources in the manifest's order. */
  readonly knowledge: ReadonlyMap<string, readonly string[]>;
  /** Why no arm can learn from full labels; undefined where they are known. */
  readonly whyNoFullLabels?: string | undefined;
  /** Whether every absent label is in truth negative. */
  readonly absentIsNegative?: boolean;
  /** The manifest's own training, in steps. */
  readonly settings: TrainingSettings;
  /** Whether every class excludes every other at a pixel; for segmentation. */
  readonly areExclusive?: boolean | undefined;
  /** Whether each pixel is of one of the classes; for segmentation. */
  readonly areExhaustive?: boolean | undefined;
  /** Classes of interest; default: all. */
  readonly interest?: readonly string[] | undefined;
  /** Difference in the mean of the measure below which two arms count as equal. */
  readonly margin: number;
  /** Weights that each run begins with, as the manifest's `train.init` names them; default: what its seed draws. */
  readonly init?: string | undefined;
  /** Arms of the manifest's own. */
  readonly asked?: readonly AskedArm[] | undefined;
}

/** Segmentation is judged by pixels first, and by patients. */
export const pixelMeasures = [
  "iou",
  "dice",
  "patientAuc",
  "sensitivity",
] as const satisfies readonly MeasureName[];

export const isSegmentation = ({ task }: Pick<TrainingSettings, "task">): boolean => task === "segmentation";

/** The same, where it is known which classes the study is about. */
export interface StudyContext extends PlanContext {
  /** Each once. */
  readonly interest: readonly string[];
}

/** The classes that each source has labels of. */
export function knowledgeOf(assembly: Assembly): Map<string, readonly string[]> {
  expectArgument("knowledgeOf", "the assembly", assembly, anAssembly);
  const { known } = labelSpaceOf(assembly);
  return new Map(assembly.sources.map(({ source }, s) => [source, known[s].map((k) => assembly.classes[k])]));
}

/** Classes for which `count` accepts the number of sources that know them. */
export function knownTo(
  count: (sources: number) => boolean,
  { classes, knowledge }: Pick<PlanContext, "classes" | "knowledge">,
): string[] {
  const sources = [...knowledge.values()];
  return classes.filter((name) => count(sources.filter((known) => known.includes(name)).length));
}

/** All classes; and, where both kinds occur, the classes that one source knows and those that several know. */
export function groupsOf(context: Pick<PlanContext, "classes" | "knowledge">): ClassGroup[] {
  const { classes } = context;
  const one = knownTo((sources) => sources === 1, context);
  const several = classes.filter((name) => !one.includes(name));
  return [
    { name: "all classes", classes },
    ...(one.length === 0 || several.length === 0
      ? []
      : [
          { name: "known to one source", classes: one },
          { name: "known to several", classes: several },
        ]),
  ];
}
