// Every label of the images that a study trains on: where it is known, and when it is refused.

import { expect, test } from "vitest";
import { absentIsNegative, fullLabelsProblem, fullLabels } from "../../src/studies/full-labels.ts";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";
import type { Assembly } from "../../src/data/assembly/assembly.ts";
import { full, given } from "./two-sites.ts";

const manifest = (second: string) =>
  parseTrainingManifest(
    `
classes: [a, b]
image: { height: 8, width: 8 }
sources:
- { name: A, format: idx, images: x, labels: y, knows: [a] }
- ${second}
test: { format: idx, images: x, labels: y }
`,
    "it.yaml",
  );

test("are those of sources whose every image is of one class", () => {
  const found = fullLabels(manifest("{ name: B, format: idx, images: x, labels: y, knows: [b] }"));
  if (typeof found === "string") throw new Error(found);
  expect(found.sources.map(({ knows }) => knows)).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
});

test("are not known where a table says what an image shows, and no more", () => {
  const text = "{ name: B, format: table, table: t, images: x, image: i, label: l, split: { by: none } }";
  expect(fullLabels(manifest(text))).toMatch(/source "B" says what its images show/);
});

test("may be what one has who takes absent labels for negative", () => {
  expect(absentIsNegative(given, full)).toBe(false);
  const none = (set: Assembly["test"]) => ({
    ...set,
    states: set.states.map((state) => (state === 255 ? 0 : state)),
  });
  expect(absentIsNegative(given, { ...given, sources: given.sources.map(none) })).toBe(true);
});

test("are refused where they are of other images, contradict the given ones, or have gaps", () => {
  expect(fullLabelsProblem(given, full)).toBeUndefined();
  const [first, second] = full.sources;
  const with_ = (set: typeof first): Assembly => ({ ...full, sources: [set, second] });
  expect(fullLabelsProblem(given, with_({ ...first, count: 11 }))).toMatch(
    /source "phantoms A" has other images/,
  );
  const flipped = first.states.with(0, 1 - first.states[0]);
  expect(fullLabelsProblem(given, with_({ ...first, states: flipped }))).toMatch(/has other labels of/);
  expect(fullLabelsProblem(given, with_({ ...first, states: first.states.with(5, 255) }))).toMatch(
    /has no label of/,
  );
});
