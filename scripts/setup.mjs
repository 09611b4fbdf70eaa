// Makes a fresh clone ready to run; `npm run demo` and `npm test` call it first.
//
//   1. Node is new enough (package.json, "engines").
//   2. Dependencies: `npm ci` when node_modules is missing, cut short or older than package-lock.json.
//   3. A WebGPU adapter answers. If none does on Debian or Ubuntu, as root or with passwordless sudo,
//      Mesa's software Vulkan driver is installed with apt; elsewhere the message says what to install.
//
// usage: node scripts/setup.mjs [--adapter required|optional]
//   required (default)  no adapter: exit code 2
//   optional            no adapter: a warning, for commands that can run on the CPU reference backend
//
// environment: TESSERA_SETUP=no-system   look, but never touch the system's packages
//              VK_DRIVER_FILES=/none     (Linux) hides every Vulkan driver: a machine without an adapter
//
// This file keeps to syntax that old versions of Node can read, so that they reach the message about Node.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const range = JSON.parse(readFileSync(root + "package.json", "utf8")).engines.node;

/** Whether a version such as "20.19.0" satisfies a range of the one form that package.json uses, ">=20". */
function satisfies(version, minimum) {
  const have = version.split(".").map(Number);
  const need = minimum.replace(">=", "").trim().split(".").map(Number);
  for (let i = 0; i < need.length; i++) {
    if (have[i] !== need[i]) return have[i] > need[i];
  }
  return true;
}

if (satisfies(process.versions.node, range)) {
  import("./setup/main.mjs").then(({ main }) => main(root, process.argv.slice(2)));
} else {
  console.error(
    `setup: Tessera needs Node ${range} and this is Node ${process.versions.node}; install a newer Node and run the command again`,
  );
  process.exitCode = 2;
}
