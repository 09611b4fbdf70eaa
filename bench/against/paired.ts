// Two versions of one work, timed in turns: pairs of samples that lie side by side in time, and the ratio within each, so
// that what slows the machine for a while slows both.

import { median, quartiles } from "../harness/statistics.ts";

/** One sample: milliseconds of the work once, by the clock, and of all cores together. */
export interface Sample {
  readonly wall: number;
  readonly cpu: number;
}

export interface Pair {
  readonly now: Sample;
  readonly other: Sample;
}

/** Ratios of the present version's time to the other's, within pairs: below 1 the present one is faster. */
export interface Ratio {
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly verdict: "faster" | "slower" | "unclear";
}

export interface Compared {
  /** Medians of the times by the clock, in milliseconds. */
  readonly nowMs: number;
  readonly otherMs: number;
  /** By the clock. */
  readonly wall: Ratio;
  /** Of processor time: with a software adapter of all that is computed, else of the host's work. */
  readonly cpu: Ratio;
  readonly pairs: number;
}

export interface Patience {
  /** Seconds for all pairs, about. */
  readonly seconds: number;
  /** Clock of milliseconds, for tests. */
  readonly clock?: () => number;
}

/** Pairs at the least, by the seconds that one takes: so many that slow works end. */
const fewest = (seconds: number): number => (seconds < 2 ? 10 : seconds < 8 ? 8 : 3);
const most = 400;

/**
 * Pairs of samples: now, other; other, now; and so on, so that neither is always the one behind the other.
 *
 * @param sample takes one of a version
 */
export async function pairsOf(
  sample: (version: keyof Pair) => Promise<Sample>,
  { seconds, clock = () => performance.now() }: Patience,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  const started = clock();
  const passed = (): number => (clock() - started) / 1000;
  while (pairs.length < most) {
    if (pairs.length >= fewest(passed() / Math.max(1, pairs.length)) && passed() > seconds) break;
    if (pairs.length % 2 === 0) {
      const now = await sample("now");
      pairs.push({ now, other: await sample("other") });
    } else {
      const other = await sample("other");
      pairs.push({ now: await sample("now"), other });
    }
  }
  return pairs;
}

/** What two processes of one version may differ by, since their memory lies elsewhere; no amount of pairs shows that it is luck. */
const luck = 0.02;

/**
 * What ratios say. A verdict needs a median further from 1 than luck, and a sign test (two-sided, at 1 %) over the pairs: that
 * takes eight at the least.
 */
function ratioOf(ratios: readonly number[]): Ratio {
  const middle = median(ratios);
  const [lowerQuartile, upperQuartile] = quartiles(ratios);
  const faster = ratios.filter((ratio) => ratio < 1).length;
  const clear = Math.abs(middle - 1) > luck && signTest(faster, ratios.length) < 0.01;
  const verdict = !clear ? "unclear" : middle < 1 ? "faster" : "slower";
  return { median: middle, lowerQuartile, upperQuartile, verdict };
}

export function comparedOf(pairs: readonly Pair[]): Compared {
  const ratios = (clock: keyof Sample): number[] => pairs.map(({ now, other }) => now[clock] / other[clock]);
  return {
    nowMs: median(pairs.map(({ now }) => now.wall)),
    otherMs: median(pairs.map(({ other }) => other.wall)),
    wall: ratioOf(ratios("wall")),
    cpu: ratioOf(ratios("cpu")),
    pairs: pairs.length,
  };
}

/** How likely so uneven a split is, or a more uneven one, where both sides are equally likely. */
export function signTest(onOneSide: number, count: number): number {
  const larger = Math.max(onOneSide, count - onOneSide);
  let sum = 0;
  let term = 0.5 ** count; // of `count` on one side
  for (let k = count; k >= larger; k--) {
    sum += term;
    term *= k / (count - k + 1);
  }
  return Math.min(1, 2 * sum);
}
