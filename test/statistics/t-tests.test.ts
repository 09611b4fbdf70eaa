// The t-tests on Student's own data, against what R's t.test prints; and input from which no test can be made.
import { describe, expect, test } from "vitest";
import { ShapeError, TesseraError, UsageError } from "../../src/errors/errors.ts";
import { meanInterval } from "../../src/statistics/sample.ts";
import { pairedTTest, pooledTTest, welchTTest } from "../../src/statistics/t-tests.ts";
import type { TTest, TTestMade } from "../../src/statistics/t-tests.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { firstDrug, secondDrug } from "../metrics/sleep.ts";

function made(test: TTest): TTestMade {
  if (test.reason !== null) throw new Error(test.reason);
  return test;
}

describe("Student's sleep data", () => {
  test("Welch: t = -1.8608, df = 17.776, p = 0.07939", () => {
    const { difference, t, degreesOfFreedom, p, interval } = made(welchTTest(firstDrug, secondDrug));
    expect(difference).toBeCloseTo(-1.58, 12);
    expect(t).toBeCloseTo(-1.8608134674868526, 12);
    expect(degreesOfFreedom).toBeCloseTo(17.776473516178488, 11);
    expect(p).toBeCloseTo(0.0793941401873583, 12);
    expect(interval.low).toBeCloseTo(-3.3654832307117104, 11);
    expect(interval.high).toBeCloseTo(0.20548323071171137, 11);
  });

  test("pooled: df = 18, p = 0.07919", () => {
    const { t, degreesOfFreedom, p, interval } = made(pooledTTest(firstDrug, secondDrug));
    expect(t).toBeCloseTo(-1.8608134674868524, 12);
    expect(degreesOfFreedom).toBe(18);
    expect(p).toBeCloseTo(0.07918671421593822, 12);
    expect(interval.low).toBeCloseTo(-3.3638740322875984, 11);
    expect(interval.high).toBeCloseTo(0.20387403228759915, 11);
  });

  test("paired: t = -4.0621, df = 9, p = 0.002833", () => {
    const { difference, standardError, t, degreesOfFreedom, p, interval } = made(
      pairedTTest(firstDrug, secondDrug),
    );
    expect(t).toBeCloseTo(-4.062127683382037, 12);
    expect(t).toBe(difference / standardError);
    expect(degreesOfFreedom).toBe(9);
    expect(p).toBeCloseTo(0.002832890197384273, 13);
    expect(interval.low).toBeCloseTo(-2.459885763276983, 11);
    expect(interval.high).toBeCloseTo(-0.7001142367230175, 11);
  });

  test("the mean of the first drug: 0.75, from -0.5297804 to 2.0297804", () => {
    const { mean, standardDeviation, interval, note } = meanInterval(firstDrug);
    expect(mean).toBeCloseTo(0.75, 14);
    expect(standardDeviation).toBeCloseTo(1.7890096577591623, 13);
    expect(interval?.low).toBeCloseTo(-0.5297804135262321, 12);
    expect(interval?.high).toBeCloseTo(2.029780413526232, 12);
    expect(note).toBeNull();
  });
});

test("samples of unequal size give SciPy's Welch test, and exchanging them only changes the sign", () => {
  const first = [0.9512, 0.9478, 0.953, 0.9495, 0.9509, 0.9521, 0.9467, 0.9533];
  const second = [0.9505, 0.949, 0.9511, 0.9502, 0.9498, 0.9524, 0.9481];
  const { t, degreesOfFreedom, p, interval } = made(welchTTest(first, second));
  expect(t).toBeCloseTo(0.4066361595844112, 10);
  expect(degreesOfFreedom).toBeCloseTo(11.49597961287731, 9);
  expect(p).toBeCloseTo(0.691743329707776, 10);
  expect(interval.low).toBeCloseTo(-0.0017772110993993762, 12);
  for (const compare of [welchTTest, pooledTTest]) {
    const forth = made(compare(first, second));
    const back = made(compare(second, first));
    expect([back.t, back.p, back.interval.low]).toEqual([-forth.t, forth.p, -forth.interval.high]);
  }
});

