// Asks for a WebGPU adapter in a process of its own: Dawn and Vulkan drivers can crash, and a driver that was
// missing when Dawn loaded is not seen by that process later.

import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const probe = fileURLToPath(new URL("./adapter-probe.mjs", import.meta.url));

/**
 * @param {string} root the project's folder
 * @returns {{ adapter?: string, bindingError?: string, reasons: string[] }} the adapter's name; or why the
 *   webgpu package does not load; or neither, with Dawn's own reasons
 */
export function findAdapter(root) {
  const child = spawnSync(process.execPath, [probe], {
    cwd: root,
    encoding: "utf8",
    // lavapipe complains about every start without this variable.
    env: { ...process.env, XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir() },
    // It takes 0.2 s; a driver that hangs counts as none.
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const reasons = reasonsIn(child.stderr);
  if (child.signal) reasons.push(`the process that looked for an adapter was ended by ${child.signal}`);
  // The answer counts even when the process crashed after writing it.
  const answer = child.stdout.split("\n").find((line) => line.startsWith("{"));
  return { reasons, ...(answer ? JSON.parse(answer) : {}) };
}

/** Dawn's warnings without their stack traces and without remarks on working adapters. */
export function reasonsIn(stderr) {
  const lines = stderr
    .split("\n")
    .filter((line) => /^(warning|error): |exception|assert/i.test(line))
    .filter((line) => !line.includes("artificially reduced"))
    .map((line) => line.replace(/^warning: /i, "").trim());
  return [...new Set(lines)].slice(0, 4);
}
