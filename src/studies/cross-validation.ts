// A cross-validation as a study: an arm for each fold, which trains on the others and is tested on the patients of that one.

import { UsageError } from "../errors/errors.ts";
import { counted } from "../errors/counted.ts";
import { absent, negative, positive } from "../labels/states.ts";
import { foldedAucIntervals } from "../metrics/auc-intervals.ts";
import { aucByClass, meanAuc } from "../metrics/auc.ts";
import type { BootstrapEstimate } from "../statistics/bootstrap.ts";
import { momentsOf } from "../statistics/moments.ts";
import type { TestPredictions } from "../runs/test-predictions.ts";
import { assemblyOf, type ChosenFrom } from "./planned-run.ts";
import type { MeasureName } from "../metrics/measures.ts";
import { byClassOf, measuresOf, type OutOfFold } from "./scores.ts";
import { groupsOf, isSegmentation, pixelMeasures, type PlanContext, type StudyPlan } from "./study-plan.ts";
import type { RunResult } from "./study-run.ts";

export const crossValidation = "cross-validate";

/**
 * The plan of a cross-validation on images that are divided (`foldsOf`).
 * @param division the number of folds, and the seed that they were drawn with
 * @throws UsageError for fewer than two folds
 */
export function planFolds(
  { classes, settings, knowledge, init }: Pick<PlanContext, "classes" | "settings" | "knowledge" | "init">,
  { folds, seed }: { readonly folds: number; readonly seed: number },
  images: ChosenFrom,
): StudyPlan {
  if (folds < 2)
    throw new UsageError(`--folds ${folds}: with one fold there is nothing left to train on; say 2 or more`);
  return {
    study: crossValidation,
    question: "How well does this training do on patients that it has not seen?",
    groups: groupsOf({ classes, knowledge }),
    comparisons: [],
    ...(isSegmentation(settings) ? { measures: pixelMeasures } : {}),
    notes: [
      "Folds are by patient, and each source is divided by itself. An interval over patients is that of the models trained here; it says " +
        "nothing of how other draws of training images would do, and folds share most of theirs.",
    ],
    arms: Array.from({ length: folds }, (_, held) => {
      const run = {
        name: `fold-${held + 1}`,
        ...{ labels: "given" as const, scoredClasses: classes, changes: {}, fold: { held, folds, seed } },
        ...(init === undefined ? {} : { init }),
      };
      const { test, sources } = assemblyOf(run, images);
      const trained = sources.reduce((sum, { count }) => sum + count, 0);
      return {
        name: run.name,
        label: `fold ${held + 1}`,
        about: `Trained on ${counted(trained, "image")} of the other folds, tested on ${counted(test.count, "image")} of this one.`,
        runs: [run],
      };
    }),
  };
}

/** Predictions of all folds as one table. @param tables each of a fold, at least one */
export function joinedPredictions(tables: readonly TestPredictions[]): TestPredictions {
  return {
    classes: tables[0].classes,
    images: tables.flatMap(({ images }) => images),
    probabilities: Float64Array.from(tables.flatMap(({ probabilities }) => [...probabilities])),
    states: Uint8Array.from(tables.flatMap(({ states }) => [...states])),
  };
}

/**
 * The results of all folds together: by class the mean over folds of the AUC within each, its spread over them and its interval over
 * patients (`foldedAucIntervals`); and the AUC of all predictions in one list. That one also compares images of different folds, whose
 * models need not agree on a scale, and comes out lower as a rule (Forman and Scholz 2010).
 *
 * @param plan which has the measures beside the AUC
 * @param folds the results of all folds, each with its predictions
 */
export function outOfFold(
  plan: Pick<StudyPlan, "measures">,
  folds: readonly { readonly result: RunResult; readonly predictions: TestPredictions }[],
  progress?: (done: number, total: number) => void,
): OutOfFold {
  const { classes, images, probabilities, states } = joinedPredictions(
    folds.map(({ predictions }) => predictions),
  );
  const foldOf = folds.flatMap(({ predictions }, fold) => predictions.images.map(() => fold));
  const patients = images.map(({ patient }) => (patient === "" ? undefined : patient));
  const found = foldedAucIntervals(probabilities, states, foldOf, classes, { patients, progress });
  const joined = aucByClass(probabilities, states, classes);
  const labelled = (k: number, label: number): number =>
    images.reduce((sum, _, row) => sum + (states[row * classes.length + k] === label ? 1 : 0), 0);
  const valuesOf = (name: string, measure: MeasureName): (number | null)[] =>
    folds.map(({ result }) => byClassOf(result, measure)[name] ?? null);
  const others = measuresOf(plan).filter((measure) => measure !== "auc");
  /** @param values gives those of a measure, by fold */
  const measured = (
    values: (measure: MeasureName) => (number | null)[],
  ): OverFolds & Pick<OutOfFold["mean"], "further"> => ({
    ...overFolds(values("auc")),
    ...(others.length === 0
      ? {}
      : { further: Object.fromEntries(others.map((measure) => [measure, overFolds(values(measure))])) }),
  });
  const { patients: count, level, resamples, byClass } = found;
  return {
    ...{ folds: folds.length, images: images.length, patients: count, level, resamples },
    classes: classes.map((name, k) => ({
      ...{ class: name, positive: labelled(k, positive), negative: labelled(k, negative) },
      ...{ absent: labelled(k, absent), ...measured((measure) => valuesOf(name, measure)) },
      ...{ ...overPatients(byClass[name]), joined: joined[name] },
    })),
    mean: {
      ...measured((measure) => {
        const all = classes.map((name) => valuesOf(name, measure));
        return folds.map((_, fold) => meanOf(all.map((own) => own[fold])));
      }),
      ...{ ...overPatients(found.mean), joined: meanAuc(joined) },
    },
  };
}

interface OverFolds {
  readonly byFold: readonly (number | null)[];
  readonly foldMean: number | null;
  readonly foldDeviation: number | null;
}

function meanOf(values: readonly (number | null)[]): number | null {
  const defined = values.filter((value) => value !== null);
  return defined.length === 0 ? null : momentsOf(defined, "outOfFold").mean;
}

/** Mean and deviation over the folds that have a value. */
function overFolds(values: readonly (number | null)[]): OverFolds {
  const defined = values.filter((value) => value !== null);
  if (defined.length === 0) return { byFold: values, foldMean: null, foldDeviation: null };
  const { mean, variance, count } = momentsOf(defined, "outOfFold");
  return { byFold: values, foldMean: mean, foldDeviation: count < 2 ? null : Math.sqrt(variance) };
}

const overPatients = ({ interval, note }: BootstrapEstimate) => ({ interval, note });
