// Pearson's and Spearman's r on Anscombe's quartet and against SciPy, and where they do not exist.
import { expect, test } from "vitest";
import { ShapeError, TesseraError } from "../../src/errors/errors.ts";
import { pearson, spearman } from "../../src/statistics/correlation.ts";
import { randomStream } from "../../src/data/random-stream.ts";

/** Anscombe, "Graphs in statistical analysis", 1973: four data sets of one correlation. */
const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
const quartet: [x: number[], y: number[], r: number, p: number][] = [
  [
    x,
    [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68],
    0.8164205163448395,
    0.0021696288730788,
  ],
  [
    x,
    [9.14, 8.14, 8.74, 8.77, 9.26, 8.1, 6.13, 3.1, 9.13, 7.26, 4.74],
    0.8162365060002424,
    0.0021788162369108,
  ],
  [
    x,
    [7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73],
    0.8162867394895981,
    0.002176305279228,
  ],
  [
    [8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8],
    [6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.5, 5.56, 7.91, 6.89],
    0.8165214368885028,
    0.0021646023471972,
  ],
];

test("Anscombe's four data sets have r = .816 and p = .0022", () => {
  for (const [x, y, r, p] of quartet) {
    const result = pearson(x, y);
    expect(result.count).toBe(11);
    expect(result.r).toBeCloseTo(r, 13);
    expect(result.p).toBeCloseTo(p, 13);
  }
});

test("Fisher's interval is that of R's cor.test", () => {
  const result = pearson(quartet[0][0], quartet[0][1]);
  expect(result.reason === null && result.interval?.low).toBeCloseTo(0.4243912133932152, 12);
  expect(result.reason === null && result.interval?.high).toBeCloseTo(0.9506932537865604, 12);
});

test("neither scale, shift nor the order of pairs matters; a sign turns r", () => {
  const [, y, r] = quartet[0];
  const moved = pearson(
    x.map((value) => 1e6 + 1e-3 * value),
    y.map((value) => -7 * value),
  );
  expect(moved.r).toBeCloseTo(-r, 7);
  expect(pearson(x.toReversed(), y.toReversed()).r).toBeCloseTo(r, 13);
  expect(pearson(y, x).p).toBeCloseTo(quartet[0][3], 13);
});

test("very large and very small numbers correlate as their tenths do", () => {
  const [x, y] = [
    [1, 2, 3],
    [1, 2, 3.5],
  ];
  const expected = pearson(x, y);
  for (const factor of [1e200, 1e300, 1e-200, 1e-300]) {
    const scaled = pearson(
      x.map((value) => value * factor),
      y,
    );
    expect(scaled.r).toBeCloseTo(expected.r ?? NaN, 12);
    expect(scaled.p).toBeCloseTo(expected.p ?? NaN, 12);
  }
});

test("points on a line have r = 1 and p = 0, however rounding falls", () => {
  const line = pearson([1, 2, 3, 4], [2, 4, 6, 8]);
  expect(line).toMatchObject({ r: 1, p: 0, interval: { low: 1, high: 1 } });
  const random = randomStream(10, "pearson");
  for (let trial = 0; trial < 200; trial++) {
    const values = Array.from({ length: 5 }, () => random.normal());
    const { r, p } = pearson(
      values,
      values.map((value) => 0.3 - 0.1 * value),
    );
    expect(r).toBeGreaterThanOrEqual(-1);
    expect(r).toBeCloseTo(-1, 12);
    expect(p).toBeLessThan(1e-9);
  }
});

test("under independence, one p in twenty is under .05", () => {
  const random = randomStream(11, "pearson");
  const normals = (): number[] => Array.from({ length: 6 }, () => random.normal());
  let found = 0;
  for (let trial = 0; trial < 4000; trial++) {
    const { p } = pearson(normals(), normals());
    if (p !== null && p < 0.05) found++;
  }
  expect(Math.abs(found / 4000 - 0.05)).toBeLessThan(0.0104);
});

test("too few points, or a quantity that does not vary, give a reason", () => {
  expect(pearson([1], [2])).toEqual({
    count: 1,
    r: null,
    p: null,
    reason: "a single point has no correlation",
  });
  const two = pearson([1, 2], [5, 3]);
  expect(two).toMatchObject({ count: 2, p: null, reason: "two points are always on a line" });
  expect(two.r).toBeCloseTo(-1, 14);
  expect(pearson([1, 2, 4], [3, 5, 1])).toMatchObject({ interval: null, reason: null });
  for (const constant of [
    [0, 0, 0],
    [0.1, 0.1, 0.1],
  ]) {
    const expected = { r: null, p: null, reason: "one of the quantities does not vary" };
    expect(pearson(constant, [1, 2, 3])).toMatchObject(expected);
    expect(pearson([1, 2, 3], constant)).toMatchObject(expected);
  }
});

test("what is no number or no pair is an error", () => {
  expect(() => pearson([1, 2], [1])).toThrow(ShapeError);
  expect(() => pearson([], [])).toThrow(TesseraError);
  expect(() => pearson([1, NaN, 3], [1, 2, 3])).toThrow("pearson: value 1 of the sample is NaN");
});

