// Published images.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { fitImage, readImage } from "../../../src/data/images/index.ts";
import type { DecodedImage } from "../../../src/data/images/index.ts";
import { dataRoot, withData } from "../real-data.ts";

const covid = join(dataRoot, "covid-chestxray/originals");
const chest = join(dataRoot, "chestxray14");
const ham = join(dataRoot, "ham10000-seg");

/** [height, width, channels]. */
const shape = ({ height, width, channels }: DecodedImage): number[] => [height, width, channels];

withData(["covid-chestxray/originals"], "the originals of the COVID-19 image collection", () => {
  test("all ten are read, each to the size that another decoder finds", async () => {
    const files = await readdir(covid);
    expect(files.length).toBe(10);
    for (const file of files) {
      const image = await (await readImage(join(covid, file))).decode();
      const { width, height } = await sharp(join(covid, file)).metadata();
      expect([image.height, image.width]).toEqual([height, width]);
      expect(image.pixels.length).toBe(image.height * image.width * image.channels);
    }
  });

  test("PNGs agree with another decoder in every pixel, a PNG called .jpg among them", async () => {
    for (const file of ["000001-12.jpg", "16745_6_1.png", "ARDSSevere.png", "thnov10p5641g006-c.png"]) {
      const image = await (await readImage(join(covid, file))).decode();
      const other = await sharp(join(covid, file))
        .flatten({ background: "black" })
        .toColourspace("srgb")
        .raw()
        .toBuffer();
      const pixels = await fitImage(image, { ...image, channels: 3 });
      expect(pixels.length).toBe(other.length);
      let furthest = 0;
      for (let i = 0; i < other.length; i++) furthest = Math.max(furthest, Math.abs(pixels[i] - other[i]));
      expect(furthest).toBeLessThanOrEqual(1);
    }
  });
});

withData(["chestxray14"], "ChestX-ray14", () => {
  test("originals are grey, 1024 x 1024 or 512 x 512", async () => {
    const shapes = [];
    for (const file of (await readdir(join(chest, "originals"))).sort()) {
      shapes.push(shape(await (await readImage(join(chest, "originals", file))).decode()));
    }
    expect(shapes).toEqual([
      [1024, 1024, 1],
      [1024, 1024, 1],
      [1024, 1024, 1],
      [512, 512, 1],
    ]);
  });

  test("all 1,000 small ones are grey, 64 x 64", async () => {
    const folder = join(chest, "images_64");
    const shapes = new Map<string, number>();
    for (const file of (await readdir(folder)).filter((name) => name.endsWith(".png"))) {
      const key = shape(await (await readImage(join(folder, file))).decode()).join(" ");
      shapes.set(key, (shapes.get(key) ?? 0) + 1);
    }
    expect([...shapes]).toEqual([["64 64 1", 1000]]);
  });
});

withData(["ham10000-seg"], "HAM10000", () => {
  test("all 210 photographs are RGB, 150 x 200, and the masks black and white", async () => {
    const photographs = (await readdir(join(ham, "images"))).filter((name) => name.endsWith(".jpg"));
    expect(photographs.length).toBe(210);
    for (const file of photographs) {
      expect(shape(await (await readImage(join(ham, "images", file))).decode())).toEqual([150, 200, 3]);
    }
    for (const file of (await readdir(join(ham, "masks")))
      .filter((name) => name.endsWith(".png"))
      .slice(0, 20)) {
      const mask = await (await readImage(join(ham, "masks", file))).decode();
      expect(shape(mask)).toEqual([150, 200, 1]);
      expect([...new Set(mask.pixels)].sort()).toEqual([0, 255]);
    }
  });
});
