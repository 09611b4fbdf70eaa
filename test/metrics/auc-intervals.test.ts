// Intervals of AUC: against plain resampling of rows, Hanley and McNeil's published standard error, and known truths.
import { describe, expect, test } from "vitest";
import { ShapeError, TesseraError } from "../../src/errors/errors.ts";
import { auc } from "../../src/metrics/auc.ts";
import { aucDifferenceIntervals, aucIntervals, foldedAucIntervals } from "../../src/metrics/auc-intervals.ts";
import { bootstrapValues, percentileEstimate } from "../../src/statistics/bootstrap.ts";
import type { Interval } from "../../src/statistics/interval.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import type { Random } from "../../src/data/random-stream.ts";

interface Images {
  readonly scores: number[];
  readonly labels: number[];
  readonly patients: string[];
}

/**
 * One class; a patient is positive or negative with all its images, whose scores share half of their variance. The true
 * AUC is Phi(1) = .8413.
 */
function simulate(random: Random, patientCount: number, imagesEach: number): Images {
  const images: Images = { scores: [], labels: [], patients: [] };
  for (let patient = 0; patient < patientCount; patient++) {
    const label = patient % 2;
    const shared = random.normal();
    for (let image = 0; image < imagesEach; image++) {
      images.scores.push(2 * label + shared + random.normal());
      images.labels.push(label);
      images.patients.push(`patient ${patient}`);
    }
  }
  return images;
}

const truth = 0.8413447460685429;

test("equal those of a plain bootstrap that copies the rows of the patients it draws", () => {
  const random = randomStream(13, "plain");
  const length = 90;
  const scores = Array.from({ length }, () => random.below(12));
  const labels = scores.map(() => [0, 1, 0, 1, 255, 150][random.below(6)]);
  const patients = scores.map((_, i) => `p${i % 20}`);
  const options = { resamples: 300, seed: 5 };
  const fast = aucIntervals(scores, labels, ["class"], { ...options, patients, stratified: false });
  const [values] = bootstrapValues(
    [Array.from({ length: 20 }, (_, patient) => patient)],
    (weights) => {
      const rows = scores.flatMap((_, row) => Array<number>(weights[row % 20]).fill(row));
      return [
        auc(
          rows.map((row) => scores[row]),
          rows.map((row) => labels[row]),
        ),
      ];
    },
    options,
  );
  expect(fast.byClass.class).toEqual(percentileEstimate(auc(scores, labels), values, 20, 0.95));
  expect(fast.mean).toEqual(fast.byClass.class);
  expect(fast).toMatchObject({ patients: 20, resamples: 300, level: 0.95, seed: 5, excluded: [] });
});

test("give the standard error that Hanley and McNeil published for 109 CT images: AUC .893, .032", () => {
  // Ratings 1 to 5 of 58 normal and 51 abnormal images ("The meaning and use of the area under a ROC curve", 1982).
  const counts = [
    [33, 6, 6, 11, 2],
    [3, 2, 2, 11, 33],
  ];
  const scores = counts.flatMap((row) => row.flatMap((count, i) => Array<number>(count).fill(i + 1)));
  const labels = counts.flatMap((row, label) => row.flatMap((count) => Array<number>(count).fill(label)));
  const { value, standardError } = aucIntervals(scores, labels, ["abnormal"]).byClass.abnormal;
  expect(value).toBeCloseTo(0.893, 3);
  expect(Math.abs((standardError ?? NaN) - 0.032)).toBeLessThan(0.003);
});

describe("coverage of a known AUC", () => {
  test("holds over patients, and fails badly where images of one patient are taken for independent", () => {
    const random = randomStream(14, "coverage");
    const trials = 200;
    let [byPatient, byImage] = [0, 0];
    const covers = (interval: Interval | null): boolean =>
      interval !== null && interval.low <= truth && truth <= interval.high;
    for (let trial = 0; trial < trials; trial++) {
      const { scores, labels, patients } = simulate(random, 60, 6);
      const options = { resamples: 200, level: 0.9, seed: trial };
      const right = aucIntervals(scores, labels, ["class"], { ...options, patients });
      const wrong = aucIntervals(scores, labels, ["class"], options);
      if (covers(right.byClass.class.interval)) byPatient++;
      if (covers(wrong.byClass.class.interval)) byImage++;
    }
    // Three standard errors of a share of 200 are .064; a percentile interval of an AUC falls a little short.
    expect(byPatient / trials).toBeGreaterThan(0.82);
    expect(byPatient / trials).toBeLessThan(0.965);
    expect(byImage / trials).toBeLessThan(0.7);
  });
});

