// The ROC curve against scikit-learn's documented example and AUC; operating points against a search over thresholds.
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.ts";
import { auc } from "../../src/metrics/auc.ts";
import {
  rocCorners,
  rocCurve,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
} from "../../src/metrics/roc.ts";
import type { RocCurve } from "../../src/metrics/roc.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const scores = [0.1, 0.4, 0.35, 0.8];
const labels = [0, 0, 1, 1];

function areaUnder({ truePositiveRates: y, falsePositiveRates: x }: RocCurve): number {
  let area = 0;
  for (let i = 1; i < x.length; i++) area += ((x[i] - x[i - 1]) * (y[i] + y[i - 1])) / 2;
  return area;
}

function randomCase(random: ReturnType<typeof randomStream>): { scores: number[]; labels: number[] } {
  const length = 2 + random.below(60);
  const scores = Array.from({ length }, () => random.below(3 + random.below(20)));
  return { scores, labels: scores.map((_, i) => (i < 2 ? i : random.below(2))) };
}

describe("rocCurve", () => {
  test("gives the example of scikit-learn's roc_curve", () => {
    const curve = rocCurve(scores, labels);
    expect(curve && [...curve.thresholds]).toEqual([Infinity, 0.8, 0.4, 0.35, 0.1]);
    expect(curve && [...curve.falsePositiveRates]).toEqual([0, 0, 0.5, 0.5, 1]);
    expect(curve && [...curve.truePositiveRates]).toEqual([0, 0.5, 0.5, 1, 1]);
  });

  test("has the AUC under it, with all points and with its corners alone", () => {
    const random = randomStream(4, "roc");
    for (let trial = 0; trial < 100; trial++) {
      const { scores, labels } = randomCase(random);
      const curve = rocCurve(scores, labels);
      if (curve === null) throw new Error("both kinds are there");
      const corners = rocCorners(curve);
      expect(areaUnder(curve)).toBeCloseTo(auc(scores, labels) ?? NaN, 12);
      expect(areaUnder(corners)).toBeCloseTo(areaUnder(curve), 12);
      expect(corners.thresholds.length).toBeLessThanOrEqual(curve.thresholds.length);
      expect([corners.truePositiveRates.at(-1), corners.falsePositiveRates.at(-1)]).toEqual([1, 1]);
    }
  });

  test("keeps three corners of a perfect order, two of a useless one, and is null without both kinds", () => {
    const perfect = rocCurve([1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1]);
    expect(perfect && [...rocCorners(perfect).thresholds]).toEqual([Infinity, 4, 1]);
    const useless = rocCurve([1, 1, 2, 2, 3, 3], [0, 1, 0, 1, 0, 1]);
    expect(useless && [...rocCorners(useless).thresholds]).toEqual([Infinity, 1]);
    expect(rocCurve([1, 2], [1, 255])).toBeNull();
  });
});

describe("operating points", () => {
  test("are those of a search over every threshold, ties together", () => {
    const random = randomStream(5, "operating points");
    for (let trial = 0; trial < 100; trial++) {
      const { scores, labels } = randomCase(random);
      const asked = random.below(11) / 10;
      const share = (label: number, called: (score: number) => boolean): number => {
        const group = scores.filter((_, i) => labels[i] === label);
        return group.filter(called).length / group.length;
      };
      const points = [Infinity, ...scores].map((threshold) => ({
        sensitivity: share(1, (score) => score >= threshold),
        specificity: share(0, (score) => score < threshold),
      }));
      const specific = points.filter((point) => point.specificity >= asked - 1e-9);
      const sensitive = points.filter((point) => point.sensitivity >= asked - 1e-9);
      const found = sensitivityAtSpecificity(scores, labels, asked);
      const reverse = specificityAtSensitivity(scores, labels, asked);
      expect(found?.sensitivity).toBe(Math.max(...specific.map((point) => point.sensitivity)));
      expect(reverse?.specificity).toBeCloseTo(Math.max(...sensitive.map((point) => point.specificity)), 14);
      for (const point of [found, reverse]) {
        expect(share(1, (score) => score >= (point?.threshold ?? NaN))).toBe(point?.sensitivity);
      }
    }
  });

  test("prefer the more specific of equally sensitive thresholds, and the reverse", () => {
    expect(sensitivityAtSpecificity(scores, labels, 0.5)).toEqual({
      threshold: 0.35,
      sensitivity: 1,
      specificity: 0.5,
    });
    expect(sensitivityAtSpecificity(scores, labels, 0)?.specificity).toBe(0.5);
    expect(specificityAtSensitivity(scores, labels, 0)).toEqual({
      threshold: 0.8,
      sensitivity: 0.5,
      specificity: 1,
    });
  });

  test("never split a tie: at specificity 1 nothing is called where the top scores are shared", () => {
    const point = sensitivityAtSpecificity([1, 1, 0], [1, 0, 0], 0.6);
    expect(point).toEqual({ threshold: Infinity, sensitivity: 0, specificity: 1 });
  });

  test("meet a rate that rounding moved: 1 - .7 asks for .3", () => {
    const ten = Array.from({ length: 10 }, (_, i) => i);
    const point = sensitivityAtSpecificity([...ten, 3], [...ten.map(() => 0), 1], 1 - 0.7);
    expect(point?.sensitivity).toBe(1);
  });

  test("are null without both kinds, and refuse what is no rate", () => {
    expect(sensitivityAtSpecificity([1, 2], [0, 0], 0.9)).toBeNull();
    expect(specificityAtSensitivity([], [], 0.9)).toBeNull();
    expect(() => sensitivityAtSpecificity(scores, labels, 90)).toThrow(UsageError);
    expect(() => specificityAtSensitivity(scores, labels, NaN)).toThrow("a rate is from 0 to 1, not NaN");
  });
});
