// The drawn radiographs of a setup: a set of images for each source, with the labels that it knows, and those of the test.

import {
  assembly,
  concatenate,
  phantoms,
  pixelsInMemory,
  restrict,
  type Assembly,
  type Finding,
  type ImageSet,
  type Site,
} from "@tessera-gpu/tessera/data";
import { testImagesOf, testOfEach, type Arm, type Radiograph, type Setup } from "../protocol.ts";

export interface Radiographs {
  readonly sources: ReadonlyMap<string, ImageSet>;
  /** Of all sources, with the labels of all classes. */
  readonly test: ImageSet;
  /** Of which source a test image is; undefined where it is of none. */
  readonly sourceOf: (row: number) => string | undefined;
}

const names = (classes: readonly string[]): Finding[] => [...classes] as Finding[];

/**
 * Draws them, a few at a time, so that the worker hears what it is told meanwhile.
 *
 * @param drawn told after every few images
 * @throws the signal's reason
 */
export async function draw(
  setup: Setup,
  drawn: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<Radiographs> {
  const { classes, sources, images, size, seed } = setup;
  const testImages = testOfEach(images);
  const total = sources.length * images + testImagesOf(setup);
  const chunk = 50;
  let done = 0;
  const set = async (
    site: Site,
    count: number,
    from: number,
    knows: readonly string[],
  ): Promise<ImageSet> => {
    // Image i depends on seed, site and i: a set is drawn in parts of one seed each.
    const parts: ImageSet[] = [];
    for (let begun = 0; begun < count; begun += chunk) {
      const part = Math.min(chunk, count - begun);
      const options = {
        count: part,
        size,
        site,
        seed: 1000 * seed + from + begun,
        findings: names(classes),
        knows: names(knows),
      };
      parts.push(phantoms(options));
      drawn((done += part), total);
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
    }
    return concatenate(`hospital ${site}`, parts);
  };
  const tests: ImageSet[] = [];
  const known = new Map<string, ImageSet>();
  for (const { name, knows } of sources) {
    known.set(name, await set(name as Site, images, 0, knows));
    tests.push(await set(name as Site, testImages, 500_000, classes));
  }
  const sourceOf = (row: number): string | undefined => sources[Math.floor(row / testImages)]?.name;
  return { sources: known, test: concatenate("test", tests), sourceOf };
}

/** What a model of the comparison learns from and is tested on: its sources, and the classes that they know. */
export function assemblyOf({ sources, test }: Radiographs, { classes }: Setup, arm: Arm): Assembly {
  const narrow = (set: ImageSet): ImageSet => restrict(set, classes, arm.classes);
  const own = arm.sources.flatMap((name) => sources.get(name) ?? []);
  return assembly({ classes: arm.classes, sources: own.map(narrow), test: narrow(test) });
}

/** Some images of a set, to look at. */
export function shown(set: ImageSet, rows: readonly number[]): Radiograph[] {
  const { height: size, channels } = set;
  const each = size * size * channels;
  const pixels = pixelsInMemory(set);
  return rows.map((index) => ({
    ...{ index, size, channels },
    pixels: pixels.slice(index * each, (index + 1) * each),
  }));
}
