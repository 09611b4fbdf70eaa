// Images of one's own on the page: whatever form they come in, they are learned from; what cannot be is refused in a sentence.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { idxBytes } from "../data/formats/idx-files.ts";
import { npy, npz } from "../data/formats/npz-files.ts";
import { ready, said, useBuiltPage, watch, wordsOf } from "./built-page.ts";
import { chromiumProgram } from "./served-page.ts";

const size = 16;

/** A bright bar, upright or lying, somewhere on noise: what tells two classes apart. */
function bar(i: number): Uint8Array {
  const at = 4 + ((i * 5) % 8);
  return Uint8Array.from({ length: size * size }, (_, pixel) => {
    const [x, y] = [pixel % size, Math.floor(pixel / size)];
    return Math.abs((i % 2 === 0 ? x : y) - at) < 2 ? 220 : (i * 31 + pixel * 97) % 60;
  });
}
const count = 64;
const bars = Array.from({ length: count }, (_, i) => bar(i));
const joined = Uint8Array.from(bars.flatMap((each) => [...each]));
const labels = Uint8Array.from(bars, (_, i) => i % 2);

function png(pixels: Uint8Array, width = size): Buffer {
  const image = new PNG({ width, height: pixels.length / width });
  pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
  return PNG.sync.write(image, { colorType: 0 });
}

