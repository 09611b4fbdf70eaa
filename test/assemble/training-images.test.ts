// Images on the device, fed from memory, and streamed from disk: the same training, bit for bit.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { evaluate } from "../../src/assemble/evaluation.ts";
import { ImageReader } from "../../src/data/assembly/image-reader.ts";
import { planTraining } from "../../src/assemble/planning/training-plan.ts";
import { wholeLabelSpace } from "../../src/assemble/label-space.ts";
import { profileTraining } from "../../src/assemble/planning/profiled-step.ts";
import { residentBytes, TrainingImages } from "../../src/training/training-images.ts";
import { trainClassifier, trainModel } from "../../src/assemble/train-classifier.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import { ArrayPixels } from "../../src/data/cache/pixel-rows.ts";
import { pixelsInMemory, type Assembly, type ImageSet } from "../../src/data/assembly/assembly.ts";
import { StoredPixels } from "../../src/data/cache/stored-pixels.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { useEngine } from "../engines.ts";
import { segmentationTask } from "../../src/assemble/segmentation-task.ts";
import { smallAssembly, smallSettings } from "./settings.ts";
import { shapeAssembly, shapeSettings } from "./shapes.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-images-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The same set on disk, its images backwards in two files, so that an index is no place. */
function onDisk({ maps, ...set }: ImageSet): ImageSet<StoredPixels> {
  const each = set.height * set.width * set.channels;
  const pixels = pixelsInMemory(set);
  const half = Math.floor(set.count / 2);
  const name = `${set.source.replaceAll(/\W/g, "-")}-${set.count}-${set.channels}`;
  const files = [0, 1].map((i) => join(folder, `${name}-${i}`));
  const rows = Array.from({ length: set.count }, (_, i) =>
    i < half ? { home: files[0], slot: half - 1 - i } : { home: files[1], slot: set.count - 1 - i },
  );
  const reversed = (first: number, last: number): Uint8Array =>
    Uint8Array.from({ length: (last - first) * each }, (_, at) => {
      const image = last - 1 - Math.floor(at / each);
      return pixels[image * each + (at % each)];
    });
  writeFileSync(files[0], reversed(0, half));
  writeFileSync(files[1], reversed(half, set.count));
  const ofMaps = maps && onDisk({ ...set, source: `${set.source}-maps`, channels: 1, pixels: maps }).pixels;
  return { ...set, pixels: new StoredPixels(each, rows), ...(ofMaps === undefined ? {} : { maps: ofMaps }) };
}

/** The same set in an array that holds it backwards, each image looked at where it lies. */
function inArrays(set: ImageSet): ImageSet {
  const pixels = pixelsInMemory(set);
  const each = pixels.length / set.count;
  const home = Uint8Array.from(pixels, (_, at) => {
    const image = set.count - 1 - Math.floor(at / each);
    return pixels[image * each + (at % each)];
  });
  const rows = Array.from({ length: set.count }, (_, i) => ({ home, slot: set.count - 1 - i }));
  return { ...set, pixels: new ArrayPixels(each, rows) };
}

const stored = ({ sources, test: tested, ...rest }: Assembly): Assembly => ({
  ...rest,
  sources: sources.map(onDisk),
  test: onDisk(tested),
});

