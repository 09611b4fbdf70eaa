// Ten steps of training in a browser give Node's losses: on another driver to 1e-4. On one driver they are equal bit for bit, which
// docs/browser.md says how to check.

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { oneModule } from "../../scripts/one-module.mjs";
import { openEngine } from "../../src/index.ts";
import { root } from "../entries/entries.ts";
import { trainTen } from "../runtimes/checks.ts";
import { chromiumProgram, useServedPages } from "./served-page.ts";

describe.runIf(chromiumProgram !== undefined)("ten steps of training in Chromium", () => {
  let code = "";
  const pages = useServedPages((path) =>
    path === "/checks.js" ? code : "<!doctype html><title>Ten steps</title>",
  );

  test("have Node's losses within 1e-4", async () => {
    code = await oneModule({
      target: "es2022",
      lib: { entry: join(root, "test", "runtimes", "checks.ts"), formats: ["es"], fileName: "checks" },
    });
    const page = await pages().context.newPage();
    await page.goto(`${pages().origin}/index.html`);
    // As text, since what the test's own bundler makes of an import is none in a page.
    const there: number[] = await page.evaluate(
      `import("/checks.js").then(async ({ openEngine, trainTen }) => trainTen(await openEngine({ device: "webgpu" })))`,
    );
    using engine = await openEngine({ device: "webgpu" });
    const here = await trainTen(engine);
    expect(there).toHaveLength(10);
    expect(new Set(there).size).toBe(10);
    here.forEach((loss, i) => {
      expect(Math.abs((there[i] ?? NaN) - loss) / Math.abs(loss), `step ${i + 1}`).toBeLessThan(1e-4);
    });
  }, 400_000);
});
