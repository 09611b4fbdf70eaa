// The page in a real browser: it trains, stops, goes on after it was closed, classifies, and its model is one that `tessera predict` reads;
// nothing is asked of another host, and the console stays silent. Where Chromium is not on this machine, `npm run test:chromium` says
// what to install.

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../entries/entries.ts";
import { chromiumProgram, useServedPages } from "./served-page.ts";

/** Small enough for SwiftShader. */
const small = "images=64&epochs=6&size=16";

describe.runIf(chromiumProgram !== undefined)("the page in Chromium", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-web-"));
  const pages = useServedPages((path) => readFileSync(join(folder, "page", path)));
  let origin: string;
  let page: Page;
  const troubles: string[] = [];

  beforeAll(async () => {
    await build({
      configFile: join(root, "web", "vite.config.ts"),
      logLevel: "silent",
      build: { outDir: join(folder, "page") },
    });
    ({ origin } = pages());
    page = await pages().context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
    });
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("request", (request) => {
      if (!/^(?:blob|data):/.test(request.url()) && !request.url().startsWith(origin))
        troubles.push(request.url());
    });
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const text = async (id: string): Promise<string> => (await page.textContent(`#${id}`)) ?? "";
  const ready = (): Promise<unknown> => page.waitForSelector("#train:enabled", { timeout: 60_000 });
  const said = (start: string): Promise<unknown> =>
    page.locator("#state", { hasText: new RegExp(`^${start}`) }).waitFor({ timeout: 200_000 });

  test("opens, and says on what it computes", async () => {
    await page.goto(`${origin}/?${small}`);
    await ready();
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

  test("stops, and goes on after it was closed, to models that are better than chance", async () => {
    await page.click("#train");
    await page.waitForSelector("#auc-chart svg", { timeout: 100_000 });
    await page.click("#stop");
    await said("Stopped");
    await page.reload();
    await ready();
    await page.click("#go-on");
    await said("Done");
    expect(await text("trouble")).toBe("");
    const means = await page.locator("#auc tfoot td").allTextContents();
    expect(means).toHaveLength(3);
    expect(Math.max(...means.map(Number))).toBeGreaterThan(0.6);
    expect(await text("gain")).toMatch(/^Both together: [+−]\.\d{3} AUC/);
    expect(await page.locator("#similarities td").count()).toBeGreaterThan(36);
  }, 300_000);

  test("its model is one that tessera predict reads, to the same probabilities", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save-model")]);
    const model = join(folder, "model.safetensors");
    await download.saveAs(model);
    const image = new PNG({ width: 16, height: 16 });
    for (let i = 0; i < 256; i++) image.data.set([...Array<number>(3).fill((i * 37) % 256), 255], 4 * i);
    const file = join(folder, "image.png");
    writeFileSync(file, PNG.sync.write(image));
    await page.setInputFiles("#file", file);
    await page.waitForSelector("#classified p", { timeout: 60_000 });
    const shown = new Map(
      [...(await text("classified")).matchAll(/(\w+) ([\d.]+)(?=[,.])/g)].map(([, name = "", value = ""]) => [
        name,
        Number(value),
      ]),
    );
    expect(shown.size).toBe(6);
    const main = join(root, "dist", "cli", "main.js");
    const out = join(folder, "predicted.csv");
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

  test("a file that is no image is refused in the page, in a sentence", async () => {
    const file = join(folder, "words.txt");
    writeFileSync(file, "no image");
    await page.setInputFiles("#file", file);
    await page.waitForSelector("#trouble:not([hidden])");
    expect(await text("trouble")).toBe(
      "words.txt is no image that this browser can read: take a PNG, a JPEG or a WebP.",
    );
  });

  test("nothing was asked of another host, and the console stayed silent", () => {
    expect(troubles).toEqual([]);
  });
});
