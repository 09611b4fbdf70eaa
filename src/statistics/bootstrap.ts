// The bootstrap over patients: images of one patient are not independent, so whole patients are drawn, not images.
import {
  aFunction,
  aList,
  aNumber,
  expectArgument,
  expectOptions,
  numbersInOrder,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { philox } from "../operators/random/philox.ts";
import { checkLevel, type Interval } from "./interval.ts";
import { momentsOf } from "./moments.ts";

export interface BootstrapOptions {
  /** How many resamples to draw; 2,000 unless said otherwise. */
  readonly resamples?: number | undefined;
  /** Confidence level, .95 unless said otherwise. */
  readonly level?: number | undefined;
  /** A whole number in [0, 2^53), 0 unless said otherwise. The same seed draws the same patients. */
  readonly seed?: number | undefined;
  /** Called some hundred times along the way, the last time with done = total. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/** A statistic and how it varies over resamples. */
export interface BootstrapEstimate {
  /** Of the images as they are; null where it is undefined. */
  readonly value: number | null;
  /** Percentile interval, or null with the reason in `note`. */
  readonly interval: Interval | null;
  /** Standard deviation over the resamples; null with fewer than two defined ones. */
  readonly standardError: number | null;
  /** Resamples in which the statistic was undefined; the interval is over the others. */
  readonly undefinedResamples: number;
  /** Why there is no interval, or why one says little; null where there is nothing to say. */
  readonly note: string | null;
}

export const bootstrapOptions: OptionChecks<BootstrapOptions> = {
  resamples: aNumber,
  level: aNumber,
  seed: aNumber,
  progress: aFunction,
};

/** The options with what they leave out, checked. */
export function bootstrapSettings(
  { resamples = 2000, level = 0.95, seed = 0 }: BootstrapOptions,
  what = "bootstrap",
): {
  readonly resamples: number;
  readonly level: number;
  readonly seed: number;
} {
  checkLevel(what, level);
  // Fewer, and the ends of the interval would be the extremes of the resamples. 1 - .95 is a little over .05.
  const least = Math.ceil(2 / (1 - level) - 1e-9);
  if (!Number.isInteger(resamples) || resamples < least || resamples > 1e6) {
    throw new UsageError(
      `${what}: an interval of level ${level} needs a whole number of resamples from ${least} to 1000000, not ${resamples}`,
    );
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UsageError(`${what}: a seed is a whole number from 0 to 2^53 - 1, not ${seed}`);
  }
  return { resamples, level, seed };
}

const lists: Requirement = {
  words: "a list of lists of patients",
  fits: (value) => Array.isArray(value) && value.every(numbersInOrder.fits),
};

/**
 * Draws patients with replacement, as many as there are, and hands each resample to the statistics.
 *
 * @param strata patients 0 .. P - 1, each in one stratum; every stratum keeps its size in every resample
 * @param statistics from how often each patient was drawn, [P], to the statistics, always the same number of them; the
 *   weights are written over by the next resample. Null for an undefined one
 * @returns one array a statistic, each with one value a resample
 * @throws UsageError for options that cannot be
 */
export function bootstrapValues(
  strata: readonly ArrayLike<number>[],
  statistics: (weights: Uint32Array) => readonly (number | null)[],
  options: BootstrapOptions = {},
): (number | null)[][] {
  const what = "bootstrapValues";
  expectArgument(what, "the strata", strata, lists);
  expectArgument(what, "the statistics", statistics, aFunction);
  expectOptions(what, options, bootstrapOptions);
  const { resamples, seed } = bootstrapSettings(options, what);
  const weights = new Uint32Array(strata.reduce((sum, stratum) => sum + stratum.length, 0));
  const values: (number | null)[][] = [];
  const between = Math.max(1, Math.floor(resamples / 100));
  for (let resample = 0; resample < resamples; resample++) {
    drawPatients(strata, weights, seed, resample);
    const found = statistics(weights);
    if (resample === 0) expectArgument(what, "what the statistics give", found, aList);
    for (const [s, value] of found.entries()) (values[s] ??= []).push(value);
    const done = resample + 1;
    if (done % between === 0 || done === resamples) options.progress?.(done, resamples);
  }
  return values;
}

/** Fills `weights` with how often resample number `resample` draws each patient; depends on no other resample. */
function drawPatients(
  strata: readonly ArrayLike<number>[],
  weights: Uint32Array,
  seed: number,
  resample: number,
): void {
  weights.fill(0);
  const words = new Uint32Array(4);
  let draw = 0;
  for (const stratum of strata) {
    for (let i = 0; i < stratum.length; i++, draw++) {
      if (draw % 4 === 0) {
        words[0] = draw / 4;
        words[1] = resample;
        words[2] = words[3] = 0;
        philox(words, seed >>> 0, Math.floor(seed / 2 ** 32));
      }
      // 32 random bits scaled to the stratum: with a million patients, one is favoured by 0.02 % at most.
      weights[stratum[Math.floor((words[draw % 4] * stratum.length) / 2 ** 32)]]++;
    }
  }
}

const numberOrNull: Requirement = {
  words: "a number or null",
  fits: (value) => value === null || aNumber.fits(value),
};
const numbersOrNull: Requirement = {
  words: "a list of numbers, or null",
  fits: (value) => Array.isArray(value) && value.every(numberOrNull.fits),
};

/**
 * Percentile interval of a bootstrapped statistic (Efron and Tibshirani, "An introduction to the bootstrap", 1993, ch. 13),
 * quantiles interpolated between order statistics.
 *
 * There is none where the statistic is undefined on the images as they are, where there are fewer than two patients to
 * draw from, or where more than half of the resamples leave it undefined: an interval over the rest would describe
 * luckier images than these.
 *
 * @param value on the images as they are
 * @param values one a resample
 * @param patients how many were drawn from
 * @param level of confidence
 */
export function percentileEstimate(
  value: number | null,
  values: readonly (number | null)[],
  patients: number,
  level: number,
): BootstrapEstimate {
  expectArgument("percentileEstimate", "the value", value, numberOrNull);
  expectArgument("percentileEstimate", "the values", values, numbersOrNull);
  expectArgument("percentileEstimate", "the number of patients", patients, aNumber);
  expectArgument("percentileEstimate", "the level", level, aNumber);
  checkLevel("percentileEstimate", level);
  const defined = Float64Array.from(values.filter((each) => each !== null)).sort();
  const undefinedResamples = values.length - defined.length;
  const without = (note: string): BootstrapEstimate => ({
    value,
    interval: null,
    standardError: null,
    undefinedResamples,
    note,
  });
  if (value === null) return without("undefined: the labelled images are not of both kinds");
  if (patients < 2) return without("no interval: all images are of one patient");
  if (defined.length < Math.max(2, values.length / 2)) {
    return without(`no interval: undefined in ${undefinedResamples} of ${values.length} resamples`);
  }
  const tail = (1 - level) / 2;
  const interval = { low: quantile(defined, tail), high: quantile(defined, 1 - tail) };
  return {
    value,
    interval,
    standardError: Math.sqrt(momentsOf(defined, "bootstrap").variance),
    undefinedResamples,
    note: defined[0] === defined[defined.length - 1] ? "every resample has the same value" : null,
  };
}

/** Quantile of ascending numbers, linear between order statistics (type 7 of Hyndman and Fan, 1996; R's default). */
function quantile(ascending: Float64Array, share: number): number {
  const at = share * (ascending.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending[below] + (at - below) * (ascending[above] - ascending[below]);
}
