// What a run was made with: versions, commit, adapter; and whether it goes on with the same.

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { bringsWebGpu, runtimeName } from "../device/home.ts";
import { version } from "./package-info.ts";
import type { AnyRecord } from "./run-record.ts";

/** The versions and the commit that a result was made with. */
export async function provenance(): Promise<Pick<AnyRecord, "versions" | "commit">> {
  const versions = {
    ...{ tessera: version, runtime: runtimeName(), node: process.versions.node },
    webgpu: bringsWebGpu() ? null : webgpuVersion(),
  };
  return { versions, commit: await commit() };
}

/** The version of the package webgpu. */
export function webgpuVersion(): string | null {
  try {
    const { version: found } = createRequire(import.meta.url)("webgpu/package.json") as { version: string };
    return found;
  } catch {
    return null; // it is not installed, or hides its package.json
  }
}

/** The commit of the working folder; null where there is no git, or no repository. */
async function commit(): Promise<string | null> {
  const git = async (...parameters: readonly string[]): Promise<string> =>
    (await promisify(execFile)("git", parameters, { timeout: 2000 })).stdout.trim();
  try {
    const head = await git("rev-parse", "HEAD");
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return changes === "" ? head : `${head} with changes`;
  } catch {
    return null;
  }
}

/** Warns where a run goes on with another adapter or driver than it was begun with. */
export function compareAdapters(
  before: Pick<AnyRecord, "adapter" | "driver">,
  now: Pick<AnyRecord, "adapter" | "driver">,
  warn: (text: string) => void,
): void {
  if (before.adapter === now.adapter && before.driver === now.driver) return;
  warn(
    `warning: the run was begun on ${before.adapter} (${before.driver}) and goes on on ${now.adapter} (${now.driver}): its ` +
      "numbers will differ in their last digits from those of a run that did not move",
  );
}
