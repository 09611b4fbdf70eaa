// Packs what the project needs on a GPU machine that has neither Node nor a network into .gpu and .gl: `npm run gpu:pack`.
//
// usage: node scripts/gpu-check/pack.mjs                   after npm run build
//        node scripts/gpu-check/pack.mjs --quick FOLDER    into FOLDER/.gpu instead, in seconds and without a network: not
//                                                          compressed, no peers of the benchmarks, no Vulkan loader

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { neededFiles } from "./packages.mjs";
import { adapterTests, rehearsalTests } from "./stages.mjs";

/** Of the kit and the checkout together: services that lend a GPU often take 64 MiB at most, and the checkout goes along. */
const mostBytes = 60 * 2 ** 20;

/** What NVIDIA's driver needs of the system, by the archive in .gl; a GPU machine without a screen may lack it. */
const libraries = {
  vulkan: ["libvulkan1", "libegl1", "libglvnd0", "libopengl0", "libgl1", "libglx0", "libgles2"],
  x11: ["libx11-6", "libxext6", "libxcb1", "libxau6", "libxdmcp6", "libbsd0", "libmd0"],
};

/** What runs over there and is no dependency of the project: the test runner, and what the benchmarks import. */
const runners = ["vitest", "benchmark", "@resvg/resvg-js"];

