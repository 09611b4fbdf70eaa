// `tessera predict --masks`: label maps at the size and in the place of their images, which a manifest reads back as they are.

import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Segmenter } from "../../src/assemble/segmenter.ts";
import { predictCommand } from "../../src/cli/commands/predict.ts";
import type { PredictOptions } from "../../src/cli/predict-options.ts";
import { readMask } from "../../src/data/masks/mask-file.ts";
import { writeTensorFile } from "../../src/interchange/safetensors.ts";
import { modelKind } from "../../src/interchange/tensor-file.ts";
import { readWeights } from "../../src/nn/weights.ts";
import { labelPng } from "../../src/pictures/label-png.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-masks-"));
const at = (...path: string[]): string => join(folder, ...path);
const network = { kind: "unet", inputChannels: 1, width: 4, levels: 2 } as const;
const image = { height: 16, width: 16, channels: 1 } as const;
/** Sizes as the files have them; the second one is turned by EXIF. */
const files = [
  { name: "one.png", height: 20, width: 30, orientation: 1 },
  { name: "deep/two.jpg", height: 24, width: 18, orientation: 6 },
] as const;

const options: Omit<PredictOptions, "masks"> = {
  ...{ dataRoot: folder, cache: at("cache"), device: "reference" },
  ...{ complete: false, logits: false, json: false, quiet: true, skipBad: false },
};

const manifest = (sources: string): string =>
  `task: segmentation\nclasses: [A, B]\nexclusive: true\n` +
  `image: { height: 16, width: 16, channels: 1, fit: pad }\nmodel: { backbone: unet, width: 4, levels: 2 }\n${sources}`;

