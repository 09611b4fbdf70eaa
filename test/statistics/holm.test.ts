// Holm's correction: worked by hand, a published example, and what it promises.
import { expect, test } from "vitest";
import { TesseraError } from "../../src/errors/errors.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { holmAdjusted } from "../../src/statistics/holm.ts";

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 12);
}

test("four tests by hand: .005 x 4, .01 x 3, .03 x 2, and .04, which no smaller p may overtake", () => {
  expectClose(holmAdjusted([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]);
});

test("the five tests of the documentation of pingouin.multicomp", () => {
  expectClose(holmAdjusted([0.5, 0.003, 0.32, 0.054, 0.0003]), [0.64, 0.012, 0.64, 0.162, 0.0015]);
});

test("the fifteen tests of Benjamini and Hochberg (1995) by hand: three are left at .05, as in the paper", () => {
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
    0.759, 1,
  ];
  const adjusted = [0.0015, 0.0056, 0.0247, 0.114, 0.2211, 0.278, 0.278, 0.278, 0.3213, 1, 1, 1, 1, 1, 1];
  expectClose(holmAdjusted(p), adjusted);
  expectClose(holmAdjusted(p.toReversed()), adjusted.toReversed());
});

test("one test is left as it is, none is none, and equal ones stay equal", () => {
  expect(holmAdjusted([0.04])).toEqual([0.04]);
  expect(holmAdjusted([])).toEqual([]);
  expectClose(holmAdjusted([0.02, 0.02, 0.9]), [0.06, 0.06, 0.9]);
});

test("calls significant what Holm's stepwise rule rejects, one p after the other", () => {
  const random = randomStream(3, "holm");
  for (let trial = 0; trial < 300; trial++) {
    const p = Array.from({ length: 6 }, () => random.uniform() ** 3);
    const rejected = new Set<number>();
    for (const [rank, value] of p.toSorted((a, b) => a - b).entries()) {
      if (value >= 0.05 / (6 - rank)) break;
      rejected.add(value);
    }
    expect(holmAdjusted(p).map((value) => value < 0.05)).toEqual(p.map((value) => rejected.has(value)));
  }
});

test("what is no probability is an error that says which", () => {
  for (const wrong of [-0.1, 1.1, NaN]) expect(() => holmAdjusted([0.5, wrong])).toThrow(TesseraError);
  expect(() => holmAdjusted([0.5, 2])).toThrow("p of test 1 is 2");
});
