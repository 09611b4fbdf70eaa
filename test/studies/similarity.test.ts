// Gain against similarity: r over classes, not over the runs of a class.
import { expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.ts";
import { pearson } from "../../src/statistics/correlation.ts";
import type { SimilarityPoint } from "../../src/studies/scores.ts";
import { similarityOf } from "../../src/studies/similarity.ts";

const means: [name: string, similarity: number, gain: number][] = [
  ["3", 0.4, 0.012],
  ["5", 0.3, 0.008],
  ["0", 0.1, 0.001],
  ["6", 0.2, 0.006],
];
/** Three seeds whose mean is the given one. */
const points: SimilarityPoint[] = means.flatMap(([name, similarity, gain], c) =>
  [-1, 0, 1].map((side, seed) => ({
    ...{ class: name, seed },
    similarity: similarity + side * 0.05,
    gain: gain - side * 0.002 * (c + 1),
  })),
);

test("r and p are SciPy's of the means of four classes, however many seeds each has", () => {
  const { correlation, classes, points: count, notes } = similarityOf(points);
  expect(correlation.count).toBe(4);
  expect(correlation.r).toBeCloseTo(0.9879755146408642, 12);
  expect(correlation.p).toBeCloseTo(0.012024485359135806, 11);
  expect(correlation.reason === null && correlation.interval?.low).toBeCloseTo(0.5327660220144607, 10);
  expect(classes[1].seeds).toEqual([0, 1, 2]);
  expect(classes[1].similarity.standardDeviation).toBeCloseTo(0.05, 14);
  expect(count).toBe(12);
  expect(notes).toEqual([
    "r and p are over the means of 4 classes, not over the 12 points: seeds of one class are not independent of each other.",
  ]);
  const all = pearson(
    points.map(({ similarity }) => similarity),
    points.map(({ gain }) => gain),
  );
  expect(correlation.r).not.toBeCloseTo(all.r ?? NaN, 2);
});

test("the order of points changes no number", () => {
  const back = similarityOf(points.toReversed());
  expect(back.correlation.r).toBeCloseTo(similarityOf(points).correlation.r ?? NaN, 14);
  expect(back.classes.toReversed()).toEqual(similarityOf(points).classes);
});

test("one seed a class needs no word about seeds; different seeds do", () => {
  expect(similarityOf(points.filter(({ seed }) => seed === 1)).notes).toEqual([]);
  const { notes } = similarityOf(points.slice(1));
  expect(notes[1]).toBe(
    "Classes have different seeds (3 1, 2; 5 0, 1, 2; 0 0, 1, 2; 6 0, 1, 2): their means are not over the same runs.",
  );
});

test("too few classes, or gains that are all the same, have no test and a reason", () => {
  expect(similarityOf(points.slice(0, 3)).correlation).toMatchObject({ count: 1, p: null });
  expect(similarityOf(points.slice(0, 6)).correlation.reason).toBe("two points are always on a line");
  const flat = points.map((point) => ({ ...point, gain: 0.01 }));
  expect(similarityOf(flat).correlation).toMatchObject({
    ...{ r: null, p: null },
    reason: "one of the quantities does not vary",
  });
});

test("no point, a point twice and what is no number are errors", () => {
  expect(() => similarityOf([])).toThrow(UsageError);
  expect(() => similarityOf([points[0], points[0]])).toThrow('class "3", seed 0: given twice');
  expect(() => similarityOf([{ ...points[0], gain: NaN }])).toThrow("gain NaN have to be finite");
});
