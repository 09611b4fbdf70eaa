// Classes of two sides, and views that flip.
import { expect, test } from "vitest";
import { readTrainingManifest } from "../../src/assemble/training-manifest.ts";
import { mirroredPairs, mirrorWarnings } from "../../src/assemble/mirrored-classes.ts";

test("names that differ by left and right alone are pairs", () => {
  const classes = ["Left kidney", "kidney_r", "kidney-L", "right kidney", "Liver", "Left lung", "Right lobe"];
  expect(mirroredPairs(classes)).toEqual([
    ["Left kidney", "right kidney"],
    ["kidney_r", "kidney-L"],
  ]);
  expect(mirroredPairs(["Left", "Left atrium", "Bright", "Blight"])).toEqual([]);
});

test("a flip of them is warned of, with what to write", () => {
  expect(mirrorWarnings(["Left kidney", "Right kidney"], 0.5)).toEqual([
    "Left kidney and Right kidney are mirror images of each other, and flip mirrors half of the views, in which each is taught as " +
      "the other: set augment.weak.flip: 0.",
  ]);
  expect(mirrorWarnings(["Left kidney", "Right kidney"], 0)).toEqual([]);
  expect(mirrorWarnings(["Left kidney", "Liver"], 0.5)).toEqual([]);
});

test("the example of organs does not flip its kidneys", async () => {
  const { classes, augment } = await readTrainingManifest("examples/totalseg-organs.yaml");
  expect(mirroredPairs(classes)).toEqual([["Right kidney", "Left kidney"]]);
  expect(mirrorWarnings(classes, augment.weak.flip)).toEqual([]);
  expect(augment.weak.rotation).toBeGreaterThan(0);
});
