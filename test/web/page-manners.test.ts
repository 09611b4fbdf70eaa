// The page as a visitor meets it: quick, still, silent, operable by keyboard, at work in a hidden tab, and honest where there is no
// WebGPU or no storage.

import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { chromium, type Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { ready, said, small, useBuiltPage, watch, wordsOf } from "./built-page.ts";
import { chromiumProgram } from "./served-page.ts";

/** As small as a training can be. */
const tiny = "images=32&epochs=2&size=16";

// What runs in the page is text: its types are not those of a test.

/** Notes how far things move without being asked to, and what. */
const watchLayout = `
  globalThis.moved = [];
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      const what = sources.map(({ node }) => node?.id || node?.nodeName);
      if (!hadRecentInput) moved.push(what.join(", ") + " by " + value.toFixed(4));
    }
  }).observe({ type: "layout-shift", buffered: true });
`;
const moved = (page: Page): Promise<string[]> => page.evaluate("moved");

/** Milliseconds until the largest thing was shown. */
const largestShown = (page: Page): Promise<number> =>
  page.evaluate(`new Promise((resolve) => {
    const told = (list) => resolve(list.getEntries().at(-1).startTime);
    new PerformanceObserver(told).observe({ type: "largest-contentful-paint", buffered: true });
  })`);

/** The name of what has the focus, and whether that is seen; nothing where the page itself has it. */
const focused = (page: Page): Promise<string | null> =>
  page.evaluate(`(() => {
    const at = document.activeElement;
    if (at === document.body) return null;
    const style = getComputedStyle(at.closest("label") ?? at);
    const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const name = at.closest("label")?.textContent ?? at.getAttribute("aria-label") ?? at.textContent;
    return name + (isSeen ? "" : " (no outline)");
  })()`);

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Milliseconds of computing of the longest task of a page's own thread, in a trace. Waiting for a core is no part of it. */
function longestTask(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const own = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  const tasks = traceEvents.filter(({ name, pid, tid }) => /RunTask$/.test(name) && own.has(`${pid}/${tid}`));
  expect(tasks.length).toBeGreaterThan(100);
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000));
}

