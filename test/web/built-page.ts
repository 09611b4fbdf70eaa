// The page as `npm run web:build` makes it, in a browser: for tests. What it logs, and what it asks of other hosts, is kept.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll } from "vitest";
import { root } from "../entries/entries.ts";
import { useServedPages } from "./served-page.ts";

/** Small enough for SwiftShader. */
export const small = "images=64&epochs=6&size=16";

export interface BuiltPage {
  readonly origin: string;
  readonly context: BrowserContext;
  /** Its files are in `page`; anything may be written beside it. */
  readonly folder: string;
  /** Warnings, errors, and addresses of other hosts. */
  readonly troubles: string[];
}

/** Builds and serves the page for the tests of the current block. */
export function useBuiltPage(): () => BuiltPage {
  const folder = mkdtempSync(join(tmpdir(), "tessera-web-"));
  const troubles: string[] = [];
  const pages = useServedPages((path) => readFileSync(join(folder, "page", path)));
  beforeAll(async () => {
    await build({
      configFile: join(root, "web", "vite.config.ts"),
      logLevel: "silent",
      build: { outDir: join(folder, "page") },
    });
    const { origin, context } = pages();
    context.on("page", (page) => watch(page, origin, troubles));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => ({ ...pages(), folder, troubles });
}

/** Notes what a page complains of, and what it asks of another host. */
export function watch(page: Page, origin: string, troubles: string[]): void {
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
  });
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!/^(?:blob|data):/.test(url) && !url.startsWith(origin)) troubles.push(url);
  });
}

/** Words of an element. */
export const wordsOf = async (page: Page, id: string): Promise<string> =>
  (await page.textContent(`#${id}`)) ?? "";

/** Waits until it can train. */
export const ready = (page: Page): Promise<unknown> =>
  page.waitForSelector("#train:enabled", { timeout: 100_000 });

/** Waits until the line of its state begins so. */
export const said = (page: Page, start: string): Promise<void> =>
  page.locator("#state", { hasText: new RegExp(`^${start}`) }).waitFor({ timeout: 280_000 });
