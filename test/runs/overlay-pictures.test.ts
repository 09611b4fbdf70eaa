// Which test images a segmenter's report shows, and their pictures.

import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";
import type { Segmenter } from "../../src/assemble/segmenter.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { noOverlaps } from "../../src/metrics/overlap.ts";
import { chosenOverlays, overlayPictures } from "../../src/runs/overlay-pictures.ts";
import { overlaySchema } from "../../src/runs/overlay-record.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

describe("of each class", () => {
  test("the image with the lowest Dice and the one in the middle are chosen, of those that show it", () => {
    const counts = noOverlaps(5, 2);
    // Dice of class 0: .8, none, .2, .6, .4; class 1 is on one image alone.
    counts.given.set([10, 0, 0, 0, 10, 0, 10, 10, 10, 0]);
    counts.predicted.set([10, 0, 9, 0, 10, 0, 10, 10, 10, 3]);
    counts.both.set([8, 0, 0, 0, 2, 0, 6, 5, 4, 0]);
    expect(chosenOverlays(counts, 2)).toEqual([
      { row: 2, column: 0, kind: "worst", dice: 0.2 },
      { row: 3, column: 0, kind: "typical", dice: 0.6 },
      { row: 3, column: 1, kind: "typical", dice: 0.5 },
    ]);
  });

  test("where there are many, the twelve worst are", () => {
    const counts = noOverlaps(1, 20);
    for (let k = 0; k < 20; k++) {
      counts.given[k] = counts.predicted[k] = 40;
      counts.both[k] = 20 + k;
    }
    expect(chosenOverlays(counts, 20).map(({ column }) => column)).toEqual(
      Array.from({ length: 12 }, (_, k) => k),
    );
  });
});

describe("a picture", () => {
  const open = useEngine({ device: "reference" });

  test("shows given, predicted and wrong beside each other, and names what its source does not outline", async () => {
    // A segmenter whose logits are the normalised image: two channels stand for two classes, a third for nothing.
    const [height, width] = [4, 5];
    const pixels = new Uint8Array(2 * height * width * 3).fill(10);
    for (let at = 0; at < height * width; at += 2) pixels[(height * width + at) * 3] = 250;
    const maps = new Uint8Array(2 * height * width).fill(254);
    maps.fill(0, height * width, height * width + 10);
    const states = Uint8Array.of(0, 0, 255, 1, 0, 255);
    const set: ImageSet = { source: "s", count: 2, height, width, channels: 3, pixels, maps, states };
    const segmenter = {
      ...{ classes: 3, head: { classes: 3 }, features: {}, forward: (images: Tensor) => images },
    } as unknown as Segmenter;
    const counts = noOverlaps(2, 3);
    counts.given[3] = 10;
    counts.predicted[3] = 10;
    counts.both[3] = 5;
    const images = [0, 1].map((i) => ({ source: "s", image: `i${i}`, patient: "" }));
    const settings = { normalisation: { mean: [0.5, 0.5, 0.5], deviation: [0.1, 0.1, 0.1] }, batch: 4 };
    const classes = ["a", "b", "c"];
    const found = await overlayPictures(open(), segmenter, settings, set, { classes, images }, counts);
    expect(found.map(({ png: _, ...each }) => each)).toEqual([
      { class: "a", kind: "typical", dice: 0.5, source: "s", image: "i1", patient: "", unknown: ["c"] },
    ]);
    expect(found.map((each) => overlaySchema.parse(each))).toEqual(found);
    const png = PNG.sync.read(Buffer.from(found[0].png, "base64"));
    // Three panels of five pixels, each enlarged forty times, and two gaps of six.
    expect([png.width, png.height]).toEqual([3 * 200 + 12, 160]);
    const colourAt = (panel: number, x: number, y: number): number[] => {
      const at = 4 * ((y * 40 + 20) * png.width + panel * 206 + x * 40 + 20);
      return [...png.data.subarray(at, at + 3)];
    };
    // Pixel 0 is given and found, pixel 1 given and missed, pixel 11 neither, pixel 12 found and not given.
    expect(colourAt(2, 1, 0)).toEqual(expect.arrayContaining([expect.any(Number)]));
    const [right, missed, nothing, falseAlarm] = [
      colourAt(2, 0, 0),
      colourAt(2, 1, 0),
      colourAt(2, 1, 2),
      colourAt(2, 2, 2),
    ];
    expect(Math.min(...missed)).toBeGreaterThan(200);
    expect(Math.max(...nothing)).toBeLessThan(20);
    expect(falseAlarm[0]).toBeGreaterThan(falseAlarm[1] + 100);
    expect(right[0]).toBe(right[1]);
  });
});