describe.runIf(chromiumProgram !== undefined)("the page in Chromium, as a visitor", () => {
  const built = useBuiltPage();
  /** In a context of its own: nothing is kept of what other tests trained. */
  const newPage = async (): Promise<Page> => {
    const context = await built().context.browser()?.newContext();
    const page = await context?.newPage();
    if (page === undefined) throw new Error("the browser is closed");
    watch(page, built().origin, built().troubles);
    return page;
  };

  test("its code weighs at most 150 KB without the worker, compressed", () => {
    const assets = join(built().folder, "page", "assets");
    const names = readdirSync(assets);
    // What is loaded at once, and what that loads later; all but the worker.
    const [first = ""] = names.filter((name) => /^index-.*\.js$/.test(name));
    const pages = new Set(names.filter((name) => name.endsWith(".css")));
    const add = (name: string): void => {
      if (pages.has(name) || name.startsWith("main-")) return;
      pages.add(name);
      const code = readFileSync(join(assets, name), "utf8");
      for (const other of names) if (other.endsWith(".js") && code.includes(other)) add(other);
    };
    add(first);
    // The page's own, its style, and Plot.
    expect(pages.size).toBeGreaterThan(2);
    const weights = [...pages].map((name) => gzipSync(readFileSync(join(assets, name)), { level: 9 }).length);
    expect(weights.reduce((sum, each) => sum + each, 0)).toBeLessThan(150_000);
  });

  test("shows its largest element within a second", async () => {
    const times: number[] = [];
    // Other work of the machine may delay some of them.
    for (let i = 0; i < 5 && !times.some((time) => time < 1000); i++) {
      const page = await built().context.newPage();
      await page.goto(`${built().origin}/?device=reference&${tiny}`);
      times.push(await largestShown(page));
      await page.close();
    }
    expect(Math.min(...times)).toBeLessThan(1000);
  });

  test("nothing moves by itself and no task takes a tenth of a second while it trains, on a phone", async () => {
    const page = await newPage();
    await page.addInitScript({ content: watchLayout });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${built().origin}/?${small}`);
    await ready(page);
    await page.locator("#estimate", { hasText: "measured here." }).waitFor({ timeout: 100_000 });
    const browser = page.context().browser();
    await browser?.startTracing(page, {
      categories: ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"],
    });
    await page.click("#train");
    await said(page, "Done");
    const trace = (await browser?.stopTracing()) ?? Buffer.alloc(0);
    expect(await moved(page)).toEqual([]);
    expect(longestTask(trace)).toBeLessThan(100);
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    }
    await page.context().close();
  }, 400_000);

  test("nothing moves by itself on a desk", async () => {
    const page = await newPage();
    await page.addInitScript({ content: watchLayout });
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${built().origin}/?device=reference&${tiny}`);
    await ready(page);
    await page.click("#train");
    await said(page, "Done");
    expect(await moved(page)).toEqual([]);
    await page.context().close();
  }, 200_000);

  test("all of it is reached by keyboard, in order, with a visible focus", async () => {
    const page = await newPage();
    await page.goto(`${built().origin}/?device=reference&images=64&epochs=40&size=16`);
    await ready(page);
    const seen: string[] = [];
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      const found = await focused(page);
      if (found === null) break;
      seen.push(found);
    }
    expect(seen.filter((name) => name.endsWith("(no outline)"))).toEqual([]);
    // 6 findings, 2 hospitals and 12 cells.
    expect(seen.findIndex((name) => name === "Train")).toBe(20);
    expect(seen.slice(21)).toEqual(["choose files", "choose a folder"]);
    // A cell keeps the focus when it is changed.
    const cell = page.locator('[aria-label="hospital A has labels of mass"]');
    await cell.focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("Space");
    expect(await page.evaluate("location.search")).not.toContain("a=");
    expect(await focused(page)).toBe("hospital A has labels of mass");
    await page.locator("#train").focus();
    await page.keyboard.press("Enter");
    expect(await focused(page)).toBe("Stop");
    await page.keyboard.press("Enter");
    await said(page, "Stopped");
    await page.context().close();
  }, 200_000);

  test("a screen reader finds what there is, and hears how it goes", async () => {
    const page = await newPage();
    await page.goto(`${built().origin}/?device=reference&${tiny}`);
    await ready(page);
    const tree = await page.locator("body").ariaSnapshot();
    for (const line of [
      'heading "Who labels what" [level=2]',
      'button "hospital A has no labels of pneumothorax"',
      'progressbar "Progress of the training"',
      'columnheader "both, assembled"',
      'img "Losses of the models by step"',
    ])
      expect(tree).toContain(line);
    await page.evaluate(`
      globalThis.heard = [];
      const place = document.querySelector('[role="status"]#said');
      new MutationObserver(() => heard.push(place.textContent)).observe(place, { childList: true });
    `);
    await page.click("#train");
    await said(page, "Done");
    const heard: string[] = await page.evaluate("heard");
    expect(heard.map((line) => line.replace(/, mean AUC .*/, ""))).toEqual([
      "Drawing the radiographs …",
      "Epoch 1 of 2, both, assembled",
      "Epoch 2 of 2, both, assembled",
      "Done.",
    ]);
    await page.context().close();
  }, 200_000);

  test("its policy lets nothing out", async () => {
    const page = await (await built().context.browser()?.newContext())?.newPage();
    await page?.goto(`${built().origin}/?device=reference&${tiny}`);
    const refused = await page?.evaluate(`new Promise((resolve) => {
      document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
      fetch("http://localhost:9/").catch(() => undefined);
    })`);
    expect(refused).toBe("connect-src");
    await page?.context().close();
  });

  test("goes on in a tab that is hidden", async () => {
    const program = spawn(
      chromiumProgram ?? "",
      [
        ...["--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0"],
        `--user-data-dir=${join(built().folder, "profile")}`,
        "about:blank",
      ],
      { stdio: ["ignore", "ignore", "pipe"], detached: true },
    );
    try {
      const address = await new Promise<string>((resolve) => {
        let told = "";
        program.stderr.on("data", (data: Buffer) => {
          told += data.toString();
          const [, found] = /DevTools listening on (\S+)/.exec(told) ?? [];
          if (found !== undefined) resolve(found);
        });
      });
      // Else every page is told that it is in front.
      const browser = await chromium.connectOverCDP(address, { noDefaults: true });
      const [context] = browser.contexts();
      const page = context?.pages()[0];
      if (context === undefined || page === undefined) throw new Error("the browser has no tab");
      await page.goto(`${built().origin}/?device=reference&${tiny}`);
      await ready(page);
      await page.evaluate(`setTimeout(() => document.getElementById("train").click(), 2000)`);
      await (await context.newPage()).bringToFront();
      const state = (): Promise<string> =>
        page.evaluate(`document.visibilityState + ": " + document.getElementById("state").textContent`);
      const states: string[] = [];
      while (!states.at(-1)?.endsWith("Done.") && states.length < 200) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        states.push(await state());
      }
      expect(states.at(-1)).toBe("hidden: Done.");
      expect(states.every((each) => each.startsWith("hidden"))).toBe(true);
      await browser.close();
    } finally {
      if (program.pid !== undefined) process.kill(-program.pid, "SIGKILL");
    }
  }, 200_000);

  test("without WebGPU it says so and trains on the CPU; a full storage ends nothing", async () => {
    const browser = await chromium.launch({ executablePath: chromiumProgram ?? "", args: ["--no-sandbox"] });
    try {
      const { origin } = built();
      const context = await browser.newContext();
      const page = await context.newPage();
      const troubles: string[] = [];
      watch(page, origin, troubles);
      const session = await context.newCDPSession(page);
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 4000 });
      await page.goto(`${origin}/?${tiny}`);
      await ready(page);
      expect(await wordsOf(page, "adapter")).toBe("the CPU, in JavaScript: slow");
      expect(await wordsOf(page, "notice")).toMatch(
        /^It trains without WebGPU, much slower than on a graphics card: this browser has/,
      );
      await page
        .locator("#estimate", { hasText: / by \d+ steps measured here\.$/ })
        .waitFor({ timeout: 100_000 });
      await page.click("#train");
      await page
        .locator("#notice", {
          hasText:
            "The browser's storage is full: the training goes on, and what it learns is gone when this tab is closed.",
        })
        .waitFor({ timeout: 100_000 });
      await said(page, "Done");
      expect(await wordsOf(page, "trouble")).toBe("");
      expect(troubles).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 300_000);

  test("nothing was asked of another host, and the console stayed silent", () => {
    expect(built().troubles).toEqual([]);
  });
});