const code = [
  ...["package.json", "tsconfig.json", "vitest.config.ts"],
  ...["dist", "src", "test", "shaders", "examples", "scripts", "bench/dist"],
];
const peersCode = [
  ...["dist", "package.json", "package-lock.json", "tfjs.mjs"],
  ...["jaxjs.mjs", "node_modules/@jax-js/jax"],
].map((name) => `bench/peers/${name}`);

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "tessera-pack-"));
try {
  process.chdir(root);
  await pack(parse(process.argv.slice(2)));
} catch (error) {
  console.error(`gpu:pack: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function parse(parameters) {
  if (parameters.length === 0) return { isQuick: false, folder: root };
  const [option, folder, ...rest] = parameters;
  if (option !== "--quick" || folder === undefined || rest.length > 0)
    throw new Error(`unknown arguments "${parameters.join(" ")}"; usage: pack.mjs [--quick FOLDER]`);
  return { isQuick: true, folder };
}

async function pack({ isQuick, folder }) {
  checkPlace();
  const gpu = join(folder, ".gpu");
  mkdirSync(gpu, { recursive: true });
  buildBench();
  if (!isQuick) await bundlePeers();

  const archive = isQuick ? archiveAs(gpu, "tar", []) : archiveAs(gpu, "tar.xz", ["-I", "xz -T0 -6"]);
  packNode(archive);
  packModules(archive);
  packCode(archive, isQuick);
  copyFileSync("scripts/gpu-check/run.sh", join(gpu, "run.sh"));
  if (isQuick) {
    tellSizes([gpu]);
    return;
  }
  const gl = join(folder, ".gl");
  packLibraries(gl);
  const kit = tellSizes([gpu, gl]);
  checkSize(kit);
}

function checkPlace() {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new Error(
      "pack on Linux x86-64: the kit brings Node and Dawn of this machine, and GPU machines are that",
    );
  for (const [path, remedy] of [
    ["node_modules/.package-lock.json", "npm ci"],
    ["dist/cli/main.js", "npm run build"],
  ]) {
    if (!existsSync(path)) throw new Error(`${path} is missing; run ${remedy} first`);
  }
  // Vitest runs the rest without a word when one of several names finds no test.
  const gone = [...adapterTests, ...rehearsalTests].filter((path) => !existsSync(path));
  if (gone.length > 0)
    throw new Error(`${gone.join(", ")}: no such tests; mend scripts/gpu-check/stages.mjs`);
}

function buildBench() {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "bench"], { stdio: "inherit" });
}

/** By the benchmarks' own installer and bundler, while there is a network. */
async function bundlePeers() {
  const { installPeers } = await import("../../bench/dist/harness/peers.js");
  installPeers();
  const { bundle } = await import("../../bench/peers/bundle.mjs");
  await bundle("bench/peers/dist/tfjs.cjs");
}

/**
 * A function that makes an archive in `folder`. An archive with a key is kept while the key stays the same: large parts
 * take minutes and seldom change.
 */
function archiveAs(folder, ending, options) {
  return (name, parameters, key) => {
    const [file, keyFile] = [join(folder, `${name}.${ending}`), join(folder, `${name}.key`)];
    const isCurrent = key !== undefined && existsSync(file) && existsSync(keyFile);
    if (isCurrent && readFileSync(keyFile, "utf8") === key) return;
    const partial = join(folder, `${name}.partial`);
    const owner = ["--sort=name", "--owner=0", "--group=0"];
    execFileSync("tar", [...owner, ...options, "-cf", partial, ...parameters], { stdio: "inherit" });
    rmSync(keyFile, { force: true });
    renameSync(partial, file);
    if (key !== undefined) writeFileSync(keyFile, key);
  };
}

function keyOf(...texts) {
  return createHash("sha256").update(texts.join("\n")).digest("hex");
}

function packNode(archive) {
  const { size, mtimeMs } = statSync(process.execPath);
  const renamed = ["--transform=s|.*|bin/node|", "-C", dirname(process.execPath), basename(process.execPath)];
  archive("node", renamed, keyOf(process.execPath, process.version, size, mtimeMs));
}

function packModules(archive) {
  const files = neededFiles(runners).join("\n");
  const list = join(scratch, "modules.list");
  writeFileSync(list, files);
  const installed = readFileSync("node_modules/.package-lock.json", "utf8");
  archive("modules", ["--no-recursion", "-T", list], keyOf(installed, files));
}

function packCode(archive, isQuick) {
  const folder = join(scratch, "code");
  mkdirSync(folder);
  writeFileSync(join(folder, "commit"), commit());
  if (!isQuick) {
    // The benchmarks compare what npm installed with their lock file, and make the bundle anew before each use.
    cpSync(
      "bench/peers/node_modules/.package-lock.json",
      join(folder, "bench/peers/node_modules/.package-lock.json"),
    );
    cpSync("scripts/gpu-check/packed-bundle.mjs", join(folder, "bench/peers/bundle.mjs"));
  }
  const files = [...code, ...(isQuick ? [] : peersCode)];
  archive("code", ["--exclude=*.map", "--exclude=*.d.ts", ...files, "-C", folder, "."]);
}

function commit() {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8", stdio: "pipe" });
  } catch {
    return "of no known commit";
  }
}

/** Libraries out of Debian's packages, unpacked here, so that the other machine needs no dpkg. */
function packLibraries(folder) {
  mkdirSync(folder, { recursive: true });
  const archive = archiveAs(folder, "tar.xz", ["-I", "xz -T0 -6"]);
  for (const [name, packages] of Object.entries(libraries)) {
    const key = keyOf(...packages);
    const keyFile = join(folder, `${name}.key`);
    if (existsSync(keyFile) && readFileSync(keyFile, "utf8") === key) continue;
    archive(name, ["-C", unpacked(name, packages), "usr/lib/x86_64-linux-gnu"], key);
  }
}

/** @returns the folder into which Debian's packages were unpacked */
function unpacked(name, packages) {
  const [downloads, folder] = [join(scratch, `${name}.deb`), join(scratch, name)];
  mkdirSync(downloads);
  mkdirSync(folder);
  const apt = (...parameters) =>
    execFileSync("apt-get", ["-qq", "-o", "APT::Sandbox::User=root", ...parameters], {
      cwd: downloads,
      stdio: "pipe",
    });
  try {
    apt("download", ...packages);
  } catch (error) {
    const [line] = String(error.stderr ?? error.message)
      .trim()
      .split("\n")
      .slice(-1);
    throw new Error(
      `apt-get could not download ${packages.join(" ")}; on a Debian or Ubuntu system, try "apt-get update" first (${line})`,
    );
  }
  for (const file of readdirSync(downloads))
    execFileSync("dpkg-deb", ["--extract", join(downloads, file), folder], { stdio: "inherit" });
  return folder;
}

function tellSizes(folders) {
  let sum = 0;
  for (const folder of folders) {
    for (const name of readdirSync(folder).sort()) {
      const { size } = statSync(join(folder, name));
      sum += size;
      if (size > 2 ** 10) console.log(`${mebibytes(size)}  ${join(basename(folder), name)}`);
    }
  }
  return sum;
}

/** @throws Error when the kit is too large to travel with the checkout */
function checkSize(kit) {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { encoding: "utf8" });
  const files = listed.split("\0").filter((file) => file !== "" && existsSync(file));
  const checkout = files.reduce((sum, file) => sum + lstatSync(file).size, 0);
  console.log(`${mebibytes(checkout)}  the checkout, without what git ignores`);
  console.log(`${mebibytes(kit + checkout)}  in all, of ${mebibytes(mostBytes).trim()}`);
  if (kit + checkout > mostBytes)
    throw new Error("too large: more than services that lend GPUs take; see above what has grown");
}

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1).padStart(6)} MiB`;
}