describe("stratified resampling", () => {
  const random = randomStream(15, "rare");
  const scores = Array.from({ length: 60 }, () => random.normal());
  const labels = scores.map((_, i) => (i < 2 ? 1 : 0)); // two positives

  test("keeps both kinds of a rare class in every resample; without it, resamples are lost, counted and reported", () => {
    const stratified = aucIntervals(scores, labels, ["rare"], { resamples: 1000, fewest: 2 });
    const plain = aucIntervals(scores, labels, ["rare"], { resamples: 1000, fewest: 2, stratified: false });
    expect(stratified.byClass.rare.undefinedResamples).toBe(0);
    // (58/60)^60 = .131 of the resamples have neither of the two; three standard errors are .032
    expect(Math.abs(plain.byClass.rare.undefinedResamples / 1000 - (58 / 60) ** 60)).toBeLessThan(0.032);
    expect(plain.mean.undefinedResamples).toBe(plain.byClass.rare.undefinedResamples);
    expect(plain.byClass.rare.interval).not.toBeNull();
  });

  test("serves several classes at once, rarest label first", () => {
    const classes = ["two positives", "one negative", "even", "absent"];
    const states = scores.flatMap((_, i) => [i < 2 ? 1 : 0, i === 5 ? 0 : 1, i % 2, i < 9 ? 255 : 0]);
    const spread = scores.flatMap((score) => [score, score, score, score]);
    const { byClass, mean, excluded } = aucIntervals(spread, states, classes, { resamples: 500 });
    for (const name of classes.slice(0, 3)) expect(byClass[name].undefinedResamples).toBe(0);
    expect(byClass.absent).toMatchObject({ value: null, interval: null, undefinedResamples: 500 });
    expect(byClass.absent.note).toMatch(/not of both kinds/u);
    expect(excluded).toEqual(["absent"]);
    expect(mean.undefinedResamples).toBe(0);
    const defined = classes.slice(0, 3).map((name) => byClass[name].value ?? NaN);
    expect(mean.value).toBeCloseTo((defined[0] + defined[1] + defined[2]) / 3, 14);
  });

  test("a class that a resample loses makes the mean of that resample undefined, not a mean of the others", () => {
    const states = scores.flatMap((_, i) => [i < 2 ? 1 : 0, i % 2]);
    const spread = scores.flatMap((score) => [score, score]);
    const { byClass, mean } = aucIntervals(spread, states, ["rare", "even"], { stratified: false });
    expect(byClass.even.undefinedResamples).toBe(0);
    expect(byClass.rare.undefinedResamples).toBeGreaterThan(0);
    expect(mean.undefinedResamples).toBe(byClass.rare.undefinedResamples);
  });
});

describe("differences on the same images", () => {
  const random = randomStream(16, "pairs");
  const { scores, labels, patients } = simulate(random, 200, 2);
  const nearly = scores.map((score) => score + 0.2 * random.normal());
  const worse = scores.map((score) => score + 2 * random.normal());
  const options = { patients, resamples: 1000 };

  test("are 0 without spread for equal models, and say so", () => {
    const same = scores.map((score) => score ** 3); // monotone: the same order
    const { mean } = aucDifferenceIntervals(scores, same, labels, ["class"], options);
    expect(mean).toMatchObject({ value: 0, interval: { low: 0, high: 0 }, standardError: 0 });
    expect(mean.note).toBe("every resample has the same value");
  });

  test("are the difference of two AUCs, change sign when models are exchanged, and find a worse model", () => {
    const forth = aucDifferenceIntervals(scores, worse, labels, ["class"], options).byClass.class;
    const back = aucDifferenceIntervals(worse, scores, labels, ["class"], options).byClass.class;
    expect(forth.value).toBeCloseTo((auc(scores, labels) ?? NaN) - (auc(worse, labels) ?? NaN), 14);
    expect(forth.interval?.low).toBeGreaterThan(0);
    expect(back.value).toBe(-(forth.value ?? NaN));
    expect(back.interval?.high).toBeCloseTo(-(forth.interval?.low ?? NaN), 12);
  });

  test("vary far less than two models judged apart, because what is hard for both cancels", () => {
    const paired = aucDifferenceIntervals(scores, nearly, labels, ["class"], options).mean.standardError;
    const first = aucIntervals(scores, labels, ["class"], options).mean.standardError ?? NaN;
    const second = aucIntervals(nearly, labels, ["class"], options).mean.standardError ?? NaN;
    expect(paired).toBeLessThan(Math.hypot(first, second) / 4);
  });
});

