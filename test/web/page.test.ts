// The page in a real browser: it trains, stops, goes on after it was closed, classifies, and its model is one that `tessera predict` reads;
// nothing is asked of another host, and the console stays silent. Where Chromium is not on this machine, `npm run test:chromium` says
// what to install.

import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";
import { beforeAll, describe, expect, test } from "vitest";
import { runRecordSchema } from "../../src/runs/run-record.ts";
import { root } from "../entries/entries.ts";
import { ready, said, small, useBuiltPage, wordsOf } from "./built-page.ts";
import { chromiumProgram } from "./served-page.ts";

describe.runIf(chromiumProgram !== undefined)("the page in Chromium", () => {
  const built = useBuiltPage();
  let page: Page;
  beforeAll(async () => {
    page = await built().context.newPage();
  });
  /** A file of 16 x 16 greys. */
  const grey = (): string => {
    const image = new PNG({ width: 16, height: 16 });
    for (let i = 0; i < 256; i++) image.data.set([...Array<number>(3).fill((i * 37) % 256), 255], 4 * i);
    const file = join(built().folder, "image.png");
    writeFileSync(file, PNG.sync.write(image));
    return file;
  };
  const text = (id: string): Promise<string> => wordsOf(page, id);

  test("opens, and says on what it computes", async () => {
    await page.goto(`${built().origin}/?${small}`);
    await ready(page);
    expect(await text("adapter")).toBe("google swiftshader");
    expect(await page.locator("#grid .known").count()).toBe(8);
    expect(await page.locator("#examples canvas").count()).toBe(12);
  });

  test("labels that are taken away stand in its address, and come back", async () => {
    const nodule = page.locator("#grid thead button", { hasText: "nodule" });
    await nodule.click();
    expect(await page.locator("#grid .known").count()).toBe(7);
    expect(page.url()).toContain("a=011100");
    await page.locator('[aria-label="hospital A has no labels of nodule"]').click();
    expect(page.url()).not.toContain("a=");
  });

  test("says before it trains what that takes, by steps that it has measured", async () => {
    await page
      .locator("#estimate", { hasText: /by \d+ steps measured here\.$/ })
      .waitFor({ timeout: 180_000 });
    const [, seconds = "", megabytes = ""] =
      /^Training takes about (\d+) s and (\d+) MB of graphics memory: /.exec(await text("estimate")) ?? [];
    expect(Number(seconds)).toBeGreaterThan(1);
    // Three models of 8,000 weights, with activations of 32 images of 16 x 16.
    expect(Number(megabytes)).toBeGreaterThan(2);
    expect(Number(megabytes)).toBeLessThan(40);
  }, 200_000);

  test("stops, and goes on after it was closed, to models that are better than chance", async () => {
    await page.click("#train");
    await page.waitForSelector("#auc-chart svg", { timeout: 100_000 });
    // An image is classified by what there is so far.
    await page.setInputFiles("#files", grey());
    await page.locator("#classified", { hasText: "as far as it has learned" }).waitFor({ timeout: 60_000 });
    await page.click("#stop");
    await said(page, "Stopped");
    await page.reload();
    await ready(page);
    await page.click("#go-on");
    await said(page, "Done");
    expect(await text("trouble")).toBe("");
    const means = await page.locator("#auc tfoot td").allTextContents();
    expect(means).toHaveLength(3);
    expect(Math.max(...means.map(Number))).toBeGreaterThan(0.58);
    expect(await text("gain")).toMatch(/^Both together: [+−]\.\d{3} AUC/);
    expect(await page.locator("#similarities td").count()).toBeGreaterThan(36);
    // Also of the epochs before it was closed.
    expect(await page.locator("#auc-chart circle").count()).toBe(18);
  }, 400_000);

  test("a graphics device that is lost is replaced, and the training goes on to the same models", async () => {
    const results = await page.locator("#auc tbody td").allTextContents();
    await page.click("#train");
    await page.locator("#said", { hasText: /^Epoch [23]/ }).waitFor({ timeout: 200_000 });
    const browser = await page.context().browser()?.newBrowserCDPSession();
    const { processInfo = [] } = (await browser?.send("SystemInfo.getProcessInfo")) ?? {};
    const gpu = processInfo.find(({ type }) => type === "GPU");
    process.kill(gpu?.id ?? NaN, "SIGKILL");
    await page.locator("#notice", { hasText: "The graphics device was lost" }).waitFor({ timeout: 60_000 });
    await said(page, "Done");
    expect(await text("trouble")).toBe("");
    expect(await page.locator("#auc tbody td").allTextContents()).toEqual(results);
  }, 400_000);

  test("its model is one that tessera predict reads, to the same probabilities", async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click('[data-download="model.safetensors"]'),
    ]);
    const model = join(built().folder, "model.safetensors");
    await download.saveAs(model);
    const file = grey();
    await page.setInputFiles("#files", file);
    await page
      .locator("#classified", { hasText: "The model of both, assembled says" })
      .waitFor({ timeout: 60_000 });
    const shown = new Map(
      [...(await text("classified")).matchAll(/(\w+) ([\d.]+)(?=[,.])/g)].map(([, name = "", value = ""]) => [
        name,
        Number(value),
      ]),
    );
    expect(shown.size).toBe(6);
    const main = join(root, "dist", "cli", "main.js");
    const out = join(built().folder, "predicted.csv");
    await promisify(execFile)(process.execPath, [
      main,
      "predict",
      model,
      file,
      "--out",
      out,
      "--device",
      "reference",
      "--quiet",
    ]);
    const [header = "", row = ""] = readFileSync(out, "utf8").split("\n");
    const cells = row.split(",");
    for (const [at, name] of header.split(",").entries()) {
      const value = shown.get(name);
      if (value !== undefined) expect(Math.abs(value - Number(cells[at])), name).toBeLessThan(0.0051);
    }
  }, 120_000);

  test("its report and its record are those of a run folder", async () => {
    const text = async (name: string): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent("download", { timeout: 100_000 }),
        page.click(`[data-download="${name}"]`),
      ]);
      const file = join(built().folder, name);
      await download.saveAs(file);
      return readFileSync(file, "utf8");
    };
    const record = runRecordSchema.parse(JSON.parse(await text("run.json")));
    expect(record).toMatchObject({ device: "webgpu", adapter: "google swiftshader", seed: 1 });
    expect(record.classes).toHaveLength(6);
    expect(record.settings).toMatchObject({ epochs: 6, batch: 32 });
    const report = await text("report.html");
    expect(report).toContain('<h2 id="results">Results on the test images</h2>');
    expect(report).toContain('<h2 id="mistakes">Confident mistakes</h2>');
    expect(report.match(/<svg/g)?.length).toBeGreaterThan(4);
  }, 200_000);

  test("a file that is no image is refused in the page, in a sentence", async () => {
    const file = join(built().folder, "words.txt");
    writeFileSync(file, "no image");
    await page.setInputFiles("#files", file);
    await page.waitForSelector("#own-trouble:not([hidden])");
    expect(await text("own-trouble")).toBe(
      "words.txt: is neither PNG, JPEG, WebP nor BMP: it looks like text. Drop a PNG, a JPEG or a WebP, or a folder to learn from",
    );
  });

  test("nothing was asked of another host, and the console stayed silent", () => {
    expect(built().troubles).toEqual([]);
  });
});
