// A segmenter's predictions over a set: scores, decisions and counts, against plain loops over the same logits.

import { describe, expect, test } from "vitest";
import { evaluationOf } from "../../src/assemble/evaluation.ts";
import { PixelDecisions, pixelsScored } from "../../src/assemble/pixel-decisions.ts";
import { predictPixels, type PixelPredictions } from "../../src/assemble/pixel-predictions.ts";
import { Segmenter } from "../../src/assemble/segmenter.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { countOverlaps } from "../../src/metrics/overlap.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

const [height, width, count] = [6, 8, 5];
const pixels = height * width;
const [background, ignored] = [254, 255];

/** A segmenter whose logits are the normalised images: it has a channel for each output. */
const echo = (classes: number, outputs: number): Segmenter =>
  ({
    classes,
    head: { classes: outputs },
    features: {},
    forward: (images: Tensor) => images,
  }) as unknown as Segmenter;
const normalisationOf = (outputs: number): { mean: number[]; deviation: number[] } => ({
  mean: Array<number>(outputs).fill(0.5),
  deviation: Array<number>(outputs).fill(0.1),
});
/** Logits of pixel values, as `normaliseImages` makes them. */
const logitOf = (value: number): number => Math.fround((value / 255 - 0.5) / 0.1);

function randomSet(outputs: number, classes: number, states: Uint8Array): ImageSet<Uint8Array> {
  const random = randomStream(5, "pixels");
  const maps = Uint8Array.from({ length: count * pixels }, (_, at) => {
    const k = random.below(classes + 2);
    if (k === classes) return background;
    if (k > classes) return ignored;
    return states[Math.floor(at / pixels) * classes + k] === 255 ? background : k;
  });
  return {
    ...{ source: "drawn", count, height, width, channels: outputs, states, maps },
    pixels: Uint8Array.from({ length: count * pixels * outputs }, () => random.below(256)),
  };
}

const states = Uint8Array.of(...[1, 1, 0], ...[1, 255, 1], ...[255, 255, 255], ...[0, 1, 1], ...[1, 1, 1]);
const logit = (p: number): number => Math.log(p / (1 - p));

