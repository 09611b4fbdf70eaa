// Accuracy: of images with a given positive class alone.

import { expect, test } from "vitest";
import { accuracy } from "../../src/metrics/accuracy.ts";

test("is the share of labelled images whose largest logit is that of a class they have", () => {
  const logits = [3, 1, 2, /* */ 0, 5, 4, /* */ -1, -2, -3, /* */ 9, 8, 7];
  // Right; wrong; nothing positive is given; right by one of two classes.
  const states = [1, 0, 0, /* */ 0, 0, 1, /* */ 0, 255, 120, /* */ 1, 1, 255];
  expect(accuracy(logits, states, 3)).toBe(2 / 3);
});

test("of equal logits the first counts, and without a labelled image there is none", () => {
  expect(accuracy([1, 1], [1, 0], 2)).toBe(1);
  expect(accuracy([1, 1], [0, 1], 2)).toBe(0);
  expect(accuracy([1, 1], [255, 0], 2)).toBeNull();
});

test("lengths that do not agree are refused", () => {
  expect(() => accuracy([1, 2, 3], [1, 0], 2)).toThrow("accuracy: 3 logits and 2 label states must be");
});
