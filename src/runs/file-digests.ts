// digests.json: the SHA-256 of what a run wrote when it ended, by which whoever reads it later sees that it was changed since. The
// model and the checkpoint have checksums of their own.

import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { RunFolderError } from "../errors/training-errors.ts";

export const digestFile = "digests.json";

const digest = z.string().regex(/^[0-9a-f]{64}$/u);
const digestsSchema = z.strictObject({ version: z.literal(1), sha256: z.record(z.string(), digest) });

export const digestOf = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");

/** @param digests by the name of the file */
export function digestsText(digests: Readonly<Record<string, string>>): string {
  return `${JSON.stringify({ version: 1, sha256: digests }, null, 2)}\n`;
}

/**
 * Compares files of a run with what it wrote when it ended. A run that has not ended has no digests, and neither have those of earlier
 * builds: nothing is known of them.
 * @param names of the files; default: all that have a digest
 * @returns those that are not there any more
 * @throws RunFolderError for one that was changed
 */
export function checkDigests(path: string, names?: readonly string[]): string[] {
  const file = join(path, digestFile);
  const whole = (name: string): string => join(path, name);
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return [];
  const missing: string[] = [];
  for (const [name, expected] of Object.entries(readDigests(file))) {
    if (names !== undefined && !names.includes(name)) continue;
    if (statSync(whole(name), { throwIfNoEntry: false })?.isFile() !== true) missing.push(name);
    else if (digestOf(readFileSync(whole(name))) !== expected) {
      throw new RunFolderError(
        `${whole(name)}: was changed after the run ended (its SHA-256 is not the one in ${digestFile}); put back what the run wrote, ` +
          `or remove ${file} to use it as it is`,
      );
    }
  }
  return missing;
}

function readDigests(file: string): Readonly<Record<string, string>> {
  try {
    return digestsSchema.parse(JSON.parse(readFileSync(file, "utf8"))).sha256;
  } catch (cause) {
    throw new RunFolderError(
      `${file}: cannot be used, so that nobody knows whether the run's files are as it wrote them; take a copy of it, or remove it`,
      { cause },
    );
  }
}
