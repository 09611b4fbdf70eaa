// Grouping scores into levels, and reading one class's column.
import { expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import { classColumn } from "../../src/metrics/score-levels.ts";
import { scoreLevels } from "../../src/metrics/score-levels.ts";

test("levels ascend, join ties of both kinds and of both zeros, and pass over entries that are not labelled", () => {
  const scores = [2, 0, -0, 2, Infinity, NaN, 2, -Infinity, 7];
  const labels = [1, 0, 1, 0, 1, 255, 1, 0, 150];
  const levels = scoreLevels(scores, labels, "test");
  expect(Array.from(levels.scores, (score) => score + 0)).toEqual([-Infinity, 0, 2, Infinity]);
  expect([...levels.positives]).toEqual([0, 1, 2, 1]);
  expect([...levels.negatives]).toEqual([1, 1, 1, 0]);
  expect([levels.positiveCount, levels.negativeCount]).toEqual([4, 3]);
});

test("a column is read out of rows, and what is no column is refused", () => {
  expect([...classColumn([1, 2, 3, 4, 5, 6], 1, 3)]).toEqual([2, 5]);
  expect(() => classColumn([1, 2, 3], 0, 2)).toThrow(ShapeError);
  expect(() => classColumn([1, 2], 2, 2)).toThrow("classColumn: there is no column 2 among 2 classes");
});