describe.each(["webgpu", "reference"] as const)("on %s", (device) => {
  const open = useEngine({ device });

  async function run(assembly: Assembly, more: Partial<TrainingSettings>): Promise<unknown[]> {
    const told: unknown[] = [];
    const { model } = await trainModel(
      open(),
      assembly,
      { ...smallSettings, ...more },
      { step: (report) => told.push(report), epoch: (report) => told.push(report) },
    );
    model.dispose();
    return told;
  }

  test.each(["proportional", "per-source", "balanced"] as const)(
    "losses and AUC are the same wherever the images are (%s)",
    async (sampling) => {
      const assembly = smallAssembly(20);
      const before = open().memory().tensors;
      const resident = await run(assembly, { sampling });
      expect(resident.length).toBeGreaterThan(4);
      expect(await run(assembly, { sampling, memory: 0 })).toEqual(resident);
      expect(await run(stored(assembly), { sampling })).toEqual(resident);
      const [first, second] = assembly.sources;
      const lying = { ...assembly, sources: [inArrays(first), second] };
      expect(await run(lying, { sampling })).toEqual(resident);
      expect(await run(lying, { sampling, memory: 0 })).toEqual(resident);
      // One source on disk, one in memory.
      expect(await run({ ...assembly, sources: [onDisk(first), second] }, { sampling })).toEqual(resident);
      expect(open().memory().tensors).toBe(before);
    },
  );

  test("losses and Dice of a segmentation are the same wherever images and label maps are", async () => {
    const assembly = shapeAssembly(8);
    const before = open().memory().tensors;
    const resident = await run(assembly, shapeSettings);
    expect(await run(assembly, { ...shapeSettings, memory: 0 })).toEqual(resident);
    expect(await run(stored(assembly), shapeSettings)).toEqual(resident);
    // What a run that goes on is compared by is the same, too: it may be told to hold less in memory.
    const digest = await segmentationTask.digest(assembly);
    expect(await segmentationTask.digest(stored(assembly))).toBe(digest);
    expect(open().memory().tensors).toBe(before);
  });
});

describe("the device's share", () => {
  const open = useEngine({ device: "webgpu" });
  const assembly = smallAssembly(20);

  test("label maps stay there beside their images, with the bits of what they know", async () => {
    const bytes = 16 * (256 + 2 + 256 + 4);
    const { sources } = shapeAssembly(8);
    const image = { height: 16, width: 16, channels: 1 };
    const labels = wholeLabelSpace(2, 2);
    for (const [memory, resident] of [
      [bytes, bytes],
      [bytes - 1, 0],
    ] as const) {
      const settings = { ...shapeSettings, memory };
      const plan = await planTraining(open().traits, settings, image, labels, 8, 16);
      expect(plan.residentBytes).toBe(resident);
      const taken = new TrainingImages(open(), sources, 8, memory);
      expect(taken.resident?.known?.shape).toEqual(resident === 0 ? undefined : [16, 1]);
      await taken.close();
    }
  });

  test("images stay there up to the memory and the device's largest binding", async () => {
    const { traits } = open();
    const images = { count: 40, bytesEach: 256, outputs: 6 };
    const bytes = 40 * (256 + 6);
    expect(residentBytes(images, traits)).toBe(bytes);
    expect(residentBytes(images, traits, bytes - 1)).toBeUndefined();
    expect(residentBytes(images, { ...traits, maxBindingBytes: 40 * 256 })).toBe(bytes);
    expect(residentBytes(images, { ...traits, maxBindingBytes: 40 * 256 - 1 })).toBeUndefined();
    for (const [memory, resident] of [
      [bytes, true],
      [bytes - 1, false],
    ] as const) {
      const taken = new TrainingImages(open(), assembly.sources, 16, memory);
      expect(taken.resident !== undefined).toBe(resident);
      for await (const step of taken.steps([Uint32Array.of(3, 1)])) expect("rows" in step).toBe(resident);
      await taken.close();
    }
  });

  test("a step on resident images is fed indices only, and a plan counts the images apart", async () => {
    const image = { height: 16, width: 16, channels: 1 };
    const fed = async (images?: number): Promise<[resident: number, bytes: number]> => {
      const { residentBytes: resident, steps } = await planTraining(
        open().traits,
        smallSettings,
        image,
        wholeLabelSpace(6, 2),
        16,
        images,
      );
      const feeds = steps[0].plan.buffers.filter(({ purpose }) => purpose === "feeds");
      return [resident, feeds.reduce((sum, { bytes }) => sum + bytes, 0)];
    };
    const [resident, indices] = await fed(40);
    const [none, images] = await fed();
    expect([resident, none]).toEqual([40 * (256 + 6), 0]);
    // 16 indices in the place of 16 images and their labels; a few numbers more (weights, seed, Adam's) are fed to both.
    expect(images - indices).toBe(16 * (256 + 6) - 16 * 4);
    expect(indices).toBeLessThan(256);
    const [tooMany] = await fed(2 ** 40);
    expect(tooMany).toBe(0);
  });

  test("an interrupted run leaves no read and no tensor behind", async () => {
    const before = open().memory().tensors;
    const controller = new AbortController();
    const result = await trainClassifier(
      open(),
      stored(assembly),
      { ...smallSettings, epochs: 50 },
      { step: () => controller.abort() },
      controller.signal,
    );
    expect(result.stopped).toBe(true);
    result.classifier.dispose();
    expect(open().memory().tensors).toBe(before);
  });

  test("a profile and an evaluation work on images from disk", async () => {
    const disk = stored(assembly);
    const { batch, profile } = await profileTraining(open(), disk, smallSettings, { replays: 2 });
    expect([batch, profile.launches.length > 10]).toEqual([16, true]);
    const { classifier } = await trainClassifier(open(), assembly, smallSettings);
    const { normalisation } = smallSettings;
    const found = await evaluate(open(), classifier, disk.test, disk.classes, normalisation, 7, {
      memory: 2 * 7 * 256,
    });
    const { test: held, classes } = assembly;
    expect(found).toEqual(await evaluate(open(), classifier, held, classes, normalisation, 7));
    classifier.dispose();
  });
});

