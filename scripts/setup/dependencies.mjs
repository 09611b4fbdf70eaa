// Whether node_modules holds what package-lock.json asks for, and `npm ci` when it does not.
//
// npm ends every install by writing node_modules/.package-lock.json, the list of what it put there, and
// `npm ci` starts by deleting it: a missing list is an install that never ended. Comparing that list with the
// lock, rather than keeping a stamp of our own, accepts what a person installed with `npm install`.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { phase, run, SetupError, tellingLines } from "./terminal.mjs";

/**
 * Why the installed packages are not those of the lock, as part of a sentence; null when they are.
 *
 * `manifest` is package.json, `lock` package-lock.json, `installed` npm's list of what it installed or null, and
 * `versionOf` reads the version of the package in a folder (types: dependencies.d.mts).
 */
export function staleness({ manifest, lock, installed, versionOf, platform, arch }) {
  for (const group of ["dependencies", "devDependencies", "peerDependencies"])
    if (!sameRecord(manifest[group], lock.packages[""]?.[group]))
      return `the ${group} in package.json are not those of package-lock.json`;
  if (installed === null) return "no complete install is there";

  // node_modules copied or mounted from another system holds that system's native packages.
  for (const [location, row] of Object.entries(installed.packages))
    if (!allows(row.os, platform) || !allows(row.cpu, arch))
      return `${nameOf(location)} is not for ${platform} ${arch}`;

  for (const [location, row] of Object.entries(lock.packages)) {
    if (!location.startsWith("node_modules/") || row.link) continue;
    const present = installed.packages[location];
    if (!present) {
      // Optional packages are for other systems, or may fail to install: absence is no reason to try again.
      if (row.optional || row.devOptional) continue;
      return `${nameOf(location)} is missing`;
    }
    const version = versionOf(location);
    if (present.version !== row.version || version !== row.version)
      return `${nameOf(location)} is ${version ?? "missing"}, ${row.version} is asked for`;
    if (present.integrity !== row.integrity) return `${nameOf(location)} has other contents than asked for`;
  }
  return null;
}

/** An npm "os" or "cpu" list: names that are allowed, or with "!" names that are not. */
function allows(list, value) {
  if (!list) return true;
  const names = list.filter((name) => !name.startsWith("!"));
  return !list.includes(`!${value}`) && (names.length === 0 || names.includes(value));
}

function sameRecord(a = {}, b = {}) {
  return Object.keys({ ...a, ...b }).every((key) => a[key] === b[key]);
}

function nameOf(location) {
  return location.slice(location.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** {@link staleness} of the project in `root`. */
export function stalenessOf(root) {
  if (!existsSync(join(root, "node_modules"))) return "node_modules is missing";
  return staleness({
    manifest: readJson(join(root, "package.json")),
    lock: readJson(join(root, "package-lock.json")),
    installed: readJsonIfWhole(join(root, "node_modules", ".package-lock.json")),
    versionOf: (location) => readJsonIfWhole(join(root, location, "package.json"))?.version,
    platform: process.platform,
    arch: process.arch,
  });
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new SetupError(`${path} cannot be read (${error.message}); restore it, e.g. with "git checkout"`);
  }
}

function readJsonIfWhole(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

export async function installDependencies(root, reason) {
  // Development packages are always wanted: without them nothing can be built (NODE_ENV=production drops them).
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund"];
  await phase(`installing dependencies with npm ci (${reason})`, async () => {
    const { ok, output } = await run([...npm(), ...args], { cwd: root, shell: needsShell() });
    if (ok) return;
    throw new SetupError('"npm ci" failed; mend what it says and run the command again', {
      details: tellingLines(output),
    });
  });
}

/** The npm that started this script if one did, so that both are the same version; else the one on the path. */
function npm() {
  const script = npmScript();
  if (script) return [process.execPath, script];
  return [process.platform === "win32" ? "npm.cmd" : "npm"];
}

function npmScript() {
  const script = process.env.npm_execpath;
  return script?.endsWith("npm-cli.js") ? script : undefined;
}

/** Windows starts .cmd files only through a shell. */
function needsShell() {
  return process.platform === "win32" && !npmScript();
}
