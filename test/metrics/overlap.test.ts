// Dice and IoU: hand-made maps, numbers of scikit-learn, and what is undefined.

import { describe, expect, test } from "vitest";
import { countOverlaps, noOverlaps, patientOverlap, pooledOverlap } from "../../src/metrics/overlap.ts";

const classes = ["liver", "spleen", "kidney"];
const [B, I] = [254, 255];

describe("counts of label maps", () => {
  test("leave out ignored pixels and classes that the image's source does not outline", () => {
    const given = Uint8Array.of(0, 0, 1, B, I, I, /* second image */ 0, B, B, B, I, 0);
    const predicted = Uint8Array.of(0, 1, 1, 1, 1, 0, /* second image */ 0, 0, 1, 2, 2, B);
    // Nobody outlined the spleen on the second image, nor a kidney on the first.
    const states = Uint8Array.of(1, 1, 255, 1, 255, 0);
    expect(countOverlaps(given, predicted, states, 3)).toEqual({
      given: Uint32Array.of(2, 1, 0, 2, 0, 0),
      predicted: Uint32Array.of(1, 3, 0, 2, 0, 1),
      both: Uint32Array.of(1, 1, 0, 1, 0, 0),
    });
  });

  test("refuse maps of other lengths, and numbers that are no class", () => {
    const states = Uint8Array.of(1, 0, 0);
    expect(() => countOverlaps(new Uint8Array(4), new Uint8Array(3), states, 3)).toThrow(
      "countOverlaps: 4 and 3 pixels with 3 label states of 3 classes; both maps have as many pixels",
    );
    expect(() => countOverlaps(Uint8Array.of(0, 3), Uint8Array.of(0, 0), states, 3)).toThrow(
      "countOverlaps: the label maps have the number 3, and there are 3 classes",
    );
  });
});

/**
 * Two images of 24 pixels, from numpy's `default_rng(17)`: `integers(0, 4)` as the truth, of which 30 % were drawn again for the
 * prediction; 3 stands for the background. By scikit-learn 1.9.1, `f1_score` and `jaccard_score` with average=None.
 */
const truth = Uint8Array.of(
  ...[2, 3, 0, 0, 1, 2, 3, 1, 0, 0, 1, 1, 3, 1, 2, 2, 0, 2, 0, 0, 2, 1, 1, 2],
  ...[0, 0, 2, 3, 2, 3, 1, 0, 2, 2, 2, 2, 1, 0, 2, 0, 1, 0, 2, 1, 1, 2, 0, 1],
).map((value) => (value === 3 ? B : value));
const prediction = Uint8Array.of(
  ...[2, 3, 0, 2, 1, 2, 3, 1, 0, 0, 1, 1, 3, 2, 2, 2, 0, 2, 2, 0, 0, 1, 1, 2],
  ...[0, 0, 2, 3, 2, 3, 1, 0, 2, 1, 0, 1, 2, 3, 2, 0, 1, 0, 2, 1, 2, 2, 0, 1],
).map((value) => (value === 3 ? B : value));
const known = new Uint8Array(6).fill(1);
const expected = {
  dice: [0.8148148148148148, 0.8, 0.7272727272727273],
  iou: [0.6875, 0.6666666666666666, 0.5714285714285714],
  diceOfEach: [
    [0.7692307692307693, 0.9230769230769231, 0.75],
    [0.8571428571428571, 0.6666666666666666, 0.7058823529411765],
  ],
};
const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