describe.runIf(chromiumProgram !== undefined)("images of one's own on the page", () => {
  const built = useBuiltPage();
  let page: Page;
  beforeAll(async () => {
    const context = await built().context.browser()?.newContext();
    if (context === undefined) throw new Error("the browser is closed");
    page = await context.newPage();
    watch(page, built().origin, built().troubles);
  });
  afterAll(() => page.context().close());
  beforeEach(async () => {
    await page.goto(`${built().origin}/?device=reference&epochs=2&size=16`);
    await ready(page);
  });

  /** Writes files, and gives their paths. */
  const written = (folder: string, files: Readonly<Record<string, Uint8Array | string>>): string[] =>
    Object.entries(files).map(([name, content]) => {
      const file = join(built().folder, folder, name);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, content);
      return file;
    });
  /** What the page says of files. */
  const told = async (input: "files" | "folder", paths: string | readonly string[]): Promise<string> => {
    await page.setInputFiles(`#${input}`, typeof paths === "string" ? paths : [...paths]);
    const place = page.locator("#found:not([hidden]), #own-trouble:not([hidden])").first();
    await place.waitFor({ timeout: 60_000 });
    return (await place.textContent()) ?? "";
  };
  const classes = async (): Promise<string[]> => page.locator("#grid thead button").allTextContents();

  test("a folder a class is learned from, also after the tab was closed; mixed sizes and what is no image do not matter", async () => {
    // Enough epochs to be stopped among them.
    await page.goto(`${built().origin}/?device=reference&epochs=30&size=16`);
    await ready(page);
    written("folder", {
      ...Object.fromEntries(
        bars.map((pixels, i) => [`bars/${i % 2 ? "lying" : "upright"}/${i}.png`, png(pixels)]),
      ),
      "bars/lying/wide.png": png(new Uint8Array(40 * 24).fill(9), 40),
      "bars/lying/broken.png": "no image",
    });
    expect(await told("folder", join(built().folder, "folder", "bars"))).toBe(
      "bars: 66 images in 2 classes: lying 34, upright 32. The first is of 16 x 16 pixels; all are brought to 16 x 16, their middle " +
        "part, in grey. 54 are learned from, half of them in each hospital, and 11 are the test. Left out: 1, such as " +
        "bars/lying/broken.png: is neither PNG, JPEG, WebP nor BMP: it looks like text.",
    );
    expect(await classes()).toEqual(["lying", "upright"]);
    expect(await page.locator("#grid .known").count()).toBe(2);
    await page.locator('#examples canvas[aria-label="image 6 of hospital B"]').waitFor();
    await page.locator("#estimate", { hasText: /^Training takes about/ }).waitFor();
    await page.click("#train");
    await page.waitForSelector("#auc-chart svg", { timeout: 60_000 });
    await page.click("#stop");
    await said(page, "Stopped");
    await page.reload();
    await ready(page);
    await page.click("#go-on");
    await said(page, "Done");
    expect(await classes()).toEqual(["lying", "upright"]);
    expect(await wordsOf(page, "trouble")).toBe("");
    expect(await page.locator("#auc tbody tr").count()).toBe(2);
    await page.setInputFiles("#files", join(built().folder, "folder", "bars", "upright", "0.png"));
    await page.locator("#classified", { hasText: /upright 0\.\d\d/ }).waitFor({ timeout: 60_000 });
  }, 200_000);

  test("images with a table", async () => {
    const files = written("table", {
      ...Object.fromEntries(bars.map((pixels, i) => [`${i}.png`, png(pixels)])),
      "labels.csv": `image,upright,lying\n${bars.map((_, i) => `${i}.png,${1 - (i % 2)},${i % 2 || ""}`).join("\n")}\n`,
    });
    expect(await told("folder", join(files[0] ?? "", ".."))).toMatch(
      /^table: 64 images in 2 classes: upright 32, lying 32\. /,
    );
  });

  test("an IDX pair, an .npz and CIFAR batches", async () => {
    const idx = written("idx", {
      "train-images-idx3-ubyte": idxBytes([count, size, size], joined),
      "train-labels-idx1-ubyte": idxBytes([count], labels),
    });
    expect(await told("files", idx)).toMatch(/: 64 images in 2 classes: 0 32, 1 32\. /);
    await page.reload();
    await ready(page);
    const [archive = ""] = written("npz", {
      "bars.npz": npz({
        train_images: npy([count, size, size], joined),
        train_labels: npy([count, 1], labels),
      }),
    });
    expect(await told("files", archive)).toMatch(/^bars\.npz: 64 images in 2 classes/);
    await page.reload();
    await ready(page);
    const record = (i: number): Uint8Array =>
      Uint8Array.from([i % 10, ...new Uint8Array(3072).fill(25 * (i % 10))]);
    const batch = Uint8Array.from(Array.from({ length: 60 }, (_, i) => [...record(i)]).flat());
    expect(await told("files", written("cifar", { "data_batch_1.bin": batch }))).toMatch(
      /: 60 images in 10 classes: airplane 6, automobile 6, .* in colour\./,
    );
    expect(await classes()).toHaveLength(10);
  }, 100_000);

  test("what cannot be learned from is refused in a sentence", async () => {
    const one = written("one", { "only/0.png": png(bar(0)), "only/1.png": png(bar(1)) });
    expect(await told("folder", join(one[0] ?? "", "..", ".."))).toMatch(
      /holds images, but no folder a class: put the images of each class into a folder called after it/,
    );
    await page.reload();
    await ready(page);
    expect(await told("files", written("words", { "a.md": "a", "b.md": "b" }))).toMatch(
      /holds 2 files \("a\.md", "b\.md"\): give /,
    );
    await page.reload();
    await ready(page);
    expect(await told("files", written("broken", { "broken.npz": "no archive" }))).toMatch(/^broken\.npz/);
    await page.reload();
    await ready(page);
    expect(await told("files", written("alone", { "0.png": png(bar(0)) }))).toBe(
      "There is no model yet that could say anything of it: train first, or drop a model.safetensors",
    );
  }, 100_000);

  test("a model of another version is refused, and one of this version answers", async () => {
    await page.goto(`${built().origin}/?device=reference&images=32&epochs=1&size=16`);
    await ready(page);
    await page.click("#train");
    await said(page, "Done");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click('[data-download="model.safetensors"]'),
    ]);
    const model = join(built().folder, "mine.safetensors");
    await download.saveAs(model);
    await page.reload();
    await ready(page);
    expect(await told("files", model)).toMatch(
      /^mine\.safetensors answers now, for nodule, mass, .*\. Drop an image\.$/,
    );
    await page.setInputFiles("#files", written("alone", { "0.png": png(bar(0)) }));
    await page.locator("#classified", { hasText: /^mine\.safetensors says: / }).waitFor({ timeout: 60_000 });
    const other = join(built().folder, "other.safetensors");
    writeFileSync(
      other,
      readFileSync(model, "latin1").replace("tessera model 1", "tessera model 9"),
      "latin1",
    );
    await page.reload();
    await ready(page);
    expect(await told("files", other)).toMatch(
      /^other\.safetensors: is "tessera model 9", .*use the version of Tessera that wrote it$/,
    );
  }, 100_000);

  test("the console stayed silent", () => {
    expect(built().troubles).toEqual([]);
  });
});
