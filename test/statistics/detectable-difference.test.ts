// How small a difference a number of seeds resolves: against the noncentral t, and by how often it is found.
import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { detectableDifference } from "../../src/statistics/detectable-difference.ts";
import { pairedTTest } from "../../src/statistics/t-tests.ts";

const inStandardErrors = (count: number): number =>
  detectableDifference({ standardError: 1, degreesOfFreedom: count - 1 });

test.each([
  // The noncentrality at which a two-sided test at .05 has a power of .8, by integration over the chi distribution.
  [2, 16.334, 0.14],
  [3, 5.6535, 0.052],
  [4, 4.2559, 0.023],
  [5, 3.7611, 0.012],
  [8, 3.2698, 0.003],
  [24, 2.9256, 0.0003],
])("of %d seeds it is the noncentral t's %d, to within the share that is said", (count, exact, error) => {
  expect(Math.abs(inStandardErrors(count) / exact - 1)).toBeLessThan(error);
});

test("eight pairs with the spread of the studies on MNIST resolve about .005", () => {
  // Differences of a standard deviation of .0043.
  expect(0.0043 * (inStandardErrors(8) / Math.sqrt(8))).toBeCloseTo(0.005, 4);
});

test("a difference of that size is found four times in five", () => {
  const random = randomStream(4, "resolution");
  const trials = 4000;
  const true_ = inStandardErrors(8) / Math.sqrt(8); // of differences with a standard deviation of 1
  const zeros = Array<number>(8).fill(0);
  let found = 0;
  for (let trial = 0; trial < trials; trial++) {
    const differences = zeros.map(() => true_ + random.normal());
    const { p } = pairedTTest(differences, zeros);
    if (p !== null && p < 0.05) found++;
  }
  // Three standard errors are .019.
  expect(Math.abs(found / trials - 0.8)).toBeLessThan(0.019);
});

test("levels without a meaning are refused", () => {
  const contrast = { standardError: 1, degreesOfFreedom: 4 };
  for (const options of [{ alpha: 0 }, { power: 1 }, { alpha: 0.5, power: 0.4 }, { power: NaN }]) {
    expect(() => detectableDifference(contrast, options)).toThrow(UsageError);
  }
});
