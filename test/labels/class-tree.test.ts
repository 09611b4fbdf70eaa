// Classes that stand below others: the arithmetic of the tree, and logits in its order.

import { describe, expect, test } from "vitest";
import {
  ancestorsOf,
  childrenFirst,
  depthsOf,
  grownKnowledge,
  keptParents,
  parentsProblem,
  raiseAboveChildren,
} from "../../src/labels/class-tree.ts";

/** 0 is above 1 and 2, and 2 above 3; 4 stands alone; 6 is above 5, which stands in front of it. */
const parents = [-1, 0, 0, 2, -1, 6, -1];

describe("a tree of classes", () => {
  test("knows what is above each class, and how deep it lies", () => {
    expect(ancestorsOf(parents, 3)).toEqual([2, 0]);
    expect(depthsOf(parents)).toEqual([0, 1, 1, 2, 0, 1, 0]);
    expect(childrenFirst(parents)).toEqual([3, 1, 2, 5, 0, 4, 6]);
  });

  test("says what is wrong with it", () => {
    expect(parentsProblem(parents, 7)).toBeUndefined();
    expect(parentsProblem(parents, 6)).toBe("has 7 numbers for 6 classes");
    expect(parentsProblem([-1, 2], 2)).toBe("names the class 2, and there are 2; -1 stands for none");
    expect(parentsProblem([-1, 0.5], 2)).toMatch(/names the class 0.5/);
    expect(parentsProblem([1, 2, 1], 3)).toBe("puts class 1 above itself");
  });

  test("grows what is known of some classes, up and down, and not to the side", () => {
    const known = (...list: number[]): number[] => {
      const grown = grownKnowledge(
        parents.map((_, k) => list.includes(k)),
        parents,
      );
      return [...parents.keys()].filter((k) => grown[k]);
    };
    expect(known(2)).toEqual([0, 2, 3]);
    expect(known(1)).toEqual([0, 1]);
    expect(known(0, 5)).toEqual([0, 1, 2, 3, 5, 6]);
    expect(known(4)).toEqual([4]);
  });

  test("of some of its classes keeps a parent only with all of its children", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    expect(keptParents(parents, names, ["d", "c", "f", "g"])).toEqual([1, -1, 3, -1]);
    expect(keptParents(parents, names, ["a", "b", "d"])).toBeUndefined();
    expect(keptParents(parents, names, names)).toEqual(parents);
  });
});

describe("logits in the order of a tree", () => {
  test("are those of the likeliest class below, where that is likelier, through all levels", () => {
    const logits = Float32Array.of(-1, 0, -2, 3, 9, 1, 2, 4, 1, 2, -3, 0, 5, -5);
    raiseAboveChildren(logits, parents);
    expect([...logits]).toEqual([3, 0, 3, 3, 9, 1, 2, 4, 1, 2, -3, 0, 5, 5]);
  });

  test("pass a NaN on to those above", () => {
    const logits = Float32Array.of(-1, 0, -2, NaN, 9, 1, 2);
    raiseAboveChildren(logits, parents);
    expect([...logits]).toEqual([NaN, 0, NaN, NaN, 9, 1, 2]);
  });
});