describe("a segmenter with an output for each class", () => {
  const open = useEngine({ device: "reference" });
  const set = randomSet(3, 3, states);
  const labels = set.maps as Uint8Array;
  const predicted = (
    of: ImageSet,
    more: Partial<Parameters<typeof predictPixels>[3]> = {},
    options: Parameters<typeof predictPixels>[4] = {},
  ): Promise<PixelPredictions> =>
    predictPixels(open(), echo(3, 3), of, { normalisation: normalisationOf(3), batch: 2, ...more }, options);
  const z = (image: number, pixel: number, k: number): number =>
    logitOf(set.pixels[(image * pixels + pixel) * 3 + k]);

  test("scores an image by the mean of its 20 largest probabilities, as a logit", async () => {
    const { maps: _, ...bare } = set;
    const { logits } = await predicted(bare);
    for (let image = 0; image < count; image++) {
      for (let k = 0; k < 3; k++) {
        const found = Array.from({ length: pixels }, (_, pixel) => 1 / (1 + Math.exp(-z(image, pixel, k))));
        const largest = found.sort((a, b) => b - a).slice(0, 20);
        expect(logits[image * 3 + k]).toBeCloseTo(logit(largest.reduce((sum, p) => sum + p, 0) / 20), 4);
      }
    }
  });

  test("where pixels have a volume, by as many as make a millilitre", async () => {
    const volumes = Float64Array.of(0, 500, 300, 5000, 1);
    const { maps: _, ...bare } = set;
    const { logits } = await predicted({ ...bare, voxelVolumes: volumes });
    for (const [image, most] of [20, 2, 4, 1, pixels].entries()) {
      const found = Array.from({ length: pixels }, (_, pixel) => 1 / (1 + Math.exp(-z(image, pixel, 1))));
      const largest = found.sort((a, b) => b - a).slice(0, most);
      expect(logits[image * 3 + 1]).toBeCloseTo(logit(largest.reduce((sum, p) => sum + p, 0) / most), 3);
    }
    expect([0, 0.5, 1000, 4000].map(pixelsScored)).toEqual([20, 2000, 1, 1]);
  });

  test("counts each class above one half, but no ignored pixels and no class that nobody outlined", async () => {
    const { overlaps } = await predicted(set);
    for (let at = 0; at < states.length; at++) {
      const [image, k] = [Math.floor(at / 3), at % 3];
      const all = Array.from({ length: pixels }, (_, pixel) => pixel);
      const chosen = all.filter((pixel) => z(image, pixel, k) > 0);
      const given = (pixel: number): number => labels[image * pixels + pixel];
      const known = states[at] === 255 ? [] : all.filter((pixel) => given(pixel) !== ignored);
      expect(overlaps?.predicted[at]).toBe(known.filter((pixel) => chosen.includes(pixel)).length);
      expect(overlaps?.given[at]).toBe(known.filter((pixel) => given(pixel) === k).length);
      expect(overlaps?.both[at]).toBe(
        known.filter((pixel) => chosen.includes(pixel) && given(pixel) === k).length,
      );
    }
  });

  test("of classes that exclude each other only the likeliest stays; the map names the likeliest of all", async () => {
    const decided = new Uint8Array(count * pixels);
    const one = await predicted(
      set,
      { exclusive: [[0, 1, 2]] },
      { image: (i, map) => decided.set(map, i * pixels) },
    );
    const pair = await predicted(set, { exclusive: [[0, 2]] });
    let [both, other] = [0, 0];
    for (let image = 0; image < count; image++) {
      for (let pixel = 0; pixel < pixels; pixel++) {
        const values = [0, 1, 2].map((k) => z(image, pixel, k));
        const best = values.indexOf(Math.max(...values));
        expect(decided[image * pixels + pixel]).toBe(values[best] > 0 ? best : background);
        if (image === 0 && labels[pixel] !== ignored) {
          both += Number(values[0] > 0 && values[0] >= values[2]);
          other += Number(values[1] > 0);
        }
      }
    }
    expect([...(pair.overlaps?.predicted.slice(0, 2) ?? [])]).toEqual([both, other]);
    // With one class a pixel, the counts are those of the map.
    expect(one.overlaps).toEqual(countOverlaps(labels, decided, states, 3));
  });

  test("of exhaustive classes each pixel has the likeliest, whatever one half is", async () => {
    const maps = new Uint8Array(count * pixels);
    const { maps: _, ...bare } = set;
    await predicted(
      bare,
      { exclusive: [[0, 1, 2]], exhaustive: true },
      { image: (i, map) => maps.set(map, i * pixels) },
    );
    const values = (at: number): number[] => [0, 1, 2].map((k) => z(Math.floor(at / pixels), at % pixels, k));
    const likeliest = [...maps.keys()].map((at) => values(at).indexOf(Math.max(...values(at))));
    expect([...maps.keys()].some((at) => Math.max(...values(at)) < 0)).toBe(true);
    expect([...maps]).toEqual(likeliest);
  });

  test("hands over each image's map and probabilities, and waits for whoever takes them", async () => {
    const seen: number[] = [];
    await predicted(
      set,
      {},
      {
        image: async (index, map, probabilities) => {
          await Promise.resolve();
          expect([map.length, probabilities.length]).toEqual([pixels, 3 * pixels]);
          expect(probabilities[5]).toBeCloseTo(1 / (1 + Math.exp(-z(index, 1, 2))), 5);
          seen.push(index);
        },
      },
    );
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  test("says which scores are of pixels inside the outline", async () => {
    // The largest of 48 pixels, and one more: with a volume of 1 ml a pixel, the score is of the largest alone.
    const values = new Uint8Array(count * pixels * 3).fill(10);
    const maps = new Uint8Array(count * pixels).fill(background);
    for (let image = 0; image < count; image++) values[(image * pixels + 7) * 3] = 250;
    maps[7] = 0; // on the first image it is inside
    maps[pixels + 8] = 0; // on the second beside
    const own = { ...set, pixels: values, maps, voxelVolumes: new Float64Array(count).fill(1000) };
    const { located } = await predicted(own);
    expect([0, 1, 2, 3, 4].map((image) => located?.[image * 3])).toEqual([1, 0, 255, 255, 255]);
  });

  test("pixels that nobody labelled have no say in the scores of an image that is judged, nor in its counts", async () => {
    const { logits, overlaps } = await predicted({ ...set, states: new Uint8Array(count * 3).fill(1) });
    for (let image = 0; image < count; image++) {
      const all = Array.from({ length: pixels }, (_, pixel) => pixel);
      const known = all.filter((pixel) => labels[image * pixels + pixel] !== ignored);
      expect(known.length).toBeLessThan(pixels);
      for (let k = 0; k < 3; k++) {
        const found = known.map((pixel) => 1 / (1 + Math.exp(-z(image, pixel, k))));
        const largest = found.sort((a, b) => b - a).slice(0, 20);
        const mean = largest.reduce((sum, p) => sum + p, 0) / largest.length;
        expect(logits[image * 3 + k]).toBeCloseTo(logit(mean), 4);
        expect(overlaps?.predicted[image * 3 + k]).toBe(
          known.filter((pixel) => z(image, pixel, k) > 0).length,
        );
      }
    }
  });

  test("where fewer pixels are labelled than a score is of, it is the mean of those", async () => {
    const maps = new Uint8Array(count * pixels).fill(ignored);
    for (let image = 0; image < count; image++) maps.fill(background, image * pixels, image * pixels + 2);
    const { logits } = await predicted({ ...set, maps });
    const own = [0, 1].map((pixel) => 1 / (1 + Math.exp(-z(3, pixel, 1))));
    expect(logits[3 * 3 + 1]).toBeCloseTo(logit((own[0] + own[1]) / 2), 4);
  });

  test("an image without labelled pixels has absent states: its scores are of the whole image, and judge nothing", async () => {
    const maps = labels.slice().fill(ignored, 2 * pixels, 3 * pixels);
    const { maps: _, ...bare } = set;
    const [own, whole] = [await predicted({ ...set, maps }), await predicted(bare)];
    expect(own.logits.slice(6, 9)).toEqual(whole.logits.slice(6, 9));
    await expect(predicted({ ...set, maps: maps.fill(ignored, 0, pixels) })).rejects.toThrow(
      "has a label map without a labelled pixel, and states that are known: they must be absent",
    );
  });

  test("what lies beside a padded image has no say in its scores", async () => {
    const { maps: _, ...bare } = set;
    // A wide image in rows 1 to 4, a narrow one in columns 3 and 4, and three that fill the size.
    const sizes = [...[4, 8], ...[12, 4], ...[6, 8], ...[6, 8], ...[6, 8]];
    const shapes = Array.from({ length: count }, (_, i) => ({
      height: sizes[2 * i],
      width: sizes[2 * i + 1],
    }));
    const { logits } = await predicted(bare, {}, { sizes: shapes, fit: "pad" });
    const isSeen = [
      (pixel: number) => pixel >= width && pixel < 5 * width,
      (pixel: number) => [3, 4].includes(pixel % width),
      () => true,
    ];
    for (const [image, seen] of isSeen.entries()) {
      const inside = Array.from({ length: pixels }, (_, pixel) => pixel).filter(seen);
      const found = inside.map((pixel) => 1 / (1 + Math.exp(-z(image, pixel, 0))));
      const largest = found.sort((a, b) => b - a).slice(0, 20);
      const mean = largest.reduce((sum, p) => sum + p, 0) / largest.length;
      expect(logits[image * 3]).toBeCloseTo(logit(mean), 4);
    }
    // Cut off or stretched, an image fills the size.
    expect((await predicted(bare, {}, { sizes: shapes, fit: "crop" })).logits).toEqual(
      (await predicted(bare)).logits,
    );
    await expect(predicted(bare, {}, { sizes: [shapes[0]] })).rejects.toThrow(
      "predictPixels: 1 sizes are not those of 5 images",
    );
  });

  test("without label maps there are scores only", async () => {
    const { maps: _, ...bare } = set;
    const found = await predicted(bare);
    expect([found.overlaps, found.located]).toEqual([undefined, undefined]);
    const labelled = labels.map((label) => (label === ignored ? background : label));
    const withMaps = await predicted({ ...set, maps: labelled });
    expect(found.logits).toEqual(withMaps.logits);
  });

  test("extreme logits stay finite, and a logit that is no number makes the score none", async () => {
    const far = { mean: [0.5, 0.5, 0.5], deviation: [1e-9, 1e-9, 1e-9] };
    const { logits } = await predicted(set, { normalisation: far });
    expect(logits.every(Number.isFinite)).toBe(true);
    const odd = new PixelDecisions(3, 1, {}).score(Float32Array.of(1, NaN, 2), 0, 20);
    expect(odd.logit).toBeNaN();
  });

  test("progress is told, and a signal ends the work before the next batch", async () => {
    const told: string[] = [];
    await predicted(set, {}, { progress: (done, total) => told.push(`${done}/${total}`) });
    expect(told).toEqual(["2/5", "4/5", "5/5"]);
    const controller = new AbortController();
    const work = predicted(set, {}, { signal: controller.signal });
    controller.abort();
    await expect(work).rejects.toBe(controller.signal.reason);
  });

  test("an evaluation has Dice and IoU beside the AUC of the images' scores", async () => {
    const { logits, overlaps } = await predicted(set);
    const found = evaluationOf(logits, set, ["a", "b", "c"], overlaps);
    const sum = (of: Uint32Array | undefined): number =>
      Array.from(of ?? []).reduce((total, pixels, at) => (at % 3 === 1 ? total + pixels : total), 0);
    const [given, own, both] = [overlaps?.given, overlaps?.predicted, overlaps?.both].map(sum);
    expect(found.overlap?.dice.b).toBeCloseTo((2 * both) / (given + own), 12);
    expect(evaluationOf(logits, set, ["a", "b", "c"])).not.toHaveProperty("overlap");
  });
});

describe("a segmenter with an output for the background", () => {
  const open = useEngine({ device: "reference" });

  test("takes the likeliest class where classes are exhaustive", async () => {
    const set = randomSet(4, 3, states);
    const maps = new Uint8Array(count * pixels);
    const settings = { normalisation: normalisationOf(4), batch: 64, exhaustive: true };
    await predictPixels(open(), echo(3, 4), set, settings, {
      image: (i, map) => maps.set(map, i * pixels),
    });
    const likeliest = Array.from(maps, (_, at) => {
      const z = [0, 1, 2].map((k) => logitOf(set.pixels[at * 4 + k]));
      return z.indexOf(Math.max(...z));
    });
    expect([...maps]).toEqual(likeliest);
  });

  test("takes the likeliest output, and scores by softmax", async () => {
    const set = randomSet(4, 3, states);
    const maps = new Uint8Array(count * pixels);
    const { maps: _, ...bare } = set;
    const { logits } = await predictPixels(
      open(),
      echo(3, 4),
      bare,
      { normalisation: normalisationOf(4), batch: 64 },
      { image: (i, map) => maps.set(map, i * pixels) },
    );
    const probabilities = Array.from({ length: count * pixels }, (_, at) => {
      const z = [0, 1, 2, 3].map((k) => Math.exp(logitOf(set.pixels[at * 4 + k])));
      const all = z.reduce((sum, each) => sum + each, 0);
      return z.map((each) => each / all);
    });
    const best = probabilities.map((p) => p.indexOf(Math.max(...p)));
    expect([...maps]).toEqual(best.map((k) => (k === 3 ? background : k)));
    for (let at = 0; at < count * 3; at++) {
      const own = probabilities.slice(Math.floor(at / 3) * pixels, (Math.floor(at / 3) + 1) * pixels);
      const largest = own
        .map((p) => p[at % 3])
        .sort((a, b) => b - a)
        .slice(0, 20);
      expect(logits[at]).toBeCloseTo(logit(largest.reduce((sum, p) => sum + p, 0) / 20), 3);
    }
  });
});

test("a real segmenter predicts the same whatever the batch", async () => {
  const set = { ...randomSet(1, 3, states), height: 4, width: 12 };
  const { openEngine } = await import("../../src/runtime/open-engine.ts");
  using engine = await openEngine({ device: "reference" });
  const network = { kind: "unet", inputChannels: 1, width: 2, levels: 2 } as const;
  const segmenter = new Segmenter(engine, { network, classes: 3, seed: 1 });
  const settings = { normalisation: normalisationOf(1) };
  const each = await Promise.all(
    [1, 5].map((batch) => predictPixels(engine, segmenter, set, { ...settings, batch })),
  );
  each[0].logits.forEach((value, at) => expect(value).toBeCloseTo(each[1].logits[at], 5));
  expect(each[0].overlaps).toEqual(each[1].overlaps);
  segmenter.dispose();
});