test("images go to the device in chunks of whole words, never as a whole", () => {
  const each = 3 * 1001 * 333;
  const image = Uint8Array.from({ length: each }, (_, i) => (i * 7) % 251);
  const rows = Array.from({ length: 11 }, () => ({ home: image, slot: 0 }));
  const set = {
    source: "large",
    count: 11,
    height: 1001,
    width: 333,
    channels: 3,
    states: new Uint8Array(11),
  };
  const reader = new ImageReader([{ ...set, pixels: new ArrayPixels(each, rows) }], 2, 0);
  const chunks = [...reader.chunks()];
  expect(chunks.map(({ length }) => length / each)).toEqual([4, 4, 3]);
  for (const chunk of chunks.slice(0, -1)) expect(chunk.length % 4).toBe(0);
  expect(Buffer.concat(chunks).equals(Buffer.concat(rows.map(({ home }) => home)))).toBe(true);
});

describe("reading ahead", () => {
  let set: ImageSet<StoredPixels>;
  let under = 0;
  let most = 0;
  beforeAll(() => {
    set = onDisk(smallAssembly(20).test);
    const read = set.pixels.read.bind(set.pixels);
    set.pixels.read = async (indices) => {
      most = Math.max(most, ++under);
      return await read(indices);
    };
  });

  const orders = Array.from({ length: 12 }, (_, i) => Uint32Array.of(i, i + 1));
  const each = 256;

  test.each([2, 3, 5, 100])(
    "at most %d batches are held at a time, and five at the very most",
    async (batches) => {
      [under, most] = [0, 0];
      const reader = new ImageReader([set], 2, batches * 2 * each);
      let seen = 0;
      for await (const { pixels, count } of reader.batches(orders)) {
        await setTimeout(5);
        expect([pixels.length, count]).toEqual([2 * each, 2]);
        const taken = await reader.read(orders[seen]);
        under--;
        expect(pixels).toEqual(taken.pixels);
        seen++;
        under--; // the one just worked on
      }
      expect(seen).toBe(12);
      // One more is the read of the check above.
      expect(most).toBe(Math.min(batches, 5) + 1);
      await reader.close();
    },
  );

  test("a memory that does not hold two batches is an error that says so", () => {
    expect(() => new ImageReader([set], 2, 4 * each - 1)).toThrow(UsageError);
    expect(() => new ImageReader([set], 2, 4 * each - 1)).toThrow(/--memory/);
  });

  test("a read that fails is the error of its step, not of one before it", async () => {
    const broken = onDisk(smallAssembly(20).test);
    const failure = new Error("gone");
    let reads = 0;
    const read = broken.pixels.read.bind(broken.pixels);
    broken.pixels.read = (indices) => (++reads === 3 ? Promise.reject(failure) : read(indices));
    let seen = 0;
    const all = async (): Promise<void> => {
      for await (const _ of new ImageReader([broken], 2).batches(orders)) {
        seen++;
        await setTimeout(5);
      }
    };
    await expect(all()).rejects.toBe(failure);
    expect(seen).toBe(2);
    await broken.pixels.close();
  });
});
