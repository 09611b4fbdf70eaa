import { expect, test } from "vitest";
import { median } from "../../src/runtime/median.ts";

test("the median is the middle one, or between the two middle ones, whatever the order", () => {
  const values = [10, 9, 100];
  expect([median(values), median([4, 1, 3, 2]), median([7]), median([])]).toEqual([10, 2.5, 7, NaN]);
  expect(values).toEqual([10, 9, 100]);
});
