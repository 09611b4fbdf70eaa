// From finished runs to the scores of arms.

import {
  aString,
  expectArgument,
  expectFields,
  listOf,
  madeWith,
  numbers,
  required,
  strings,
} from "../errors/arguments.ts";
import { mean, sum } from "./study-numbers.ts";
import type { RunResult } from "./study-run.ts";
import type { PlannedRun } from "./planned-run.ts";
import { aStudyPlan, notesOf, type PlannedArm, type StudyPlan } from "./study-plan.ts";
import {
  byClassOf,
  measuresOf,
  type QuerySimilarity,
  type Score,
  type SimilarityPoint,
  type StudyScores,
} from "./scores.ts";
import type { ByClass, MeasureName } from "../metrics/measures.ts";

const runResults = listOf("results of runs", madeWith("a result", ["run", "seed", "auc"]));

/** The scores of a study from the results of its finished runs; results of other runs are ignored. */
export function studyScores(
  plan: StudyPlan,
  manifest: { readonly file: string; readonly classes: readonly string[] },
  seeds: readonly number[],
  results: readonly RunResult[],
): StudyScores {
  expectArgument("studyScores", "the plan", plan, aStudyPlan);
  expectFields("studyScores", manifest, { file: required(aString), classes: required(strings) });
  expectArgument("studyScores", "the seeds", seeds, numbers);
  expectArgument("studyScores", "the results", results, runResults);
  const { study, question, groups, comparisons, similarity } = plan;
  // A study reports nothing else of other classes.
  const told = new Set(plan.arms.flatMap(({ runs }) => runs.flatMap(({ scoredClasses }) => scoredClasses)));
  const classes = manifest.classes.filter((name) => told.has(name));
  const queries = plan.arms.flatMap((arm) => queriesOf(arm, results));
  return {
    ...{ study, question, manifest: manifest.file, classes, groups, comparisons, notes: notesOf(plan) },
    ...(plan.measures === undefined ? {} : { measures: plan.measures }),
    arms: plan.arms.map(({ name, label, about, controlOf, runs }) => ({
      ...{ name, label, about, models: runs.length },
      ...(controlOf === undefined ? {} : { controlOf }),
    })),
    scores: scoresOf(plan, seeds, results),
    ...(similarity === undefined
      ? {}
      : { similarity: { interest: similarity.interest, points: similarityPoints(plan, seeds, results) } }),
    ...(queries.length === 0 ? {} : { queries }),
    courses: plan.arms.flatMap(({ name: arm, runs }) =>
      runs.flatMap((run) =>
        results.flatMap(({ run: of, seed, course }) =>
          of === run.name ? [{ arm, seed, run: of, losses: course }] : [],
        ),
      ),
    ),
  };
}

/** Scores of the arms whose runs are all finished, by seed. */
export function scoresOf(plan: StudyPlan, seeds: readonly number[], results: readonly RunResult[]): Score[] {
  expectArgument("scoresOf", "the plan", plan, aStudyPlan);
  expectArgument("scoresOf", "the seeds", seeds, numbers);
  expectArgument("scoresOf", "the results", results, runResults);
  const others = measuresOf(plan).filter((measure) => measure !== "auc");
  return seeds.flatMap((seed) =>
    plan.arms.flatMap(({ name, runs }): Score[] => {
      const own = runs.flatMap((run) => {
        const result = resultOf(results, run.name, seed);
        return result === undefined ? [] : [{ run, result }];
      });
      if (own.length < runs.length) return [];
      const told = [...new Set(runs.flatMap(({ scoredClasses }) => scoredClasses))];
      const took = own.map(({ result }) => result);
      return [
        {
          ...{ arm: name, seed, auc: valuesOf(own, told, "auc") },
          ...(others.length === 0
            ? {}
            : {
                further: Object.fromEntries(others.map((measure) => [measure, valuesOf(own, told, measure)])),
              }),
          steps: sum(took.map(({ steps }) => steps)),
          seconds: sum(took.map(({ seconds }) => seconds)),
        },
      ];
    }),
  );
}

interface Finished {
  readonly run: PlannedRun;
  readonly result: RunResult;
}

const valuesOf = (own: readonly Finished[], told: readonly string[], measure: MeasureName): ByClass =>
  Object.fromEntries(told.map((each) => [each, meanOf(own, each, measure)]));

/** The value of a class, as the mean over the runs that score it. */
function meanOf(own: readonly Finished[], name: string, measure: MeasureName): number | null {
  const values = own.flatMap(({ run, result }) =>
    run.scoredClasses.includes(name) ? [byClassOf(result, measure)[name] ?? null] : [],
  );
  const defined = values.filter((value) => value !== null);
  return defined.length < values.length ? null : mean(defined);
}

/** A point for each other class and each seed whose runs are finished. */
function similarityPoints(
  plan: StudyPlan,
  seeds: readonly number[],
  results: readonly RunResult[],
): SimilarityPoint[] {
  const { similarity, arms } = plan;
  if (similarity === undefined) return [];
  const { interest } = similarity;
  const [measure] = measuresOf(plan);
  return seeds.flatMap((seed) => {
    const valueIn = (run: string): number | null => {
      const result = resultOf(results, run, seed);
      return result === undefined ? null : (byClassOf(result, measure)[interest] ?? null);
    };
    const before = valueIn(similarity.alone);
    const all = resultOf(results, similarity.all, seed);
    if (before === null || all?.queryCosines == null) return [];
    const { classes, queryCosines } = all;
    return arms.flatMap(({ adds, runs }): SimilarityPoint[] => {
      const after = valueIn(runs[0].name);
      if (adds === undefined || after === null) return [];
      const cosine = queryCosines[classes.indexOf(interest)][classes.indexOf(adds)];
      return [{ class: adds, seed, similarity: cosine, gain: after - before }];
    });
  });
}

/** Mean cosines of the class queries, for an arm of one run that learns several classes; folds are all one way to learn, and have none. */
function queriesOf({ name, runs }: PlannedArm, results: readonly RunResult[]): QuerySimilarity[] {
  if (runs.some(({ fold }) => fold !== undefined)) return [];
  const found = results.filter(({ run }) => runs.length === 1 && run === runs[0].name);
  const all = found.flatMap(({ queryCosines }) => (queryCosines === null ? [] : [queryCosines]));
  const [first] = found;
  if (all.length === 0 || first.classes.length < 3) return [];
  const { classes } = first;
  const cosines = classes.map((_, i) => classes.map((__, j) => mean(all.map((each) => each[i][j]))));
  return [{ arm: name, classes, cosines }];
}

const resultOf = (results: readonly RunResult[], run: string, seed: number): RunResult | undefined =>
  results.find((each) => each.run === run && each.seed === seed);
