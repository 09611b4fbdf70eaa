// The steps of scripts/setup.mjs in order, and what a person sees of them. Apart from the entry file because
// this one may use the syntax of the Node that it needs.

import { spawnSync } from "node:child_process";
import { findAdapter } from "./adapter.mjs";
import { installDependencies, stalenessOf } from "./dependencies.mjs";
import { installDriver, planDriver, readAptSources, readOsRelease } from "./driver.mjs";
import { say, seconds, SetupError } from "./terminal.mjs";

const usage = "usage: node scripts/setup.mjs [--adapter required|optional]";

/** @param {string} root the project's folder @param {string[]} args command line arguments */
export async function main(root, args) {
  const start = performance.now();
  let adapterOptional = false;
  try {
    adapterOptional = parse(args) === "optional";
    const stale = stalenessOf(root);
    if (stale) await installDependencies(root, stale);
    const adapter = await ensureAdapter(root);
    say(`ready: dependencies are current, WebGPU adapter: ${adapter} (${seconds(start)})`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    if (error.aboutAdapter && adapterOptional) {
      say(`warning: ${error.message}`);
      for (const line of error.details) say(`  ${line}`);
      say(`ready without a WebGPU adapter: this will run on the CPU reference backend (${seconds(start)})`);
      return;
    }
    say(error.message);
    for (const line of error.details) say(`  ${line}`);
    process.exitCode = 2;
  }
}

function parse(args) {
  if (args.length === 0) return "required";
  const [name, value, ...rest] = args.flatMap((arg) => arg.split("="));
  if (name !== "--adapter" || !["required", "optional"].includes(value) || rest.length > 0)
    throw new SetupError(`unknown arguments "${args.join(" ")}"; ${usage}`);
  return value;
}

/** The adapter's name, after installing a driver where that is possible and needed. */
async function ensureAdapter(root) {
  const found = findAdapter(root);
  if (found.adapter) return found.adapter;
  if (found.bindingError)
    // No driver helps when the binding itself does not load: too old a C library, musl, another architecture.
    throw new SetupError(
      "the webgpu package (Dawn for Node) does not load on this system; it has builds for macOS, Windows and glibc Linux (Debian 12 or Ubuntu 22.04 and newer), x64 and arm64",
      { details: [found.bindingError], aboutAdapter: true },
    );

  const uid = process.getuid?.() ?? -1;
  const plan = planDriver({
    platform: process.platform,
    osRelease: readOsRelease(),
    sources: readAptSources(),
    uid,
    passwordlessSudo: uid > 0 && spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0,
    environment: process.env,
    command: `${process.execPath} scripts/setup.mjs`,
  });
  if (plan.kind === "manual")
    throw new SetupError(`no WebGPU adapter: ${plan.advice}`, {
      details: found.reasons.map((reason) => `Dawn says: ${reason}`),
      aboutAdapter: true,
    });

  const version = await installDriver(plan);
  const after = findAdapter(root);
  if (after.adapter) return after.adapter;
  throw new SetupError(
    `Mesa ${version} was installed, but Dawn still finds no WebGPU adapter; look at the output of "vulkaninfo --summary" (package vulkan-tools)`,
    { details: after.reasons.map((reason) => `Dawn says: ${reason}`), aboutAdapter: true },
  );
}
