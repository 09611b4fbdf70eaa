// The example manifest on real MNIST.
import { join } from "node:path";
import { expect, test } from "vitest";
import { absent, positive } from "../../src/labels/states.ts";
import { pixelsInMemory } from "../../src/data/assembly/assembly.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { readIdxImages, readIdxLabels } from "../../src/data/formats/idx.ts";
import { loadAssembly } from "../../src/data/assembly/load.ts";
import { readManifest } from "../../src/data/manifest/manifest.ts";
import { mnistTrain } from "./published-counts.ts";
import { dataRoot, repository, withData } from "./real-data.ts";

const mnist = join(dataRoot, "mnist");

/** Rows of a class that are positive. */
const positives = (set: ImageSet, k: number): number =>
  Array.from({ length: set.count }, (_, i) => set.states[7 * i + k]).filter((state) => state === positive)
    .length;

withData(["mnist"], "real MNIST", () => {
  test("has its known sizes and label counts", async () => {
    const { array } = await readIdxImages(join(mnist, "train-images-idx3-ubyte.gz"));
    const labels = await readIdxLabels(join(mnist, "train-labels-idx1-ubyte.gz"));
    expect([array.count, array.height, array.width, array.channels]).toEqual([60000, 28, 28, 1]);
    const counts = Array<number>(10).fill(0);
    for (const label of labels.content) counts[label]++;
    expect(counts).toEqual(mnistTrain);
    let sum = 0;
    for (let at = 0; at < array.pixels.length; at++) sum += array.pixels[at]; // 47 million: reduce takes a second
    expect(sum / array.pixels.length / 255).toBeCloseTo(0.1307, 4); // the mean that the example manifest normalises by
  });

  test("falls into two halves of digits 1 to 7 that share no image, each with its own labels", async () => {
    const manifest = await readManifest(join(repository, "examples/mnist-overlap.yaml"));
    const { sources, test: tested } = await loadAssembly(manifest, { dataRoot, seed: 1 });
    const [a, b] = sources;
    expect(a.count + b.count).toBe(6742 + 5958 + 6131 + 5842 + 5421 + 5918 + 6265);
    expect(Math.abs(a.count - b.count)).toBeLessThan(500);
    const images = new Set(
      sources.flatMap((set) => {
        const pixels = pixelsInMemory(set);
        return Array.from({ length: set.count }, (_, i) =>
          Buffer.from(pixels.subarray(784 * i, 784 * (i + 1))).toString("latin1"),
        );
      }),
    );
    expect(images.size).toBe(a.count + b.count); // MNIST has no image twice
    for (const [set, unknown] of [[a, [5, 6]] as const, [b, [0, 1]] as const]) {
      for (let i = 0; i < set.count; i++) {
        const row = set.states.subarray(7 * i, 7 * (i + 1));
        const absentColumns = [...row.keys()].filter((k) => row[k] === absent);
        if (absentColumns.join() !== unknown.join()) expect(absentColumns).toEqual(unknown);
      }
    }
    expect(positives(a, 2) + positives(b, 2)).toBe(6131);
    expect(tested.count).toBe(2000);
    expect(tested.states).not.toContain(absent);
  });

  test("keeps 2,000 images a source with a limit, and over 200 test images of each digit", async () => {
    const manifest = await readManifest(join(repository, "examples/mnist-overlap.yaml"));
    const limited = await loadAssembly(manifest, { dataRoot, seed: 1, limit: 2000 });
    expect(limited.sources.map((set) => set.count)).toEqual([2000, 2000]);
    for (let k = 0; k < 7; k++) expect(positives(limited.test, k)).toBeGreaterThan(200);
  });
});
