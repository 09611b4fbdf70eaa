// What tells the images of two studies apart: every label that a run learns from or is watched by.

import { expect, test } from "vitest";
import { imagesDigest, scarceWarnings } from "../../src/cli/study-images.ts";
import type { Assembly, ImageSet } from "../../src/data/assembly/assembly.ts";
import { shapeAssembly } from "../assemble/shapes.ts";
import { full, given } from "../studies/two-sites.ts";

const changed = (set: ImageSet): ImageSet => ({ ...set, states: set.states.with(0, 1 - set.states[0]) });
const watched: Assembly = { ...full, validation: full.test };

test("the digest of a seed's images is of given labels, full ones, and those of validation", async () => {
  const digests = await Promise.all(
    [
      { given },
      { given: { ...given, sources: [changed(given.sources[0]), given.sources[1]] } },
      { given, full: watched },
      { given, full: { ...watched, sources: [changed(full.sources[0]), full.sources[1]] } },
      { given, full: { ...watched, validation: changed(full.test) } },
      { given: { ...given, test: changed(given.test) }, full: watched },
    ].map(imagesDigest),
  );
  expect(new Set(digests).size).toBe(digests.length);
  expect(await imagesDigest({ given, full: { ...watched, validation: full.test } })).toBe(digests[2]);
});

test("it is of every pixel of full label maps, too", async () => {
  const shapes = shapeAssembly(2);
  const one = (set: ImageSet): ImageSet => ({ ...set, maps: (set.maps as Uint8Array).with(7, 1) });
  const known: Assembly = { ...shapes, validation: shapes.test };
  const digests = await Promise.all(
    [
      { given: shapes, full: known },
      { given: shapes, full: { ...known, sources: [shapes.sources[0], one(shapes.sources[1])] } },
      { given: shapes, full: { ...known, validation: one(shapes.test) } },
      { given: { ...shapes, sources: [one(shapes.sources[0]), shapes.sources[1]] }, full: known },
    ].map(imagesDigest),
  );
  expect(new Set(digests).size).toBe(digests.length);
});

test("classes of which few patients are tested are told, whatever the number of their images", () => {
  const classes = ["mass", "edema"];
  // mass: 12 positives of 3 patients, 10 negatives of 10; edema: 22 negatives of 13, and no positive, which is told elsewhere.
  const states = Uint8Array.from({ length: 44 }, (_, at) => (at % 2 === 0 && at < 24 ? 1 : 0));
  const patients = Array.from({ length: 22 }, (_, row) => (row < 12 ? `p${row % 3}` : `q${row}`));
  const test = {
    source: "test",
    count: 22,
    height: 1,
    width: 1,
    channels: 1,
    pixels: new Uint8Array(22),
    states,
  };
  const warnings = (more: object): string[] =>
    scarceWarnings({ images: { given: { classes, sources: [], test: { ...test, ...more } } } });
  expect(warnings({ patients })).toEqual([
    expect.stringMatching(/^Fewer than 10 .* a label of mass \(3 positive\): .*seeds/u),
  ]);
  expect(warnings({})).toEqual([]);
});
