import { expect, test } from "vitest";
import { counted } from "../../src/errors/counted.ts";

test("one is one, and all other counts are many", () => {
  expect([0, 1, 2, 1234].map((count) => counted(count, "patient"))).toEqual([
    ...["0 patients", "1 patient", "2 patients", "1,234 patients"],
  ]);
  expect([1, 3].map((count) => counted(count, "class", "classes"))).toEqual(["1 class", "3 classes"]);
});
