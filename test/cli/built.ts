// The built command line, run as a process of its own.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

export const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** A folder for the processes of all tests of a file, gone after the last one. */
export function workingFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tessera-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * @param folder the process's working folder, and its cache: a tuning file of the user must not decide a test
 * @param onError told all of stderr so far whenever there is more
 */
export function runBuilt(
  folder: string,
  parameters: readonly string[],
  onError?: (text: string, kill: () => void) => void,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, TESSERA_CACHE: folder, ...environment };
    const child = spawn(process.execPath, [main, ...parameters], { cwd: folder, env });
    let output = "";
    let errors = "";
    child.stdout.on("data", (data) => (output += String(data)));
    child.stderr.on("data", (data) => {
      errors += String(data);
      onError?.(errors, () => child.kill("SIGINT"));
    });
    child.on("close", (code) => resolve({ code, output, errors }));
  });
}

/** Messages of the driver are not ours. */
export const own = (errors: string): string =>
  errors
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("Warning: max"))
    .join("\n");
