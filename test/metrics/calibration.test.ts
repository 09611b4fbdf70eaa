// Calibration against values worked out by hand, scikit-learn's Brier example, and a model that is calibrated by design.
import { describe, expect, test } from "vitest";
import { TesseraError, UsageError } from "../../src/errors/errors.ts";
import { brierScore, expectedCalibrationError, reliabilityPoints } from "../../src/metrics/calibration.ts";
import { permutation } from "../../src/data/assembly/order.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const probabilities = [0.1, 0.2, 0.3, 0.4, 0.65, 0.7, 0.8, 0.9, 1];
const labels = [0, 0, 0, 0, 1, 1, 1, 1, 1];

test("the Brier score is that of scikit-learn's example, and passes over what is not labelled", () => {
  expect(brierScore([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0])).toBeCloseTo(0.0375, 14);
  expect(brierScore([0.1, NaN, 0.9, 0.8, 7, 0.3], [0, 255, 1, 1, 130, 0])).toBeCloseTo(0.0375, 14);
  expect(brierScore([0.5, 0.5], [0, 1])).toBe(0.25);
  expect(brierScore([0.5], [255])).toBeNull();
});

describe("reliability", () => {
  test("bins hold equally many entries", () => {
    const points = reliabilityPoints(probabilities, labels, 3);
    expect(points.map(({ count }) => count)).toEqual([3, 3, 3]);
    expect(points.map(({ observed }) => observed)).toEqual([0, 2 / 3, 1]);
    [0.2, 1.75 / 3, 0.9].forEach((mean, bin) => {
      expect(points[bin].predicted).toBeCloseTo(mean, 14);
    });
  });

  test("the calibration error is the weighted gap of these bins", () => {
    const byHand = (0.2 + (2 / 3 - 1.75 / 3) + 0.1) / 3;
    expect(expectedCalibrationError(probabilities, labels, 3)).toBeCloseTo(byHand, 14);
    expect(expectedCalibrationError(probabilities, labels, 1)).toBeCloseTo(5.05 / 9 - 5 / 9, 14);
    expect(expectedCalibrationError([0, 0, 1], [0, 0, 1])).toBe(0);
    expect(expectedCalibrationError([1, 1, 0], [0, 0, 1])).toBe(1);
  });

  test("equal probabilities share a bin, so that the order of rows changes no bit", () => {
    const random = randomStream(6, "calibration");
    const ties = Array.from({ length: 400 }, () => random.below(7) / 8);
    const states = ties.map((p) => (random.uniform() < p ? 1 : 0));
    const points = reliabilityPoints(ties, states, 10);
    expect(points.length).toBe(7);
    // Ranks 2 to 4 of 4: their middle is in the upper half, so all three are.
    const halves = reliabilityPoints([0.1, 0.5, 0.5, 0.5], [0, 0, 1, 1], 2);
    expect(halves.map(({ count }) => count)).toEqual([1, 3]);
    expect(points.reduce((sum, { count }) => sum + count, 0)).toBe(400);
    const order = [...permutation(400, random)];
    const shuffled = reliabilityPoints(
      order.map((i) => ties[i]),
      order.map((i) => states[i]),
      10,
    );
    expect(shuffled).toEqual(points);
  });

  test("a model that is calibrated by design has a small error, one that exaggerates a large one", () => {
    const random = randomStream(7, "calibration");
    const truth = Float64Array.from({ length: 20000 }, () => random.uniform());
    const states = Uint8Array.from(truth, (p) => (random.uniform() < p ? 1 : 0));
    const exaggerated = truth.map((p) => (p > 0.5 ? 1 : 0));
    expect(expectedCalibrationError(truth, states)).toBeLessThan(0.02);
    expect(expectedCalibrationError(exaggerated, states)).toBeCloseTo(0.25, 1);
    // E (p - y)^2 = E p (1 - p) = 1/2 - 1/3
    expect(brierScore(truth, states)).toBeCloseTo(1 / 6, 2);
  });

  test("fewer entries than bins give fewer bins, none give none", () => {
    expect(reliabilityPoints([0.25, 0.75], [0, 1], 15)).toEqual([
      { count: 1, predicted: 0.25, observed: 0 },
      { count: 1, predicted: 0.75, observed: 1 },
    ]);
    expect(reliabilityPoints([0.25], [255])).toEqual([]);
    expect(expectedCalibrationError([0.25], [255])).toBeNull();
  });
});

test("logits and impossible bins are refused", () => {
  expect(() => brierScore([0.5, -2.5], [0, 1])).toThrow(TesseraError);
  expect(() => reliabilityPoints([0.5, 1.5], [0, 1])).toThrow(
    "reliabilityPoints: 1.5 is no probability; logits must go through the sigmoid function first",
  );
  expect(() => expectedCalibrationError([0.5], [1], 0)).toThrow(UsageError);
  expect(() => reliabilityPoints([0.5], [1], 2.5)).toThrow("a whole number from 1, not 2.5");
});