describe("over all pixels together", () => {
  test("Dice and IoU are those of scikit-learn, and their means are over the classes", () => {
    const found = pooledOverlap(countOverlaps(truth, prediction, known, 3), classes);
    for (const [k, name] of classes.entries()) {
      expect(found.dice[name]).toBeCloseTo(expected.dice[k], 14);
      expect(found.iou[name]).toBeCloseTo(expected.iou[k], 14);
    }
    expect(found.meanDice).toBeCloseTo(mean(expected.dice), 14);
    expect(found.meanIou).toBeCloseTo(mean(expected.iou), 14);
  });

  test("a class that no image shows has neither, and is in no mean, whatever is predicted of it", () => {
    const counts = noOverlaps(1, 3);
    counts.given.set([4, 0, 0]);
    counts.predicted.set([4, 9, 0]);
    counts.both.set([3, 0, 0]);
    expect(pooledOverlap(counts, classes)).toEqual({
      dice: { liver: 0.75, spleen: null, kidney: null },
      iou: { liver: 0.6, spleen: null, kidney: null },
      meanDice: 0.75,
      meanIou: 0.6,
    });
    expect(pooledOverlap(noOverlaps(2, 3), classes)).toMatchObject({ meanDice: null, meanIou: null });
  });

  test("a class that is shown and nowhere found has a Dice of 0, which counts", () => {
    const counts = noOverlaps(1, 2);
    counts.given.set([4, 4]);
    counts.predicted.set([4, 0]);
    counts.both.set([4, 0]);
    expect(pooledOverlap(counts, ["liver", "spleen"]).meanDice).toBe(0.5);
  });
});

describe("by patient", () => {
  test("an image without a patient is a patient of its own: Dice is the mean of scikit-learn's of each image", () => {
    const found = patientOverlap(countOverlaps(truth, prediction, known, 3), known, classes);
    for (const [k, name] of classes.entries()) {
      expect(found.byClass[name].dice).toBeCloseTo(mean(expected.diceOfEach.map((each) => each[k])), 14);
      expect(found.byClass[name].patients).toBe(2);
    }
    expect(found.meanDice).toBeCloseTo(mean(expected.diceOfEach.flat()), 14);
  });

  test("slices of one patient are one volume: Dice is that of their pixels together", () => {
    const found = patientOverlap(countOverlaps(truth, prediction, known, 3), known, classes, ["a", "a"]);
    for (const [k, name] of classes.entries()) {
      expect(found.byClass[name].dice).toBeCloseTo(expected.dice[k], 14);
    }
  });

  test("patients who do not have the class are in no mean; their predicted pixels are false area, told apart", () => {
    // One class; patients a (two slices, the class in one of them), b and c (without it), d (nobody outlined it).
    const counts = noOverlaps(5, 1);
    counts.given.set([10, 0, 0, 0, 0]);
    counts.predicted.set([8, 2, 6, 0, 50]);
    counts.both.set([5, 0, 0, 0, 0]);
    const states = Uint8Array.of(1, 0, 0, 0, 255);
    expect(patientOverlap(counts, states, ["liver"], ["a", "a", "b", "c", "d"])).toEqual({
      meanDice: 0.5, // 2 x 5 / (10 + 10)
      byClass: {
        liver: { dice: 0.5, patients: 1, vanished: 0, falseArea: { patients: 2, withAny: 1, meanPixels: 3 } },
      },
    });
  });

  test("patients who have the class and no pixel of it are in no mean and no false area, but counted", () => {
    // Patient a: positive without a pixel, beside a negative slice; b: positive with pixels; c: negative.
    const counts = noOverlaps(4, 1);
    counts.given.set([0, 0, 4, 0]);
    counts.predicted.set([7, 2, 4, 1]);
    counts.both.set([0, 0, 2, 0]);
    const { liver } = patientOverlap(
      counts,
      Uint8Array.of(1, 0, 1, 0),
      ["liver"],
      ["a", "a", "b", "c"],
    ).byClass;
    expect(liver).toEqual({
      ...{ dice: 0.5, patients: 1, vanished: 1 },
      falseArea: { patients: 1, withAny: 1, meanPixels: 1 },
    });
  });

  test("without any patient who has the class there is no Dice, and without one who has not no false area", () => {
    const counts = noOverlaps(1, 2);
    counts.given.set([3, 0]);
    expect(patientOverlap(counts, Uint8Array.of(1, 0), ["liver", "spleen"])).toEqual({
      meanDice: 0,
      byClass: {
        liver: {
          dice: 0,
          patients: 1,
          vanished: 0,
          falseArea: { patients: 0, withAny: 0, meanPixels: null },
        },
        spleen: {
          dice: null,
          patients: 0,
          vanished: 0,
          falseArea: { patients: 1, withAny: 0, meanPixels: 0 },
        },
      },
    });
  });
});
