// The page of the package that checks a GPU, in Chromium on its software adapter: on a few of the cases and shapes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { chromiumProgram, useServedPages } from "../web/served-page.ts";
import { usePackedKernels } from "./packed-kernels.ts";

const packed = usePackedKernels();

/** Of the whole list, what a software adapter does in seconds. */
const few = { cases: ["relu", "softmaxGradient", "adam"], shapes: ["sum"] };

/** A file of the package; below /wrong/ some values are others. */
function served(path: string): Buffer | string {
  const file = path.replace(/^\/(?:right|wrong)\//, "");
  if (file === "cases/index.json") {
    const index = JSON.parse(packed.text(file)) as { readonly operators: { readonly operator: string }[] };
    return JSON.stringify({
      operators: index.operators.filter(({ operator }) => few.cases.includes(operator)),
    });
  }
  if (file === "bench.json") {
    const list = JSON.parse(packed.text(file)) as { readonly operator: string }[];
    return JSON.stringify(list.filter(({ operator }) => few.shapes.includes(operator)));
  }
  const bytes = readFileSync(join(packed.folder, file));
  if (path.startsWith("/wrong/") && file === "cases/values.bin") {
    const [{ updates }] = JSON.parse(packed.text("cases/adam.json")) as [{ updates: { at: number }[] }];
    bytes.writeDoubleLE(1e3, updates[0]?.at ?? 0);
  }
  return bytes;
}

describe.runIf(chromiumProgram !== undefined)("the page in Chromium", () => {
  const pages = useServedPages(served);
  /** Opens the page. @param before a program that runs in it before its own */
  async function open(kind: "right" | "wrong", before = ""): Promise<Page> {
    const { context, origin } = pages();
    const page = await context.newPage();
    await page.addInitScript({ content: before });
    await page.goto(`${origin}/${kind}/check/index.html`);
    return page;
  }
  /** Waits until an expression of the page is true. */
  async function until(page: Page, expression: string): Promise<void> {
    for (let tries = 0; tries < 400; tries++) {
      if ((await page.evaluate(expression)) === true) return;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    const text = await page.evaluate("document.body.innerText");
    throw new Error(`never: ${expression}; the page says\n${String(text)}`);
  }
  const text = (page: Page, id: string): Promise<unknown> =>
    page.evaluate(`document.getElementById(${JSON.stringify(id)}).innerText`);
  const ready = "document.getElementById('start')?.disabled === false";
  const ended = "/^(?:Done|It did not)/.test(document.getElementById('status')?.innerText)";

  test("it is started by keys, says that all is right, times, and gives JSON", async () => {
    const requests: string[] = [];
    pages().context.on("request", (request) => requests.push(request.url()));
    const page = await open("right");
    await until(page, ready);
    expect(await text(page, "adapter")).toMatch(/swiftshader/i);
    // From the beginning of the page: three boxes, then the button.
    for (let i = 0; i < 4; i++) await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.id")).toBe("start");
    await page.keyboard.press("Enter");
    await until(page, ended);
    expect(await text(page, "status")).toBe("Done.");
    expect(await text(page, "verdict")).toMatch(/^\d+ candidates computed, all within their bounds\.$/);
    expect(await page.evaluate("document.querySelectorAll('#rows tr').length")).toBe(1);
    const result = JSON.parse(String(await page.evaluate("document.getElementById('json').value"))) as {
      readonly isWhole: boolean;
      readonly adapter: { readonly name: string };
      readonly cases: { readonly run: number; readonly differ: readonly unknown[] };
      readonly times: { readonly items: readonly { readonly median: number; readonly gigabytes: number }[] };
    };
    expect(result.isWhole).toBe(true);
    expect(result.adapter.name).toMatch(/swiftshader/i);
    expect(result.cases.run).toBeGreaterThan(20);
    expect(result.cases.differ).toEqual([]);
    expect(result.times.items.length).toBe(1);
    expect(result.times.items[0]?.gigabytes).toBeGreaterThan(0);
    const hosts = new Set(
      requests.filter((url) => !url.startsWith("data:")).map((url) => new URL(url).hostname),
    );
    expect([...hosts]).toEqual(["127.0.0.1"]);
  }, 180_000);

  test("it says what differs", async () => {
    const page = await open("wrong");
    await until(page, ready);
    await page.evaluate(
      "document.getElementById('with-times').click(); document.getElementById('start').click()",
    );
    await until(page, ended);
    expect(await text(page, "verdict")).toMatch(/^\d+ of \d+ candidates differ from the reference:$/);
    expect(await text(page, "differences")).toMatch(
      /^adam, .*, by \w+: input 0 is off by [\d.e+]+ times its bound/,
    );
  }, 180_000);

  test.each([
    {
      what: "no WebGPU",
      before: "Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined })",
      says: /^This browser has no WebGPU\./,
    },
    {
      what: "no secure context",
      before: "Object.defineProperty(globalThis, 'isSecureContext', { value: false })",
      says: /^This page is not in a secure context, where browsers hide WebGPU/,
    },
    {
      what: "no adapter",
      before: "GPU.prototype.requestAdapter = async () => null",
      says: /^The browser has WebGPU but gives no adapter/,
    },
    {
      what: "no device",
      before: "GPUAdapter.prototype.requestDevice = async () => { throw new Error('a reason') }",
      says: /^The adapter gives no device: a reason$/,
    },
    {
      what: "a missing file",
      before: "globalThis.fetch = async () => new Response('', { status: 404 })",
      says: /^The file manifest\.json of the package could not be loaded; serve the whole folder\.$/,
    },
  ])("$what is a sentence", async ({ before, says }) => {
    const page = await open("right", before);
    await until(page, "document.querySelector('#adapter .wrong') !== null");
    expect(await text(page, "adapter")).toMatch(says);
    expect(await page.evaluate("document.getElementById('start').disabled")).toBe(true);
  });

  test("a lost device is a sentence, and what was found until then is kept", async () => {
    const page = await open(
      "right",
      `const request = GPUAdapter.prototype.requestDevice;
       GPUAdapter.prototype.requestDevice = async function (...options) {
         return (globalThis.made = await request.apply(this, options));
       };`,
    );
    await until(page, ready);
    await page.evaluate("document.getElementById('start').click()");
    await until(page, "/\\d of/.test(document.getElementById('status').innerText)");
    await page.evaluate("made.destroy()");
    await until(page, ended);
    expect(await text(page, "adapter")).toMatch(/^The device was lost \(.*\): /);
    const result = JSON.parse(String(await page.evaluate("document.getElementById('json').value"))) as {
      readonly isWhole: boolean;
      readonly error: string;
      readonly cases: { readonly run: number; readonly differ: readonly unknown[] };
    };
    expect(result).toMatchObject({ isWhole: false, error: expect.stringContaining("lost") as string });
    expect(result.cases.differ).toEqual([]);
    expect(await page.evaluate("document.getElementById('start').disabled")).toBe(true);
  }, 60_000);
});
