// Checks the kernels and a training of ten steps in a runtime other than Node.
//
// usage: node scripts/runtimes/main.mjs deno|firefox|chromium [--every N]
//   --every N   every Nth sample of an operator alone; default 1, and 4 in Chromium, whose software adapter is slow
//
// environment: TESSERA_DENO, TESSERA_FIREFOX, TESSERA_CHROMIUM   the program, where it is not on the PATH
//
// Exit code 0: all equal. 1: something differs or did not end. 3: the runtime is not on this machine.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { oneModule } from "../one-module.mjs";
import { findRuntime, runtimes } from "./table.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const patience = 20 * 60_000;
/** Losses of two drivers part slowly: after ten steps by this much, relatively. */
const tolerance = 1e-4;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { every: { type: "string" } } });
const [name = ""] = positionals;
const runtime = runtimes[name];
if (runtime === undefined || positionals.length > 1) {
  console.error(`usage: node scripts/runtimes/main.mjs ${Object.keys(runtimes).join("|")} [--every N]`);
  process.exit(2);
}
const program = findRuntime(name);
if (program === undefined) {
  console.error(`${name} is not on this machine: ${runtime.install}, or name it in ${runtime.variable}`);
  process.exit(3);
}

/** Everything in one module, as a page loads it. */
const bundled = (entry) =>
  oneModule({ target: "es2022", lib: { entry: join(root, entry), formats: ["es"], fileName: "page" } });

const code = await bundled("test/runtimes/page.ts");
const folder = mkdtempSync(join(tmpdir(), "tessera-runtime-"));
const every = values.every ?? String(runtime.every);

const checked = await new Promise((resolve, reject) => {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (request.method === "GET") {
      const page = path === "/page.js";
      response.writeHead(200, { "content-type": page ? "text/javascript" : "text/html" });
      response.end(
        page ? code : '<!doctype html><title>Tessera</title><script type="module" src="/page.js"></script>',
      );
      return;
    }
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      response.end();
      const told = JSON.parse(body);
      if (path === "/progress") {
        if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${told}   `);
      } else finish(undefined, told);
    });
  });
  let child;
  const timer = setTimeout(() => finish(new Error("no result in 20 minutes")), patience);
  const finish = (error, result) => {
    clearTimeout(timer);
    server.close();
    server.closeAllConnections();
    child?.removeAllListeners("exit");
    // A browser is many processes, of which the first may be a script: all of them end.
    if (child?.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    if (error === undefined) resolve(result);
    else reject(error);
  };
  server.listen(0, "127.0.0.1", () => {
    const url = `http://127.0.0.1:${server.address().port}/?nth=${every}`;
    child = spawn(program, runtime.parameters({ folder, url }), {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    let errors = "";
    child.stderr.on("data", (data) => (errors += data));
    child.on("error", (error) => finish(error));
    child.on("exit", (status) =>
      finish(new Error(`${program} ended with ${status}: ${errors.slice(-2000)}`)),
    );
  });
}).finally(() => {
  if (process.stderr.isTTY) process.stderr.write("\n");
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

if (checked.error !== undefined) {
  console.error(`${name}: ${checked.error}`);
  process.exit(1);
}
const { trainTenInNode } = await import("./node-losses.mjs");
const expected = await trainTenInNode(bundled);
const worst = Math.max(
  ...checked.losses.map((loss, i) => Math.abs(loss - expected[i]) / Math.abs(expected[i])),
);
console.log(
  `${name}: ${checked.adapter} (${checked.description}); ${checked.features.join(", ") || "no optional features"}`,
);
console.log(
  `${checked.candidates} candidates in ${checked.seconds.parity.toFixed(0)} s, ${checked.wrong.length} differ from the reference`,
);
for (const line of checked.wrong.slice(0, 40)) console.log(`  ${line}`);
console.log(
  `ten steps in ${checked.seconds.training.toFixed(1)} s: ${checked.losses.map((loss) => loss.toFixed(6)).join(" ")}`,
);
console.log(
  `the same in Node: ${expected.map((loss) => loss.toFixed(6)).join(" ")}; apart by at most ${worst.toExponential(1)}`,
);
process.exitCode = checked.wrong.length === 0 && worst <= tolerance ? 0 : 1;
