// What the numbers were measured on: nobody can compare them without it.

import { readFileSync } from "node:fs";
import { cpus, release, type } from "node:os";
import { fileURLToPath } from "node:url";
import type { AdapterTraits } from "@tessera-gpu/tessera";

/** The adapter, as WebGPU names it; the description holds the driver and its version. */
export interface AdapterRecord {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly isSoftware: boolean;
  readonly features: string[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  readonly versions: Record<string, string>;
}

export function adapterRecord(traits: AdapterTraits): AdapterRecord {
  const { name, vendor, architecture, description, isSoftware, features } = traits;
  return { name, vendor, architecture, description, isSoftware, features: [...features].sort() };
}

/** The repository's root, seen from bench/dist/harness. */
const root = new URL("../../..", import.meta.url);

const versionIn = (path: string): string =>
  (JSON.parse(readFileSync(fileURLToPath(new URL(path, root)), "utf8")) as { version: string }).version;

/** @param peers versions of what is compared with */
export function thisMachine(peers: Readonly<Record<string, string>>): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? "unknown",
    cores: processors.length,
    system: `${type()} ${release()}`,
    versions: {
      tessera: versionIn("package.json"),
      webgpu: versionIn("node_modules/webgpu/package.json"),
      node: process.versions.node,
      ...peers,
    },
  };
}
