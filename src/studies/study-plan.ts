// What a study trains: arms, each of one or several runs, all as data, so that a finished run can be known again.

import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import { labelSpaceOf } from "../assemble/label-space.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import type { Arm, ClassGroup, Comparison } from "./scores.ts";

/** One training run of an arm: what sets it apart from the manifest's own training. */
export interface PlannedRun {
  /** Unique in its study; a word for files. */
  readonly name: string;
  /** `given`: labels as the manifest's sources give them; `full`: every label, where the truth is known. */
  readonly labels: "given" | "full";
  /** Names of the sources that it trains on; default: all. */
  readonly sources?: readonly string[];
  /** Classes that it learns; default: all. */
  readonly classes?: readonly string[];
  /** Classes whose AUC it is scored by. */
  readonly scoredClasses: readonly string[];
  readonly changes: Partial<TrainingSettings>;
}

export interface PlannedArm extends Arm {
  readonly runs: readonly PlannedRun[];
  /** What has to be known where it is compared. */
  readonly note?: string;
  /** Of a study on similarity: the class that is learned beside the class of interest. */
  readonly adds?: string;
}

/** What a study is about to do with any seed. */
export interface StudyPlan {
  readonly study: string;
  /** In one sentence. */
  readonly question: string;
  readonly arms: readonly PlannedArm[];
  readonly comparisons: readonly Comparison[];
  readonly groups: readonly ClassGroup[];
  readonly notes: readonly string[];
  /** Of a study on similarity: its class, and the runs that learn it alone, and all classes with it. */
  readonly similarity?: { readonly interest: string; readonly alone: string; readonly all: string };
}

/** What a reader has to know: of the study, and of the arms that it has; controls share the note of what they control. */
export const notesOf = ({ notes, arms }: StudyPlan): string[] => [
  ...new Set([...notes, ...arms.flatMap(({ note }) => note ?? [])]),
];

/**
 * The same study of some of its arms alone.
 * @throws UsageError for an arm that it does not have
 */
export function withArms(plan: StudyPlan, names: readonly string[]): StudyPlan {
  const all = plan.arms.map(({ name }) => name);
  const stranger = names.find((name) => !all.includes(name));
  if (stranger !== undefined) {
    throw new UsageError(
      `--arms ${stranger}: study ${plan.study} has no such arm here${suggestion(stranger, all)}; it has ${all.join(", ")}`,
    );
  }
  const kept = (name: string): boolean => names.includes(name);
  return {
    ...plan,
    arms: plan.arms.filter(({ name }) => kept(name)),
    comparisons: plan.comparisons.filter(({ first, second }) => kept(first) && kept(second)),
  };
}

/** What a study is planned from. */
export interface PlanContext {
  readonly classes: readonly string[];
  /** By source, in the manifest's order: the classes that it has labels of. */
  readonly knowledge: ReadonlyMap<string, readonly string[]>;
  /** Why no arm can learn from full labels; undefined where they are known. */
  readonly whyNoFullLabels?: string | undefined;
  /** Whether all that is absent is in truth negative. */
  readonly absentIsNegative?: boolean;
  /** The manifest's own training, in steps. */
  readonly settings: TrainingSettings;
  /** Classes that the study is about; default: all. */
  readonly interest?: readonly string[] | undefined;
  /** Within which two arms are called equal, in AUC. */
  readonly margin: number;
}

/** The classes that each source has labels of. */
export function knowledgeOf(assembly: Assembly): Map<string, readonly string[]> {
  const { known } = labelSpaceOf(assembly);
  return new Map(assembly.sources.map(({ source }, s) => [source, known[s].map((k) => assembly.classes[k])]));
}

/** Classes that so many sources know. */
export function knownTo(
  count: (sources: number) => boolean,
  { classes, knowledge }: Pick<PlanContext, "classes" | "knowledge">,
): string[] {
  const sources = [...knowledge.values()];
  return classes.filter((name) => count(sources.filter((known) => known.includes(name)).length));
}

/** All classes, and where sources differ those that one of them knows and those that several do. */
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
