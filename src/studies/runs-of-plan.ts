// The runs that a plan comes to, each with its settings and its length.

import { aNumber, expectArgument, expectOptions, numbers, type OptionChecks } from "../errors/arguments.ts";
import { trainingSettings } from "../assemble/settings-argument.ts";
import { anAssembly, type Assembly } from "../data/assembly/assembly.ts";
import { UsageError } from "../errors/errors.ts";
import { warmedBudgetOf, type WarmedBudget } from "../assemble/warm-up.ts";
import { samplerOf, type TrainingSettings } from "../assemble/training-settings.ts";
import { type PlannedRun } from "./planned-run.ts";
import { aStudyPlan, type StudyPlan } from "./study-plan.ts";
import type { StudyRun } from "./study-run.ts";
import { withWarmUps } from "./warm-ups.ts";

/**
 * The manifest's training counted in steps, and in epochs of the whole assembly. An arm that trains on some of the images
 * then takes as many steps as any other, and its schedule has the same clock.
 */
export function inSteps(settings: TrainingSettings, assembly: Assembly): TrainingSettings {
  expectArgument("inSteps", "the settings", settings, trainingSettings);
  expectArgument("inSteps", "the assembly", assembly, anAssembly);
  const budget = warmedBudgetOf(settings, samplerOf(assembly, settings).stepsPerEpoch);
  const { steps, warmup, stepsPerEpoch } = budget;
  return { ...settings, steps, warmupSteps: warmup, stepsPerEpoch };
}

/** What runs need beside their plan. */
export interface RunsOptions {
  /** On the validation patients, that a sensitivity is told at; default .95. */
  readonly specificity?: number | undefined;
  /** Weights to begin with by the names that runs of the plan have for them; needed where there are some. */
  readonly beginnings?: ReadonlyMap<string, NonNullable<StudyRun["initial"]>> | undefined;
}

const runsOptions: OptionChecks<RunsOptions> = {
  specificity: aNumber,
  beginnings: {
    words: "a map from names to weights to begin with",
    fits: (value) => value instanceof Map,
  },
};

/**
 * All runs, one seed after the other: a study that is stopped can still compare the seeds that are finished.
 * @throws UsageError for weights that a run names and `beginnings` lacks
 */
export function runsOf(
  plan: StudyPlan,
  seeds: readonly number[],
  settings: TrainingSettings,
  options: RunsOptions = {},
): StudyRun[] {
  expectArgument("runsOf", "the plan", plan, aStudyPlan);
  expectArgument("runsOf", "the seeds", seeds, numbers);
  expectArgument("runsOf", "the settings", settings, trainingSettings);
  const planned = plan.arms.flatMap(({ runs }) => runs);
  expectOptions("runsOf", options, runsOptions);
  const { specificity, beginnings } = options;
  const initialOf = ({ name, init }: PlannedRun): Pick<StudyRun, "initial"> => {
    if (init === undefined || init === null) return {};
    const initial = beginnings?.get(init);
    if (initial === undefined) {
      throw new UsageError(`runsOf: ${name} begins with ${init}, which beginnings does not have`);
    }
    return { initial };
  };
  return withWarmUps(
    seeds.flatMap((seed) =>
      planned.map((run) => ({
        planned: run,
        seed,
        settings: { ...ofClasses(settings, run), ...run.changes, seed, evaluate: "end" as const },
        ...(specificity === undefined ? {} : { specificity }),
        ...initialOf(run),
      })),
    ),
  );
}

/** The settings of a run that learns some of the classes alone: weights of the others are none of its own. */
function ofClasses(settings: TrainingSettings, { classes }: PlannedRun): TrainingSettings {
  if (classes === undefined) return settings;
  const ownOf = (weights: object): Record<string, number> =>
    Object.fromEntries(Object.entries(weights).filter(([name]) => classes.includes(name)));
  const { classWeights, positiveWeight } = settings;
  return {
    ...settings,
    ...(classWeights === undefined ? {} : { classWeights: ownOf(classWeights) }),
    ...(typeof positiveWeight === "object" ? { positiveWeight: ownOf(positiveWeight) } : {}),
  };
}

/** How long a run is, and how many images a step of it takes. */
export function budgetOfRun(
  { settings }: Pick<StudyRun, "settings">,
  assembly: Assembly,
): { readonly budget: WarmedBudget; readonly batch: number } {
  const { stepsPerEpoch, batch } = samplerOf(assembly, settings);
  return { budget: warmedBudgetOf(settings, stepsPerEpoch), batch };
}
