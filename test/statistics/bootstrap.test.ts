// The bootstrap: which patients are drawn, what the percentile interval is, and that it covers what it should.
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.ts";
import { bootstrapValues, percentileEstimate } from "../../src/statistics/bootstrap.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The weights of every resample, as one statistic a patient. */
function drawn(strata: number[][], seed: number, resamples = 400): number[][] {
  const columns = bootstrapValues(strata, (weights) => [...weights], { resamples, seed });
  return range(resamples).map((r) => columns.map((column) => column[r] ?? NaN));
}

describe("resampling", () => {
  test("draws as many patients as there are, stratum by stratum", () => {
    const strata = [[0, 3, 4], [1], [2, 5, 6, 7]];
    for (const weights of drawn(strata, 1)) {
      for (const stratum of strata) {
        expect(stratum.reduce((sum, patient) => sum + weights[patient], 0)).toBe(stratum.length);
      }
    }
  });

  test("draws every patient equally often, leaving out a share (1 - 1/P)^P of them each time", () => {
    const resamples = drawn([range(50)], 2, 2000);
    for (const patient of range(50)) {
      const mean = resamples.reduce((sum, weights) => sum + weights[patient], 0) / 2000;
      expect(Math.abs(mean - 1)).toBeLessThan(0.1); // a standard error is .022
    }
    const missed = resamples.flat().filter((weight) => weight === 0).length / 1e5;
    expect(Math.abs(missed - (1 - 1 / 50) ** 50)).toBeLessThan(0.005);
  });

  test("the same seed draws the same, another seed, even one over 2^32, another; fewer resamples are the first ones", () => {
    const strata = [range(20)];
    expect(drawn(strata, 7)).toEqual(drawn(strata, 7));
    expect(drawn(strata, 7, 100)).toEqual(drawn(strata, 7).slice(0, 100));
    expect(drawn(strata, 8)).not.toEqual(drawn(strata, 7));
    expect(drawn(strata, 7 + 2 ** 32)).not.toEqual(drawn(strata, 7));
  });

  test("reports progress about a hundred times, and the end", () => {
    const calls: [number, number][] = [];
    bootstrapValues([range(3)], () => [1], {
      resamples: 1055,
      progress: (done, total) => calls.push([done, total]),
    });
    expect(calls.length).toBe(106);
    expect(calls[0]).toEqual([10, 1055]);
    expect(calls.at(-1)).toEqual([1055, 1055]);
  });
});

describe("percentileEstimate", () => {
  test("interpolates between order statistics, as R's quantile does", () => {
    // quantile(0:40, c(.025, .975)) is 1 and 39.
    const { interval, standardError, note } = percentileEstimate(20, range(41).reverse(), 9, 0.95);
    expect(interval?.low).toBeCloseTo(1, 12);
    expect(interval?.high).toBeCloseTo(39, 12);
    expect(standardError).toBeCloseTo(Math.sqrt((41 * 42) / 12), 12);
    expect(note).toBeNull();
    // quantile(c(0, 1, 2, 10), c(.1, .9)) is 0.3 and 7.6.
    const narrow = percentileEstimate(1, [10, 0, 2, 1], 9, 0.8).interval;
    expect(narrow?.low).toBeCloseTo(0.3, 12);
    expect(narrow?.high).toBeCloseTo(7.6, 12);
  });

  test("counts undefined resamples, and gives no interval where they are most", () => {
    const some = percentileEstimate(1, [null, 1, 2, 3], 9, 0.5);
    expect(some).toMatchObject({ undefinedResamples: 1, note: null });
    expect(some.interval).toEqual({ low: 1.5, high: 2.5 });
    expect(percentileEstimate(1, [null, null, null, 1, 2], 9, 0.5)).toEqual({
      value: 1,
      interval: null,
      standardError: null,
      undefinedResamples: 3,
      note: "no interval: undefined in 3 of 5 resamples",
    });
  });

  test("says so when the statistic is undefined, there is one patient, or nothing varies", () => {
    expect(percentileEstimate(null, [null, null], 9, 0.5).note).toMatch(/not of both kinds/u);
    expect(percentileEstimate(0.7, [0.7, 0.7], 1, 0.5)).toMatchObject({
      interval: null,
      note: "no interval: all images are of one patient",
    });
    expect(percentileEstimate(1, [1, 1, 1], 9, 0.5)).toMatchObject({
      interval: { low: 1, high: 1 },
      standardError: 0,
      note: "every resample has the same value",
    });
  });
});

test("intervals for the mean of 40 numbers cover it nearly as often as they say", () => {
  const random = randomStream(12, "coverage");
  const trials = 400;
  let covered = 0;
  for (let trial = 0; trial < trials; trial++) {
    const values = Array.from({ length: 40 }, () => 5 + random.normal());
    const mean = (weights: ArrayLike<number>): number =>
      values.reduce((sum, value, i) => sum + value * weights[i], 0) / 40;
    const [means] = bootstrapValues([range(40)], (weights) => [mean(weights)], {
      resamples: 400,
      level: 0.9,
      seed: trial,
    });
    const { interval } = percentileEstimate(mean(range(40).fill(1)), means, 40, 0.9);
    if (interval !== null && interval.low <= 5 && 5 <= interval.high) covered++;
  }
  // The percentile interval of a mean is short by a factor sqrt((n - 1) / n) z / t: about .89; three standard errors .047.
  expect(Math.abs(covered / trials - 0.89)).toBeLessThan(0.047);
});

test("options without a meaning are refused", () => {
  const attempt = (options: object): unknown => bootstrapValues([[0, 1]], () => [1], options);
  expect(() => attempt({ resamples: 39 })).toThrow(
    "bootstrapValues: an interval of level 0.95 needs a whole number of resamples from 40 to 1000000, not 39",
  );
  expect(attempt({ resamples: 40 })).toEqual([Array(40).fill(1)]);
  for (const options of [{ level: 95 }, { level: 0 }, { resamples: 100.5 }, { seed: -1 }, { seed: 0.5 }]) {
    expect(() => attempt(options)).toThrow(UsageError);
  }
});