test("a tiny scale changes nothing, not even where squares of variances underflow", () => {
  const tiny = (values: number[]): number[] => values.map((value) => value * 1e-90);
  const { t, p } = made(welchTTest(tiny(firstDrug), tiny(secondDrug)));
  expect(t).toBeCloseTo(-1.8608134674868526, 10);
  expect(p).toBeCloseTo(0.0793941401873583, 10);
});

test("under no difference, one test in twenty finds one", () => {
  const random = randomStream(8, "t-tests");
  const normals = (count: number): number[] => Array.from({ length: count }, () => random.normal());
  const found = { welch: 0, pooled: 0, paired: 0, interval: 0 };
  const trials = 4000;
  for (let trial = 0; trial < trials; trial++) {
    const [a, b] = [normals(6), normals(6)];
    const wide = normals(12).map((value) => 3 * value);
    if (made(welchTTest(a, wide)).p < 0.05) found.welch++;
    if (made(pooledTTest(a, b)).p < 0.05) found.pooled++;
    if (made(pairedTTest(a, b)).p < 0.05) found.paired++;
    const { interval } = meanInterval(a);
    if (interval !== null && (interval.low > 0 || interval.high < 0)) found.interval++;
  }
  // Three standard errors of a share of 4000 are .0103.
  for (const count of Object.values(found)) expect(Math.abs(count / trials - 0.05)).toBeLessThan(0.0104);
});

describe("input from which no test can be made", () => {
  test("fewer than two values give the difference and a reason", () => {
    const reason = "samples of 1 and 2; each needs at least 2 values";
    expect(welchTTest([3], [1, 2])).toEqual({ difference: 1.5, p: null, reason });
    expect(pooledTTest([3], [1, 2])).toEqual({ difference: 1.5, p: null, reason });
    expect(pooledTTest([3], [1])).toMatchObject({ difference: 2, p: null });
    expect(pairedTTest([3], [1])).toEqual({
      difference: 2,
      p: null,
      reason: "1 pair; a paired test needs at least 2",
    });
    expect(meanInterval([3])).toEqual({
      count: 1,
      mean: 3,
      standardDeviation: null,
      interval: null,
      note: "a single value has no spread",
    });
  });

  test("no variation gives a reason, also where rounding imitates some", () => {
    const tenths = [0.1, 0.1, 0.1];
    for (const compare of [welchTTest, pooledTTest]) {
      expect(compare(tenths, [0.3, 0.3, 0.3]).reason).toBe("neither sample varies");
      expect(compare([0, 0], [0, 0]).reason).toBe("neither sample varies");
      expect(compare(tenths, [0.3, 0.3, 0.4]).reason).toBeNull();
    }
    // The differences of these are .003, up to the rounding of numbers much larger than .003.
    expect(pairedTTest([0.103, 50.003, 100.003], [0.1, 50, 100])).toMatchObject({
      p: null,
      reason: "the differences do not vary",
    });
    expect(meanInterval(tenths)).toMatchObject({ interval: null, note: "all values are equal" });
  });

  test("what is no number, no sample, no pair or no level is an error", () => {
    expect(() => welchTTest([1, NaN], [1, 2])).toThrow(
      "welchTTest: value 1 of the sample is NaN; only finite numbers can be tested",
    );
    expect(() => pooledTTest([1, 2], [Infinity, 1])).toThrow(TesseraError);
    expect(() => meanInterval([])).toThrow("meanInterval: the sample is empty");
    expect(() => pairedTTest([1, 2], [1, 2, 3])).toThrow(ShapeError);
    expect(() => welchTTest([1, 2], [3, 5], 95)).toThrow(UsageError);
    expect(() => meanInterval([1], 1)).toThrow("a confidence level is between 0 and 1, not 1");
  });
});