test("a patient without a name is one of its own; all images of one patient give no interval", () => {
  const scores = [0.1, 0.4, 0.35, 0.8];
  const labels = [0, 0, 1, 1];
  const patients = ["a", undefined, undefined, "a"];
  expect(aucIntervals(scores, labels, ["class"], { patients }).patients).toBe(3);
  const one = aucIntervals(scores, labels, ["class"], { patients: [1, 1, 1, 1] });
  expect(one.mean).toMatchObject({ value: 0.75, interval: null });
  expect(one.mean.note).toBe("no interval: all images are of one patient");
});

test("a class whose labelled images are all of one patient has no interval, nor has the mean it is in", () => {
  const random = randomStream(18, "one patient");
  const scores = Array.from({ length: 80 }, () => random.normal());
  // Of 40 images, 8 of one patient, and of these alone the first class is known.
  const patients = Array.from({ length: 40 }, (_, i) => (i < 8 ? "her" : i));
  const labels = patients.flatMap((_, i) => [i < 8 ? i % 2 : 255, i % 3 === 0 ? 1 : 0]);
  const { byClass, mean } = aucIntervals(scores, labels, ["hers", "everyone's"], { patients });
  expect(byClass.hers.value).toBe(
    auc(
      scores.filter((_, i) => i < 16 && i % 2 === 0),
      [0, 1, 0, 1, 0, 1, 0, 1],
    ),
  );
  expect(byClass.hers).toMatchObject({ interval: null, standardError: null });
  expect(byClass.hers.note).toBe("not given: all its labelled images of one patient");
  expect(byClass["everyone's"].interval).not.toBeNull();
  expect(byClass["everyone's"].note).toBeNull();
  expect(mean.value).not.toBeNull();
  expect(mean).toMatchObject({ interval: null, standardError: null });
  expect(mean.note).toBe('not given: "hers" has all its labelled images of one patient');
});

test("where one patient has all images of a kind, the interval says of whom it tells nothing", () => {
  const random = randomStream(19, "one positive");
  const scores = Array.from({ length: 30 }, () => random.normal());
  const labels = scores.map((_, i) => (i === 4 ? 1 : 0));
  const { rare } = aucIntervals(scores, labels, ["rare"], { fewest: 1 }).byClass;
  expect(rare.interval).not.toBeNull();
  expect(rare.note).toMatch(/^all positive images are of one patient/u);
  const turned = aucIntervals(
    scores,
    labels.map((label) => 1 - label),
    ["rare"],
    { fewest: 1 },
  );
  expect(turned.byClass.rare.note).toMatch(/^all negative images are of one patient/u);
});

describe("few positives or negatives", () => {
  const random = randomStream(20, "few");
  const scores = Array.from({ length: 40 }, () => random.normal());
  const labelled = (positives: number, negatives: number): number[] =>
    scores.map((_, i) => (i < positives ? 1 : i < positives + negatives ? 0 : 255));
  const of = (labels: readonly number[], patients?: readonly string[]): ReturnType<typeof aucIntervals> =>
    aucIntervals(scores, labels, ["finding"], { resamples: 200, ...(patients && { patients }) });

  test("give no interval below ten of either, and say how many there are", () => {
    const noteOf = (positives: number, negatives: number): string | null =>
      of(labelled(positives, negatives)).byClass.finding.note;
    expect(noteOf(2, 30)).toBe("not given: 2 positives, fewer than 10");
    expect(noteOf(30, 1)).toBe("not given: 1 negative, fewer than 10");
    expect(noteOf(1, 1)).toBe("not given: 1 positive and 1 negative, fewer than 10");
    expect(noteOf(9, 10)).toBe("not given: 9 positives, fewer than 10");
    expect(of(labelled(9, 10)).byClass.finding).toMatchObject({ interval: null, standardError: null });
    expect(of(labelled(10, 10)).byClass.finding).toMatchObject({ note: null });
    expect(of(labelled(10, 10)).byClass.finding.interval).not.toBeNull();
  });

  test("are counted by patients, since these are drawn", () => {
    const patients = scores.map((_, i) => `p${i < 20 ? i % 4 : i}`);
    expect(of(labelled(20, 20), patients).byClass.finding.note).toBe(
      "not given: positive images of 4 patients, fewer than 10",
    );
    const ofFive = scores.map((_, i) => `p${i % 5}`);
    expect(of(labelled(20, 1), ofFive).byClass.finding.note).toBe(
      "not given: positive images of 5 patients and negative images of 1 patient, fewer than 10",
    );
  });

  test("leave a mean that they are in without an interval as well", () => {
    const labels = labelled(20, 20).flatMap((even, i) => [even, i < 3 ? 1 : 0]);
    const spread = scores.flatMap((score) => [score, score]);
    const { byClass, mean } = aucIntervals(spread, labels, ["even", "rare"], { resamples: 200 });
    expect(byClass.even.interval).not.toBeNull();
    expect(mean).toMatchObject({ interval: null, note: 'not given: "rare" has 3 positives, fewer than 10' });
    expect(mean.value).toBeCloseTo(((byClass.even.value ?? NaN) + (byClass.rare.value ?? NaN)) / 2, 14);
  });
});

