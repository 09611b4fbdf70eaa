// The picture of the demo: what it says of each finding is what the label maps say.
import { expect, test } from "vitest";
import { findingVerdicts } from "../../src/cli/demos/finding-sheet.ts";
import { background } from "../../src/labels/label-map.ts";

test("a finding is found above a Dice of one half, else missed; one that is not there is false from 1 % of the image on", () => {
  const map = (...areas: readonly (readonly [number, number])[]): Uint8Array => {
    const labels = new Uint8Array(400).fill(background);
    let at = 0;
    for (const [label, count] of areas) labels.fill(label, at, (at += count));
    return labels;
  };
  const given = map([0, 20], [1, 20]);
  // Of class 0 6 of 20 pixels (Dice 12/26), of class 1 all; of classes 2 and 3 four and three pixels, 1 % being four.
  const predicted = map([0, 6], [background, 14], [1, 20], [2, 4], [3, 3]);
  expect(findingVerdicts(given, predicted, 4)).toEqual(["missed", "found", "false", "none"]);
  // Dice 2 * 7 / 28 is one half.
  const half = map([0, 7], [background, 13], [1, 20], [0, 1]);
  expect(findingVerdicts(given, half, 4)).toEqual(["missed", "found", "none", "none"]);
  const above = map([0, 7], [background, 13], [1, 20]);
  expect(findingVerdicts(given, above, 4)).toEqual(["found", "found", "none", "none"]);
});
