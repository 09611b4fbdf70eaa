// The example of one kernel in a page, bundled and opened in Chromium.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { oneModule } from "../../scripts/one-module.mjs";
import { root } from "../docs/markdown.ts";
import { chromiumProgram, useServedPages } from "./served-page.ts";

const folder = join(root, "examples", "kernel-in-a-page");
/** As a bundler of a page has it. */
const bundled = oneModule({
  target: "es2022",
  rolldownOptions: { input: join(folder, "page.ts"), output: { codeSplitting: false } },
});

test.runIf(chromiumProgram === undefined)("needs Chromium: apt-get install chromium", () => {
  console.warn(
    "examples/kernel-in-a-page was not opened: Chromium is not on this machine (apt-get install chromium)",
  );
});

describe.runIf(chromiumProgram !== undefined)("in Chromium", () => {
  let code = "";
  const pages = useServedPages((path) => {
    if (path === "/page.js") return code;
    if (path === "/index.html")
      return readFileSync(join(folder, "index.html"), "utf8").replace("./page.ts", "/page.js");
    throw new Error(path);
  });

  test("it computes, and says how near a plain loop it is", async () => {
    code = await bundled;
    const page = await pages().context.newPage();
    await page.goto(`${pages().origin}/`);
    await page.locator("#told", { hasNotText: "is computed" }).waitFor({ timeout: 50_000 });
    const said = await page.locator("#told").innerText();
    const [, worst] =
      /^Softmax of 1000 rows of 32: at most ([\d.e-]+) from a plain loop\.$/u.exec(said) ?? [];
    expect(Number(worst), said).toBeLessThan(1e-6);
  });

  test("and has no more of Tessera than the one kernel", async () => {
    const text = await bundled;
    expect(text).toContain("var<storage,read_write>y");
    expect(text).not.toMatch(/conv2d|batchNorm/u);
  });
});
