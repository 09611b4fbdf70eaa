// The table that a training ends with.

import { expect, test } from "vitest";
import { testTable } from "../../src/cli/test-table.ts";

const interval = { low: 0.5, high: 0.75 };
const found = {
  auc: { Red: 0.75, Blue: null },
  meanAuc: 0.75,
  intervals: {
    ...{ level: 0.95, resamples: 10, patients: 3 },
    mean: { interval, note: null },
    byClass: { Red: { interval, note: null }, Blue: { interval: null, note: "undefined" } },
  },
};
const classes = ["Red", "Blue"];
// Of Blue there are positives alone.
const images = { count: 3, states: Uint8Array.of(1, 1, 0, 1, 1, 255) };
const source = (images: number, dice: number) => ({
  ...{ images, meanAuc: 0.25, auc: { Red: 0.25, Blue: 0.25 } },
  overlap: { meanDice: dice, meanIou: 0, dice: { Red: dice, Blue: dice }, iou: { Red: 0, Blue: 0 } },
});

test("of a segmenter the table says what each of its numbers is of, and over what", () => {
  const { overlap } = source(3, 0.5);
  const sources = { one: source(1, 0.125), two: source(2, 0.625) };
  const overlaps = {
    given: Uint32Array.of(4, 4, 0, 4, 4, 0),
    predicted: Uint32Array.of(4, 0, 1, 0, 4, 0),
    both: Uint32Array.of(4, 0, 0, 0, 4, 0),
  };
  const lines = testTable({ ...found, overlap, sources }, { classes, test: images, overlaps }).split("\n");
  expect(lines[0]).toBe(
    "Over 3 test images: Dice and IoU of all labelled pixels together, and AUC of whether an image shows the class.",
  );
  expect(lines[1].trim().split(/ {2,}/u)).toEqual([
    ...["class", "Dice", "IoU", "AUC", "AUC's 95 % interval", "Dice in one", "Dice in two"],
  ]);
  expect(lines.find((line) => line.startsWith("Red"))).toMatch(/0\.1250 +0\.6250/);
  expect(lines).toContain("  Blue: AUC is undefined, since no test image is labelled as negative");
  expect(lines.at(-1)).toMatch(/^No pixel is predicted as Blue yet, .*train longer\.$/);
});

test("of a classifier sources have their AUC, and a class that is found is said to lack nothing", () => {
  const { overlap: _, ...own } = source(1, 0);
  const table = testTable({ ...found, sources: { A: own, B: own } }, { classes, test: images });
  expect(table).toMatch(/^Over 3 test images:\nclass +AUC +95 % interval +AUC in A +AUC in B/);
  expect(table).not.toContain("No pixel");
  expect(table).not.toContain("Red: AUC");
});
