// ROC curves put together, run by run, class by class and seed by seed: the mean sensitivity at equal 1 - specificity
// (vertical averaging: Fawcett 2006, An introduction to ROC analysis). A mean of curves, and not the curve of all
// predictions together: probabilities of different models have no scale in common.

import { rocCurve, sensitivityAtSpecificity, type RocCurve } from "../metrics/roc.ts";

/** The rates at which curves are read, from 0 to 1; they lie closest at 0, where curves are steep. */
export const falsePositiveRates: readonly number[] = Array.from({ length: 101 }, (_, i) => i ** 2 / 10_000);

export const specificities = [0.9, 0.95, 0.99] as const;

/** A ROC curve, or the mean of several. */
export interface RocPoints {
  /** Sensitivity at each of `falsePositiveRates`. */
  readonly curve: readonly number[];
  /** Sensitivity at each of `specificities`, as `sensitivityAtSpecificity` gives it. */
  readonly sensitivities: readonly number[];
}

/** A curve for each class; null where its labels are not of both kinds. */
export type ClassCurves = ReadonlyMap<string, RocPoints | null>;

/**
 * @param probabilities [N] of one class
 * @param labels [N] label states
 */
export function rocPoints(probabilities: ArrayLike<number>, labels: ArrayLike<number>): RocPoints | null {
  const curve = rocCurve(probabilities, labels);
  if (curve === null) return null;
  return {
    curve: sensitivitiesAt(curve, falsePositiveRates),
    sensitivities: specificities.flatMap(
      (at) => sensitivityAtSpecificity(probabilities, labels, at)?.sensitivity ?? [],
    ),
  };
}

/**
 * Reads a curve at some rates, on the straight lines between its points; where the curve is vertical, its upper end.
 * @param rates false positive rates, ascending in [0, 1]
 */
export function sensitivitiesAt(curve: RocCurve, rates: readonly number[]): number[] {
  const { falsePositiveRates: x, truePositiveRates: y } = curve;
  let last = 0;
  return rates.map((rate) => {
    while (last + 1 < x.length && x[last + 1] <= rate) last++;
    if (last + 1 === x.length) return y[last];
    const share = (rate - x[last]) / (x[last + 1] - x[last]);
    return y[last] + share * (y[last + 1] - y[last]);
  });
}

/** @param runs of an arm with one seed: the curve of a class is the mean over the runs that score it, as its AUC is */
export function meanOfRuns(runs: readonly ClassCurves[]): ClassCurves {
  const classes = new Set(runs.flatMap((run) => [...run.keys()]));
  return new Map(
    [...classes].map((name) => {
      const all = runs.flatMap((run) => run.get(name) ?? (run.has(name) ? [null] : []));
      const defined = all.filter((each) => each !== null);
      return [name, defined.length < all.length ? null : meanOf(defined)];
    }),
  );
}

/** The mean curve of an arm: over classes, and then over seeds. */
export interface ArmRoc extends RocPoints {
  /** Classes that the arm was scored by. */
  readonly classes: readonly string[];
  /** Those of them that have no curve with at least one seed; the mean of that seed leaves them out. */
  readonly leftOut: readonly string[];
  /** Number of seeds. */
  readonly seeds: number;
}

/** @returns undefined where no class has a curve */
export function meanOfSeeds(seeds: readonly ClassCurves[]): ArmRoc | undefined {
  const classes = [...new Set(seeds.flatMap((seed) => [...seed.keys()]))];
  const means = seeds.flatMap((seed) => {
    const defined = [...seed.values()].filter((each) => each !== null);
    return defined.length === 0 ? [] : [meanOf(defined)];
  });
  if (means.length === 0) return undefined;
  const leftOut = classes.filter((name) => seeds.some((seed) => seed.get(name) === null));
  return { ...meanOf(means), classes, leftOut, seeds: means.length };
}

/** @param all at least one curve */
function meanOf(all: readonly RocPoints[]): RocPoints {
  const mean = (part: keyof RocPoints): number[] =>
    all[0][part].map((_, i) => all.reduce((sum, each) => sum + each[part][i], 0) / all.length);
  return { curve: mean("curve"), sensitivities: mean("sensitivities") };
}
