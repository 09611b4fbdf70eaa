// The course of a run's losses: kept by term, condensed to what a figure shows.

import { expect, test } from "vitest";
import { addEpoch, condensed, copied, newCourse } from "../../src/studies/loss-course.ts";

test("a course has the terms of the run without the total, or the total where it is alone", () => {
  const course = newCourse(["total", "bce", "pseudo"]);
  addEpoch(course, { total: 3, bce: 1, pseudo: 2 });
  expect(course).toEqual({ bce: [1], pseudo: [2] });
  const alone = newCourse(["total"]);
  addEpoch(alone, { total: 3 });
  expect(alone).toEqual({ total: [3] });
});

test("a copy goes on by itself", () => {
  const first = { bce: [1], pseudo: [2] };
  const second = copied(first);
  addEpoch(second, { total: 7, bce: 3, pseudo: 4 });
  expect([first, second]).toEqual([
    { bce: [1], pseudo: [2] },
    { bce: [1, 3], pseudo: [2, 4] },
  ]);
});

test("a long course is means of equal parts, and a loss without a weight is nothing", () => {
  const course = {
    ...{ bce: Array.from({ length: 200 }, (_, i) => i), pseudo: [1, 2], consistency: [3, 4], dice: [5] },
  };
  const { bce, ...others } = condensed(course, { lambdaPseudo: 0, lambdaConsistency: 0.5 });
  expect([bce.length, bce[0], bce[99]]).toEqual([100, 0.5, 198.5]);
  expect(others).toEqual({ pseudo: [0, 0], consistency: [3, 4], dice: [5] });
});