test("Spearman's r and p of Anscombe's data sets, and of many ties, are SciPy's", () => {
  const expected = [
    [0.8181818181818182, 0.0020831448404786917],
    [0.690909090909091, 0.01856503338159501],
    [0.990909090909091, 3.762571807085397e-9],
    [0.5, 0.11730680301423817], // ten of the eleven x are tied
  ];
  for (const [i, [r, p]] of expected.entries()) {
    const result = spearman(quartet[i][0], quartet[i][1]);
    expect(result.r).toBeCloseTo(r, 13);
    expect((result.p ?? NaN) / p).toBeCloseTo(1, 10);
  }
  const ties = spearman([1, 2, 2, 3, 3, 3, 4, 5, 5, 6], [2, 1, 4, 4, 4, 3, 7, 5, 7, 7]);
  expect(ties.r).toBeCloseTo(0.8671059748970246, 13);
  expect(ties.p).toBeCloseTo(0.0011587899461540554, 13);
});

test("without ties, Spearman's r is 1 - 6 sum d^2 / (n (n^2 - 1)), of ranks alone", () => {
  const random = randomStream(12, "spearman");
  for (let trial = 0; trial < 50; trial++) {
    const n = 3 + random.below(30);
    const [a, b] = [0, 1].map(() => Array.from({ length: n }, () => random.normal()));
    const rank = (values: number[], each: number): number => values.filter((other) => other < each).length;
    const squares = a.reduce((sum, each, i) => sum + (rank(a, each) - rank(b, b[i])) ** 2, 0);
    const { r } = spearman(a, b);
    expect(r).toBeCloseTo(1 - (6 * squares) / (n * (n ** 2 - 1)), 12);
    // Any rising function leaves the ranks as they are.
    expect(spearman(a.map(Math.exp), b.map((each) => each ** 3)).r).toBe(r); // prettier-ignore
    expect(spearman(a, a.map(Math.exp)).r).toBeCloseTo(1, 14);
  }
});

test("nineteen in twenty of Spearman's intervals hold the r that normal pairs have", () => {
  const random = randomStream(13, "spearman");
  const correlation = 0.6;
  const expected = (6 / Math.PI) * Math.asin(correlation / 2);
  let held = 0;
  for (let trial = 0; trial < 3000; trial++) {
    const a = Array.from({ length: 25 }, () => random.normal());
    const b = a.map((each) => correlation * each + Math.sqrt(1 - correlation ** 2) * random.normal());
    const { reason, interval = null } = { interval: null, ...spearman(a, b) };
    if (reason === null && interval !== null && interval.low <= expected && expected <= interval.high) held++;
  }
  // Three standard errors of a share of .95, and half a percent for an approximation.
  expect(Math.abs(held / 3000 - 0.95)).toBeLessThan(0.017);
});

test("Spearman's has the reasons, intervals and errors of Pearson's, under its own name", () => {
  expect(spearman([1, 2, 3], [4, 4, 4])).toMatchObject({
    r: null,
    p: null,
    reason: "one of the quantities does not vary",
  });
  expect(spearman([1, 2], [5, 3])).toMatchObject({ p: null, reason: "two points are always on a line" });
  expect(spearman([1], [2]).reason).toBe("a single point has no correlation");
  expect(spearman([1, 2, 4], [3, 5, 1])).toMatchObject({ r: -0.5, interval: null, reason: null });
  expect(spearman([1, 10, 100, 1e9], [2, 4, 5, 6])).toMatchObject({
    r: 1,
    p: 0,
    interval: { low: 1, high: 1 },
  });
  expect(() => spearman([1, 2], [1])).toThrow("spearman: 2 and 1 values do not make pairs");
  expect(() => spearman([1, NaN, 3], [1, 2, 3])).toThrow("spearman: value 1 of the sample is NaN");
  expect(() => spearman([], [])).toThrow("spearman: the sample is empty");
  expect(() => spearman([1, 2, 3], [1, 2, 4], 95)).toThrow("spearman: a confidence level is between 0 and 1");
});

test("from 3 to 200 points that rise or fall together, with ties or without, Spearman's r is exactly 1 or -1 and p 0", () => {
  const random = randomStream(12, "spearman");
  for (let count = 3; count <= 200; count++) {
    const values = Array.from({ length: count }, () => random.normal());
    for (const given of [values, [1, 2, ...values.slice(2).map((value) => Math.round(3 * value))]]) {
      const rising = spearman(
        given,
        given.map((value) => Math.exp(value)),
      );
      expect(rising, `${count} points`).toMatchObject({ count, r: 1, p: 0 });
      const falling = spearman(
        given.map((value) => 5 - value ** 3),
        given,
      );
      expect(falling, `${count} points`).toMatchObject({ count, r: -1, p: 0 });
      if (count > 3)
        expect([rising, falling]).toMatchObject([{ interval: { low: 1 } }, { interval: { high: -1 } }]);
    }
  }
});
