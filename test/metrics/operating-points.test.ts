// Thresholds of validation patients: against every threshold that there is.

import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { operatingNote, operatingPoints, operatingRules } from "../../src/metrics/operating-points.ts";
import { patientScores, thresholdAt } from "../../src/metrics/patients.ts";

/** Images of some patients with ties, soft and absent labels. */
function images(seed: string, count = 120) {
  const random = randomStream(5, seed);
  const states = Uint8Array.from(
    { length: count },
    () => [0, 0, 1, 1, 255, 130][Math.floor(6 * random.uniform())],
  );
  const scores = Float64Array.from(
    states,
    (state) => Math.round(8 * (random.uniform() + 0.4 * Number(state === 1))) - 4,
  );
  const patients = Array.from({ length: count }, () =>
    random.uniform() < 0.7 ? `p${Math.floor(60 * random.uniform())}` : undefined,
  );
  return { scores, states, patients };
}

describe.each(["a", "b", "c"])("thresholds on images %s", (seed) => {
  const set = images(seed);
  const { scores, states } = patientScores(set, 1);
  const [points] = operatingPoints(set, 1, { at: 0.8 });
  const rates = (threshold: number): readonly [sensitivity: number, specificity: number] => {
    const of = (state: number) => [...scores].filter((_, i) => states[i] === state);
    const above = (each: number[]) => each.filter((score) => score > threshold).length / each.length;
    return [above(of(1)), 1 - above(of(0))];
  };
  const known = [...scores].filter((_, i) => states[i] !== 255);
  const all = [...new Set([...known, Math.min(...known) - 1])];

  test("come to what is said of them", () => {
    for (const rule of operatingRules) {
      const point = points[rule];
      const [sensitivity, specificity] = rates(point?.threshold ?? NaN);
      expect(point?.sensitivity).toBeCloseTo(sensitivity, 12);
      expect(point?.specificity).toBeCloseTo(specificity, 12);
    }
  });

  test("are the best of all: Youden's J, the highest that is sensitive enough, the lowest that is specific enough", () => {
    const index = (threshold: number): number => rates(threshold)[0] + rates(threshold)[1];
    const best = Math.max(...all.map(index));
    expect(points.youden?.threshold).toBe(Math.max(...all.filter((each) => index(each) > best - 1e-9)));
    expect(points.sensitivity?.threshold).toBe(
      Math.max(...all.filter((each) => rates(each)[0] >= 0.8 - 1e-9)),
    );
    expect(points.specificity?.threshold).toBe(thresholdAt(scores, states, 0.8)?.threshold);
    expect(points.specificity?.threshold).toBe(
      Math.min(...all.filter((each) => rates(each)[1] >= 0.8 - 1e-9)),
    );
  });
});

test("where everybody has to be called positive, the threshold is one below the least score", () => {
  const states = Uint8Array.from({ length: 40 }, (_, i) => i % 2);
  const scores = Float64Array.from({ length: 40 }, (_, i) => 7 - i);
  const [{ sensitivity, specificity }] = operatingPoints({ scores, states }, 1, { at: 1 });
  expect(sensitivity).toEqual({ threshold: -33, sensitivity: 1, specificity: 0 });
  expect(specificity?.specificity).toBe(1);
  const [nothing] = operatingPoints({ scores, states }, 1, { at: 0 });
  expect([nothing.sensitivity?.sensitivity, nothing.specificity?.specificity]).toEqual([0, 0]);
});

test("a class that too few patients have, or too few are without, has no thresholds, and says so", () => {
  const states = Uint8Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? Number(at < 18) : 255));
  const scores = Float64Array.from(states, (_, at) => at);
  const [few, none] = operatingPoints({ scores, states }, 2);
  expect([few.youden, few.sensitivity, few.specificity?.threshold]).toEqual([null, null, 56]);
  expect(operatingNote(few)).toBe(
    "no threshold by youden, sensitivity: validation has 9 patients with it and 21 without, and 10 of a kind are needed",
  );
  expect([none.youden, none.sensitivity, none.specificity]).toEqual([null, null, null]);
  expect(operatingNote(none)).toContain("0 patients with it and 0 without");
  const [only] = operatingPoints({ scores, states: new Uint8Array(60).fill(1) }, 1);
  expect(only).toEqual({ positives: 60, negatives: 0, youden: null, sensitivity: null, specificity: null });
  expect(operatingNote(only, "test")).toContain(
    "test has 60 patients with it and 0 without, and 10 of a kind are needed, and somebody of the other",
  );
  expect(() => operatingPoints({ scores, states }, 2, { at: 95 })).toThrow(UsageError);
});
