// A browser for tests of pages: Chromium on its software adapter, and a server of what they are made of.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { chromium, type Browser, type BrowserContext } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { findRuntime } from "../../scripts/runtimes/table.mjs";

export const chromiumProgram = findRuntime("chromium");

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
};

export interface ServedPages {
  readonly origin: string;
  readonly context: BrowserContext;
}

/**
 * Serves and opens before the tests of the current block, and closes after them.
 * @param served the content of a path; what it throws is a file that there is not
 */
export function useServedPages(served: (path: string) => Buffer | string): () => ServedPages {
  let server: Server;
  let browser: Browser;
  let pages: ServedPages | undefined;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const { pathname } = new URL(
        (request.url ?? "/").replace(/\/(?=\?|$)/, "/index.html"),
        "http://localhost",
      );
      try {
        const body = served(pathname);
        response.writeHead(200, { "content-type": types[extname(pathname)] ?? "application/octet-stream" });
        response.end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({
      executablePath: chromiumProgram ?? "",
      args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
    });
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    pages = { origin, context: await browser.newContext({ acceptDownloads: true }) };
  });
  afterAll(async () => {
    await browser.close();
    server.close();
    server.closeAllConnections();
  });
  return () => {
    if (pages === undefined) throw new Error("the browser did not open");
    return pages;
  };
}