test("an AUC of 1 in every resample is no interval from 1 to 1", () => {
  const scores = Array.from({ length: 40 }, (_, i) => i);
  const found = aucIntervals(
    scores,
    scores.map((score) => Number(score >= 20)),
    ["class"],
    { resamples: 200 },
  );
  const note = "not given: no resample has another AUC";
  expect(found.byClass.class).toMatchObject({ value: 1, interval: null, note });
  expect(found.mean).toMatchObject({ value: 1, interval: null, note });
});

test("the same seed gives the same interval, another seed another", () => {
  const { scores, labels, patients } = simulate(randomStream(17, "seed"), 40, 3);
  const of = (seed: number): unknown => aucIntervals(scores, labels, ["class"], { patients, seed });
  expect(of(1)).toEqual(of(1));
  expect(of(2)).not.toMatchObject({
    mean: aucIntervals(scores, labels, ["class"], { patients, seed: 1 }).mean,
  });
});

test("what does not fit together is refused by name", () => {
  expect(() => aucIntervals([1, 2, 3], [0, 1, 0], ["a", "b"])).toThrow(ShapeError);
  expect(() => aucDifferenceIntervals([1, 2], [1], [0, 1], ["a"])).toThrow("1 scores and 2 labels");
  expect(() => aucIntervals([1, 2], [0, 1], ["a"], { patients: ["x"] })).toThrow("1 patients for 2 images");
  expect(() => aucIntervals([1, NaN], [0, 1], ["a"])).toThrow(TesseraError);
  expect(() => aucIntervals([1, NaN], [0, 1], ["a"])).toThrow(
    'auc of class "a": the score of row 1 is not a number',
  );
});

describe("the mean over folds", () => {
  /** Scores of two folds of equal ranking, one of them shifted: in one list they are mixed up, within folds they are not. */
  const scores = [1, 2, 3, 4, 11, 12, 13, 14].flatMap((value) => Array<number>(6).fill(value));
  const labels = [0, 1, 0, 1, 0, 1, 0, 1].flatMap((value) => Array<number>(6).fill(value));
  const folds = labels.map((_, row) => (row < 24 ? 0 : 1));

  test("compares images within their fold alone", () => {
    const { byClass, mean } = foldedAucIntervals(scores, labels, folds, ["a"]);
    // Of four pairs of values in each fold, three are in order.
    expect([byClass["a"].value, mean.value]).toEqual([0.75, 0.75]);
    expect(aucIntervals(scores, labels, ["a"]).byClass["a"].value).toBeCloseTo(10 / 16, 12);
    const { low, high } = byClass["a"].interval ?? { low: NaN, high: NaN };
    expect(low).toBeGreaterThan(0.55);
    expect(high).toBeLessThan(0.92);
  });

  test("of a single fold is what it always was", () => {
    const one = folds.map(() => 0);
    expect(foldedAucIntervals(scores, labels, one, ["a"])).toEqual(aucIntervals(scores, labels, ["a"]));
  });

  test("leaves out a fold in which a class has one kind of label alone", () => {
    const without = labels.map((label, row) => (row < 24 ? label : 0));
    const { byClass } = foldedAucIntervals(scores, without, folds, ["a"], { fewest: 1 });
    expect(byClass["a"].value).toBe(0.75);
    expect(byClass["a"].interval).not.toBeNull();
  });
});
