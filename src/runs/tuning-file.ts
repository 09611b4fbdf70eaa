// The tuning file: the results of `tessera tune` on an adapter, kept in the user's cache folder. Times depend on the adapter,
// its driver and this version's kernels, so there is a file for each combination.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { makeFolders } from "../files/folders.ts";
import { replaceFile } from "../files/whole-files.ts";
import { UsageError } from "../errors/errors.ts";
import type { AdapterTraits } from "../device/traits.ts";
import type { TunedWork } from "../tuning/tuner.ts";

const format = "tessera-tuning-1";

/** The result for one work: an operator with shapes and attributes, see `workKey`. */
const entrySchema = z.object({
  /** The candidate to take. */
  candidate: z.string().min(1),
  /** The rule's choice when this was measured. */
  rule: z.string().min(1),
  /** Median seconds of one call. */
  seconds: z.number().nonnegative(),
  ruleSeconds: z.number().nonnegative(),
});

const adapterSchema = z.object({
  name: z.string(),
  vendor: z.string(),
  architecture: z.string(),
  /** Driver and version. */
  description: z.string(),
});

export const tuningSchema = z.object({
  format: z.literal(format),
  /** Version of Tessera. */
  version: z.string(),
  adapter: adapterSchema,
  works: z.record(z.string(), entrySchema),
});

export type TuningFile = z.infer<typeof tuningSchema>;
type AdapterIdentity = z.infer<typeof adapterSchema>;

const identityOf = ({ name, vendor, architecture, description }: AdapterTraits): AdapterIdentity => ({
  ...{ name, vendor, architecture, description },
});

/** Tessera's folder in the user's cache folder; the environment variable TESSERA_CACHE names another. */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const set = (name: string): string | undefined => environment[name] || undefined;
  const own = set("TESSERA_CACHE");
  if (own !== undefined) return own;
  const defaults = {
    win32: () => set("LOCALAPPDATA") ?? join(home, "AppData", "Local"),
    darwin: () => join(home, "Library", "Caches"),
  };
  const base =
    platform === "win32" || platform === "darwin"
      ? defaults[platform]()
      : (set("XDG_CACHE_HOME") ?? join(home, ".cache"));
  return join(base, "tessera");
}

/** The file of an adapter. Its name has the adapter and the version for people, and a digest of all that must match. */
export function tuningPath(traits: AdapterTraits, version: string, folder = cacheFolder()): string {
  const identity = identityOf(traits);
  const digest = createHash("sha256")
    .update(JSON.stringify([identity, version]))
    .digest("hex")
    .slice(0, 8);
  const words = `${identity.name} ${identity.description}`.toLowerCase().replace(/[^a-z0-9.]+/g, "-");
  const readable = words.slice(0, 80).replace(/^-+|-+$/g, "");
  return join(folder, "tuning", `${readable}-${version}-${digest}.json`);
}

/** The result of looking for a file. `problem` says why an existing file cannot be used. */
export type FoundTuning =
  | { readonly kind: "none" }
  | { readonly kind: "unusable"; readonly problem: string }
  | { readonly kind: "tuning"; readonly tuning: TuningFile };

/** Reads a tuning file; never throws. */
export function readTuning(file: string, traits: AdapterTraits, version: string): FoundTuning {
  const unusable = (problem: string): FoundTuning => ({ kind: "unusable", problem });
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? { kind: "none" } : unusable(`cannot be read (${message})`);
  }
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    return unusable("is damaged: not valid JSON");
  }
  const { success, data, error } = tuningSchema.safeParse(tree);
  if (!success) {
    const [issue] = error.issues;
    return unusable(
      `is no tuning file of this format: ${issue.path.join(".") || "the file"}: ${issue.message}`,
    );
  }
  if (data.version !== version) return unusable(`was made by version ${data.version}, this is ${version}`);
  const here = identityOf(traits);
  for (const field of ["name", "description", "vendor", "architecture"] as const) {
    if (data.adapter[field] !== here[field]) {
      return unusable(
        `was made on another adapter or driver: ${data.adapter.name}, ${data.adapter.description}`,
      );
    }
  }
  return { kind: "tuning", tuning: data };
}

/** A tuning file's content with newly tuned works in the place of older entries. */
export function withTuned(
  before: TuningFile | undefined,
  traits: AdapterTraits,
  version: string,
  tuned: readonly TunedWork[],
): TuningFile {
  const entries = tuned.map(({ work, chosen, rule, chosenSeconds, ruleSeconds }) => {
    const short = (seconds: number): number => Number(seconds.toPrecision(4));
    const entry = { candidate: chosen, rule, seconds: short(chosenSeconds), ruleSeconds: short(ruleSeconds) };
    return [work.key, entry] as const;
  });
  const works = { ...before?.works, ...Object.fromEntries(entries) };
  return { format, version, adapter: identityOf(traits), works };
}

/**
 * Writes a tuning file whole or not at all.
 * @throws UsageError naming the file when it cannot be written
 */
export async function writeTuning(file: string, tuning: TuningFile): Promise<void> {
  try {
    makeFolders(dirname(file));
    await replaceFile(file, (handle) => handle.writeFile(`${JSON.stringify(tuning, null, 2)}\n`));
  } catch (cause) {
    throw new UsageError(
      `${file}: cannot be written (${(cause as Error).message}); name another file with --tuning, or another folder ` +
        "with TESSERA_CACHE",
      { cause },
    );
  }
}

/** Eight hexadecimal digits, the same for equal choices; records of runs have them, since a run's bits depend on them. */
export function digestOf({ works }: TuningFile): string {
  const choices = Object.entries(works)
    .map(([key, { candidate }]) => `${key} ${candidate}`)
    .sort();
  return createHash("sha256").update(choices.join("\n")).digest("hex").slice(0, 8);
}
