// `tessera train` on image files: what it says of sources, decoding and skipped images, and training from the cache.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pixelsOf, png, range, temporaryFolder } from "../data/cache/pictures.ts";
import { own, runBuilt, type Ended } from "./built.ts";

const manifest = `
classes: [cat, dog]
image: { height: 64, width: 64, channels: 1, mean: 0.5, deviation: 0.25 }
sources:
  - name: pets
    format: folder
    folder: pets
    split: { by: image, train: 0.8, test: 0.2 }
model: { stem: { features: 8, kernel: 3, stride: 2 }, blocks: [1], growth: 4 }
train: { epochs: 1, batch: 32, warmupEpochs: 1, sampling: balanced }
`;

/** Two classes of 40 images each, of which two are no images. */
function pets(): string {
  const folder = temporaryFolder();
  for (const [at, name] of ["cat", "dog"].entries()) {
    mkdirSync(join(folder, "pets", name), { recursive: true });
    for (const i of range(40)) {
      const pixels = pixelsOf(40 * at + i, 64 * 64);
      writeFileSync(join(folder, "pets", name, `${i + 10}.png`), png(pixels, { height: 64, width: 64 }));
    }
  }
  for (const file of ["cat/20.png", "dog/30.png"]) writeFileSync(join(folder, "pets", file), "no image");
  writeFileSync(join(folder, "pets.yaml"), manifest);
  return folder;
}

const train = (folder: string, out: string, ...more: string[]): Promise<Ended> =>
  runBuilt(folder, [
    ...["train", "pets.yaml", "--data-root", ".", "--out", out, "--device", "reference"],
    ...more,
  ]);

test("bad images are an error that says how to go on; skipped they are listed, and the rest is trained on", async () => {
  const folder = pets();
  const refused = await train(folder, "refused");
  expect(refused.code).toBe(2);
  expect(own(refused.errors)).toMatch(/cat\/20\.png: is neither PNG, JPEG.*--skip-bad/);

  const skipped = await train(folder, "skipped", "--skip-bad");
  expect([skipped.code, skipped.errors]).toEqual([
    0,
    expect.stringMatching(/skipped 2 of 80 images:\n {2}.*20\.png/),
  ]);
  expect(skipped.errors).toMatch(/source +train +validation +test/);
  expect(skipped.errors).toMatch(/image files decoded in [\d.]+ s, \d+ images\/s; \d+ found in the cache/);
  const summary = JSON.parse(readFileSync(join(folder, "skipped", "summary.json"), "utf8")) as {
    skipped: string[];
    decoded: { images: number; fromCache: number };
  };
  expect(summary.skipped).toHaveLength(2);
  expect(summary.decoded.images + summary.decoded.fromCache).toBe(78);

  const again = await train(folder, "again", "--skip-bad", "--quiet");
  expect([again.code, own(again.errors)]).toEqual([0, ""]);
  const metrics = (out: string): string => readFileSync(join(folder, out, "metrics.jsonl"), "utf8");
  expect(metrics("again")).toBe(metrics("skipped"));
});

test("a memory that is none is refused, and a plan counts the images that stay on the device", async () => {
  const folder = pets();
  for (const memory of ["lots", "1", "2TiB"]) {
    const { code, errors } = await train(folder, "none", "--memory", memory);
    expect([code, errors]).toEqual([2, expect.stringContaining("--memory takes")]);
  }
  const plan = await runBuilt(folder, [
    "plan",
    "pets.yaml",
    "--images",
    "1000",
    "--memory",
    "1GiB",
    "--json",
  ]);
  expect((JSON.parse(plan.output) as { residentBytes: number }).residentBytes).toBe(1000 * (64 * 64 + 2));
});

test("a source whose folder is wrong: inspect reports the others, and training says which one and where", async () => {
  const folder = pets();
  const zoo = `
  - name: zoo
    format: table
    table: zoo.csv
    images: pets/dog
    image: image
    label: animal
    knows: [dog]`;
  writeFileSync(
    join(folder, "zoo.csv"),
    `image,animal\n${range(4)
      .map((i) => `no${i}.png,dog`)
      .join("\n")}\n`,
  );
  writeFileSync(join(folder, "pets.yaml"), manifest.replace("\nmodel:", `${zoo}\nmodel:`));
  const { output, errors, code } = await runBuilt(folder, [
    ...["inspect", "pets.yaml", "--data-root", ".", "--device", "reference", "--skip-bad", "--quiet"],
    ...["--sheets", "sheets", "--views", "views.png"],
  ]);
  expect(output).toMatch(/pets: 64 train, 16 test images/);
  expect(output).toMatch(/4 images of "zoo" \(train\) cannot be decoded/);
  const reason =
    /zoo: none of its 4 train images can be decoded: is \S*pets.dog where they are\? The first: .*no0\.png/;
  expect([code, own(errors)]).toEqual([2, expect.stringMatching(reason)]);
  const trained = await train(folder, "out", "--skip-bad", "--quiet");
  expect([trained.code, own(trained.errors)]).toEqual([2, expect.stringMatching(reason)]);
});

test("a memory that does not hold two batches is refused before anything is decoded", async () => {
  const folder = pets();
  const large = manifest.replace("height: 64, width: 64", "height: 1024, width: 1024");
  writeFileSync(join(folder, "pets.yaml"), large);
  const { code, errors } = await train(folder, "out", "--memory", "16MiB");
  expect([code, own(errors)]).toEqual([
    2,
    expect.stringMatching(/^error: two batches of 32 images are 64\.0 MiB and --memory allows 16\.0/),
  ]);
  expect(existsSync(join(folder, "images"))).toBe(false);
});

test("images of arrays are counted as such, and files of two entries are not taken for them", async () => {
  const folder = pets();
  const dogs = range(40)
    .map((i) => `${i + 10}.png`)
    .filter((name) => name !== "30.png");
  writeFileSync(
    join(folder, "dogs.csv"),
    ["image,animal", ...dogs.map((name) => `${name},dog`), ""].join("\n"),
  );
  writeFileSync(join(folder, "train.txt"), dogs.slice(8).join("\n"));
  writeFileSync(join(folder, "test.txt"), dogs.slice(0, 8).join("\n"));
  const entry = (name: string): string =>
    `  - { name: ${name}, format: table, table: dogs.csv, images: pets/dog, image: image, label: animal, ` +
    "split: { by: list, train: train.txt, test: test.txt } }\n";
  const [before] = manifest.split("  - name: pets");
  const two = `${before.replace("cat, dog", "dog")}${entry("one")}${entry("two")}`;
  writeFileSync(join(folder, "pets.yaml"), two);
  const inspect = ["inspect", "pets.yaml", "--data-root", ".", "--device", "reference"];
  const { output } = await runBuilt(folder, [...inspect, "--quiet"]);
  expect(output).not.toMatch(/came from array files/);
  const { output: json } = await runBuilt(folder, [...inspect, "--quiet", "--json"]);
  expect(JSON.parse(json)).toMatchObject({ decoding: { fromArrays: 0, fromCache: 39 } });
});
