// The distribution functions against printed tables, closed forms, and values of R and SciPy.
import { expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.ts";
import {
  studentTCdf,
  normalQuantile,
  studentTQuantile,
  twoSidedP,
} from "../../src/statistics/distributions.ts";

/** Relative difference of a value to what it should be. */
const error = (value: number, expected: number): number => Math.abs(value / expected - 1);

test("t quantiles are those of the tables", () => {
  const table: [degreesOfFreedom: number, p: number, t: number][] = [
    [1, 0.975, 12.706204736174694],
    [2, 0.995, 9.924843200918287],
    [5, 0.95, 2.0150483733330233],
    [10, 0.975, 2.228138851986274],
    [30, 0.975, 2.0422724563012378],
    [120, 0.975, 1.9799304050824402],
    [7.5, 0.9, 1.4052118464159533],
  ];
  for (const [degreesOfFreedom, p, t] of table) {
    expect(error(studentTQuantile(p, degreesOfFreedom), t)).toBeLessThan(1e-12);
    expect(error(studentTQuantile(1 - p, degreesOfFreedom), -t)).toBeLessThan(1e-12);
    expect(error(studentTCdf(t, degreesOfFreedom), p)).toBeLessThan(1e-12);
  }
});

test("two-sided p keeps its digits where it is tiny and where it is nearly 1", () => {
  expect(error(twoSidedP(-8, 100), 2.2728648077280694e-12)).toBeLessThan(1e-12);
  expect(error(twoSidedP(60, 4), 4.621068727635128e-7)).toBeLessThan(1e-12);
  expect(error(twoSidedP(0.001, 1e5), 0.9992021175668878)).toBeLessThan(1e-12);
  // One degree of freedom is Cauchy's distribution, two have P(T > t) = 1/2 - t / (2 sqrt(2 + t^2)).
  expect(error(twoSidedP(3, 1), 1 - (2 / Math.PI) * Math.atan(3))).toBeLessThan(1e-12);
  expect(error(twoSidedP(3, 2), 1 - 3 / Math.sqrt(11))).toBeLessThan(1e-12);
  expect([twoSidedP(0, 9), twoSidedP(Infinity, 9), twoSidedP(-Infinity, 9)]).toEqual([1, 0, 0]);
});

test("the distribution function of t is SciPy's, whole degrees of freedom or not, in both tails", () => {
  const table: [t: number, degreesOfFreedom: number, p: number][] = [
    [0, 5, 0.5],
    [1, 1, 0.75],
    [-2.5, 3.5, 0.03784732190474501],
    [-40, 12, 1.925614790386016e-14],
    [0.5, 250, 0.6912425570403797],
    [1.3, 1e6, 0.9031993655954373],
    [8, 30, 0.9999999968670887],
  ];
  for (const [t, degreesOfFreedom, p] of table) {
    expect(error(studentTCdf(t, degreesOfFreedom), p)).toBeLessThan(1e-11);
    expect(studentTCdf(t, degreesOfFreedom) + studentTCdf(-t, degreesOfFreedom)).toBeCloseTo(1, 14);
    if (t > -9 && t < 8) expect(studentTQuantile(p, degreesOfFreedom)).toBeCloseTo(t, 9);
  }
  expect([studentTCdf(-Infinity, 3), studentTCdf(Infinity, 3)]).toEqual([0, 1]);
});

test("what stdlib cannot compute is refused, not answered with 0, a half or an infinite number", () => {
  expect(() => studentTCdf(1, Infinity)).toThrow(
    /t = 1 with Infinity degrees of freedom; these are a finite number/,
  );
  expect(() => twoSidedP(1, Infinity)).toThrow(UsageError);
  expect(() => studentTQuantile(0.975, Infinity)).toThrow(UsageError);
  for (const [p, degreesOfFreedom] of [
    [0.975, 1e20],
    [0.975, 1e-3],
    [0.5000001, 1e4],
    [1e-300, 1],
  ]) {
    expect(() => studentTQuantile(p, degreesOfFreedom)).toThrow(
      /cannot be computed: it is too large, or too near 0$/,
    );
  }
  expect(studentTQuantile(0.5, 7)).toBe(0);
});

test("normal quantiles are those of the tables", () => {
  expect(error(normalQuantile(0.975), 1.959963984540054)).toBeLessThan(1e-12);
  expect(error(normalQuantile(0.05), -1.6448536269514722)).toBeLessThan(1e-12);
  expect(normalQuantile(0.5)).toBe(0);
});

test("arguments without a meaning are refused, not answered with NaN", () => {
  for (const wrong of [0, 1, -0.1, NaN]) {
    expect(() => normalQuantile(wrong)).toThrow(UsageError);
    expect(() => studentTQuantile(wrong, 3)).toThrow(UsageError);
  }
  expect(() => studentTQuantile(0.9, 0)).toThrow("Student's t: quantile 0.9 with 0 degrees of freedom");
  for (const probability of [twoSidedP, studentTCdf]) {
    expect(() => probability(NaN, 3)).toThrow(UsageError);
    expect(() => probability(1, NaN)).toThrow(UsageError);
    expect(() => probability(1, 0)).toThrow(UsageError);
  }
  expect(() => twoSidedP(1, -1)).toThrow("Student's t: t = -1 with -1 degrees of freedom");
});
