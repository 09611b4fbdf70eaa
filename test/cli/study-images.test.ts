// What tells the images of two studies apart: every label that a run learns from or is watched by.

import { expect, test } from "vitest";
import { imagesDigest } from "../../src/cli/study-images.ts";
import type { Assembly, ImageSet } from "../../src/data/assembly/assembly.ts";
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
