// Which valid name a mistyped one is taken for.
import { expect, test } from "vitest";
import { nearest } from "../../src/errors/nearest.ts";

test("two letters that changed places are one mistake", () => {
  expect(nearest("fti", ["height", "width", "fit"])).toBe("fit");
  expect(nearest("fxi", ["height", "width", "fit"])).toBeUndefined();
});

test("the beginning of one name is that name, and that of two is none", () => {
  expect(nearest("mimic", ["idx", "mimic-cxr", "table"])).toBe("mimic-cxr");
  expect(nearest("chest", ["chestxray-fourteen", "chest-of-others"])).toBeUndefined();
});
