// The packages of bench/peers: installed when they are missing, bundled where they expect a browser, and loaded.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { TorchPeer } from "./torch.ts";
import type { PeerModule } from "./work.ts";

/** bench/peers, seen from bench/dist/harness. */
export const peersFolder = fileURLToPath(new URL("../../peers", import.meta.url));

/**
 * Installs the peers when they are not there or are others than the lock file asks for. Install scripts are not run:
 * none of what is used needs one.
 * @throws when npm fails
 */
export function installPeers(): void {
  const lock = join(peersFolder, "package-lock.json");
  const installed = join(peersFolder, "node_modules", ".package-lock.json");
  if (existsSync(installed) && versions(installed) === versions(lock)) return;
  process.stderr.write("bench: installing what it compares with into bench/peers (about 100 MB, once) ...\n");
  const { status, stderr } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: peersFolder,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    throw new Error(
      `npm ci in bench/peers failed; check the network, or run with --no-peers\n${stderr.split("\n").slice(0, 5).join("\n")}`,
    );
  }
}

/** Names and versions in a lock file, or in npm's list of what it installed; packages for other systems left out. */
function versions(file: string): string {
  const { packages } = JSON.parse(readFileSync(file, "utf8")) as {
    packages: Record<string, { version?: string; optional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([location, row]) => location !== "" && row.optional !== true)
    .map(([location, row]) => `${location} ${row.version ?? ""}`)
    .sort()
    .join("\n");
}

/** gpu.js in one of its modes. */
export async function openGpuJs(mode: "cpu" | "webasm"): Promise<PeerModule> {
  const module = (await load("gpujs.mjs")) as { openGpuJs(mode: string): Promise<PeerModule> };
  return module.openGpuJs(mode);
}

/**
 * tfjs-backend-webgpu on the WebGPU that `gpu` is, with its default flags. Its packages expect a browser's bundler.
 */
export async function openTfjs(gpu: GPU): Promise<PeerModule> {
  const bundle = join(peersFolder, "dist", "tfjs.cjs");
  const builder = (await load("bundle.mjs")) as { bundle(output: string): Promise<void> };
  await builder.bundle(bundle);
  await actAsBrowser(gpu);
  const module = (await load("dist/tfjs.cjs")) as { default: { openTfjs(): Promise<PeerModule> } };
  return module.default.openTfjs();
}

/** jax-js on the WebGPU that `gpu` is. */
export async function openJaxJs(gpu: GPU): Promise<PeerModule> {
  await actAsBrowser(gpu);
  const module = (await load("jaxjs.mjs")) as { openJaxJs(): Promise<PeerModule> };
  return module.openJaxJs();
}

/** Peers on WebGPU look for it, and for names of its API, where browsers have them. */
async function actAsBrowser(gpu: GPU): Promise<void> {
  const { globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  const value = { gpu, userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value, configurable: true });
}

/** The peers that compute on WebGPU, by the name of their implementation. */
export const webGpuPeers = { "tfjs-webgpu": openTfjs, "jax-js": openJaxJs } as const;

export const isWebGpuPeer = (name: string): name is keyof typeof webGpuPeers =>
  Object.hasOwn(webGpuPeers, name);

async function load(name: string): Promise<unknown> {
  // What bench/peers holds is installed on demand and has no types, so that the compiler must not look for it.
  // eslint-disable-next-line no-restricted-syntax
  return import(pathToFileURL(join(peersFolder, name)).href);
}

/** Where PyTorch is looked for. */
const python = process.env["PYTHON"] ?? "python3";

/** PyTorch on the CPU, in a process of its own; undefined when python has no torch. */
export function openTorch(): PeerModule | undefined {
  const version = torchVersion();
  if (version === undefined) return undefined;
  return new TorchPeer(version, python, join(peersFolder, "torch-works.py"));
}

/** The version of torch that python has; undefined when it has none. */
function torchVersion(): string | undefined {
  try {
    const answer = execFileSync(python, ["-c", "import torch; print(torch.__version__)"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return answer.trim();
  } catch {
    return undefined;
  }
}