beforeAll(async () => {
  for (const path of ["images/deep", "others/deep", "outlines/deep"])
    mkdirSync(at(path), { recursive: true });
  for (const { name, height, width, orientation } of files) {
    const pixels = Uint8Array.from(
      { length: height * width },
      (_, i) => (37 * i + 11 * Math.floor(i / width)) % 256,
    );
    await sharp(pixels, { raw: { height, width, channels: 1 } })
      .withMetadata({ orientation })
      .toFile(at("images", name));
    const [tall, wide] = orientation === 6 ? [width, height] : [height, width];
    const map = new Uint8Array(tall * wide).fill(254);
    map.fill(0, 0, 3 * wide); // A on top
    map.fill(255, tall * wide - wide); // nobody knows the lowest row
    const stem = name.replace(/\.\w+$/u, ".png");
    writeFileSync(at("outlines", stem), labelPng(map, { height: tall, width: wide, orientation }));
  }
  // Images to test on are others than those to train on.
  for (const { name } of files) copyFileSync(at("images", name), at("others", name));
  writeFileSync(at("list.csv"), `image\n${files.map(({ name }) => name).join("\n")}\n`);
  const list = "format: table, table: list.csv, images: images, image: image";
  writeFileSync(
    at("m.yaml"),
    manifest(
      `sources:\n  - { name: S, ${list}, masks: outlines, values: { 1: A }, ignore: [255] }\n` +
        `test: { name: T, ${list.replace("images: images", "images: others")}, masks: outlines, values: { 1: A, 2: B }, ignore: [255] }\n`,
    ),
  );
  using engine = await openEngine({ device: "reference" });
  const segmenter = new Segmenter(engine, { network, classes: 2, exclusive: [[0, 1]], seed: 3 });
  await writeTensorFile(at("model.safetensors"), modelKind, {
    record: {
      ...{ task: "segmentation", classes: ["A", "B"], exclusive: [[0, 1]], network, epoch: 1 },
      image: { ...image, mean: [0.5], deviation: [0.25], fit: "pad" },
      head: { kind: "queries", bias: "fc" },
      normalisation: { mean: [0.5], deviation: [0.25] },
    },
    tensors: await readWeights(segmenter),
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rowsOf = (file: string): Record<string, string>[] => parse(readFileSync(file), { columns: true });

describe("tessera predict --masks", () => {
  test("writes a map for each image in its geometry, with a legend, and a table of scores and areas", async () => {
    await predictCommand(at("model.safetensors"), [at("m.yaml")], { ...options, masks: at("out") });
    expect(readdirSync(at("out")).sort()).toEqual([
      "classes.csv",
      "images.csv",
      "manifest-lines.yaml",
      "masks",
    ]);
    const rows = rowsOf(at("out", "images.csv"));
    expect(rows.map(({ mask }) => mask)).toEqual(["masks/T/one.png", "masks/T/deep/two.png"]);
    for (const [i, { height, width, orientation }] of files.entries()) {
      const stored = await sharp(at("out", rows[i].mask)).metadata();
      expect([stored.height, stored.width, stored.orientation ?? 1]).toEqual([height, width, orientation]);
      const { values } = await readMask(at("out", rows[i].mask), false);
      for (const [k, name] of ["A", "B"].entries()) {
        const area = Array.from(values).filter((value) => value === k + 1).length;
        expect(rows[i][`${name} pixels`]).toBe(String(area));
        expect(Number(rows[i][name])).toBeGreaterThan(0);
      }
    }
    expect(rowsOf(at("out", "classes.csv")).map((row) => [row.number, row.class])).toEqual([
      ...[
        ["0", "background"],
        ["1", "A"],
        ["2", "B"],
        ["255", "ignored"],
      ],
    ]);
  });

  test("whose maps a manifest reads back: completing them with all classes known changes no pixel", async () => {
    await predictCommand(at("model.safetensors"), [at("m.yaml")], { ...options, masks: at("first") });
    const list =
      "format: table, table: list.csv, images: images, image: image, values: { 1: A, 2: B }, ignore: [255]";
    writeFileSync(at("back.yaml"), manifest(`test: { name: T, ${list}, masks: first/masks/T }\n`));
    await predictCommand(at("model.safetensors"), [at("back.yaml")], {
      ...{ ...options, masks: at("second"), complete: true, part: "test" },
    });
    for (const path of ["T/one.png", "T/deep/two.png"]) {
      expect(readFileSync(at("second/masks", path))).toEqual(readFileSync(at("first/masks", path)));
      const { values } = await readMask(at("second/provenance", path), false);
      expect(new Set(values)).toEqual(new Set([1]));
    }
  });

  test("--complete keeps what is given, adds only classes that the source does not outline, and says which is which", async () => {
    await predictCommand(at("model.safetensors"), [at("m.yaml")], {
      ...{ ...options, masks: at("whole"), complete: true, part: "train" },
    });
    let filled = 0;
    for (const path of ["one.png", "deep/two.png"]) {
      const given = await readMask(at("outlines", path), false);
      const whole = await readMask(at("whole/masks/S", path), false);
      const origins = await readMask(at("whole/provenance/S", path), false);
      expect([whole.height, whole.width]).toEqual([given.height, given.width]);
      for (const [i, value] of given.values.entries()) {
        const [made, origin] = [whole.values[i], origins.values[i]];
        if (value === 1) expect([made, origin]).toEqual([1, 1]);
        else if (value === 0) expect([made === 0 || made === 2, origin]).toEqual([true, 2]);
        else expect([made !== 255, origin]).toEqual([true, 3]);
        filled += Number(value === 0 && made === 2);
      }
    }
    expect(filled).toBeGreaterThan(0);
  });

  test("takes images of a folder, and one image file", async () => {
    await predictCommand(at("model.safetensors"), [], {
      ...{ ...options, images: at("images"), masks: at("folder") },
    });
    expect(
      rowsOf(at("folder", "images.csv"))
        .map(({ mask }) => mask)
        .sort(),
    ).toEqual([...["masks/deep/two.png", "masks/one.png"]]);
    await predictCommand(at("model.safetensors"), [], {
      ...{ ...options, images: at("images/one.png"), masks: at("single") },
    });
    expect(readFileSync(at("single/masks/one.png"))).toEqual(readFileSync(at("folder/masks/one.png")));
  });

  test("refuses a folder that is not empty, unless it is forced", async () => {
    mkdirSync(at("full"), { recursive: true });
    writeFileSync(at("full", "mine.txt"), "");
    const run = (force: boolean): Promise<void> =>
      predictCommand(at("model.safetensors"), [at("m.yaml")], { ...options, masks: at("full"), force });
    await expect(run(false)).rejects.toThrow(/the folder is not empty; choose another, or add --force/u);
    await run(true);
    expect(readdirSync(at("full"))).toContain("mine.txt");
  });

  test("--complete without --masks says what to do", async () => {
    await expect(
      predictCommand(at("model.safetensors"), [at("m.yaml")], {
        ...options,
        complete: true,
        out: at("t.csv"),
      }),
    ).rejects.toThrow("--complete of a segmenter completes label maps: name a folder for them with --masks");
  });
});
