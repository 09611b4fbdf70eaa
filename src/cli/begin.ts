// What a run starts from: a manifest and options of its own, or those that an earlier process of the same run wrote down.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { readModelFile, type ModelFile } from "../runs/model-file.ts";
import { RunFolder } from "../runs/run-folder.ts";
import type { Checkpoints } from "../training/checkpoint.ts";
import type { RunRecord } from "../runs/run-record.ts";
import { classesBeyond } from "../data/manifest/class-filter.ts";
import { parseManifest, readManifest, type Manifest } from "../data/manifest/manifest.ts";
import { TesseraError, UsageError } from "../errors/errors.ts";
import type { ChoiceOptions } from "./choices.ts";
import type { DeviceOptions } from "./terminal/options.ts";
import { version } from "./terminal/package-info.ts";

export interface TrainOptions extends DeviceOptions, ChoiceOptions {
  readonly dataRoot?: string;
  readonly out?: string;
  /** A run folder, or its model file, whose model is to learn more classes. */
  readonly model?: string;
  /** A run folder to go on with. */
  readonly resume?: string;
  readonly checkpointEvery?: NonNullable<Checkpoints["every"]>;
  readonly limit?: number | undefined;
  readonly epochs?: number | undefined;
  readonly steps?: number | undefined;
  readonly seed?: number;
  /** Bytes of images to hold at a time. */
  readonly memory?: number;
  /** Folder of decoded images. */
  readonly cache?: string;
  readonly skipBad: boolean;
  readonly force: boolean;
  readonly quiet: boolean;
  /** Whether the summary is printed as JSON instead of a table. */
  readonly json: boolean;
  /** Whether report.html is written. */
  readonly report: boolean;
  /** Where the trace goes; true: into the run folder. */
  readonly profile?: string | true;
}

/** A run about to begin, or to go on. */
export interface ResumePoint {
  readonly manifest: Manifest;
  readonly options: TrainOptions & Required<Pick<TrainOptions, "dataRoot" | "out" | "seed">>;
  readonly folder: RunFolder;
  /** The model that the run begins with, where it begins with one. */
  readonly initial?: ModelFile | undefined;
  /** Of a run that goes on: what it was begun with, and its checkpoint. */
  readonly record?: RunRecord;
  readonly from?: Checkpoints["from"];
}

/** What may be said anew with --resume: none of it changes a bit. */
const free = ["resume", "dataRoot", "cache", "memory", "quiet", "json", "report", "checkpointEvery"];

const optionName = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * @param given names of the options that were given, defaults aside
 * @throws UsageError for options that are missing, or that a run to go on with has already; ManifestError; RunFolderError
 */
export async function begin(
  file: string | undefined,
  options: TrainOptions,
  given: readonly string[],
): Promise<ResumePoint> {
  if (options.resume !== undefined) return resumeRun(options.resume, file, options, given);
  const { dataRoot, out, seed = 0 } = options;
  if (file === undefined) throw new UsageError("missing required argument 'manifest', or --resume RUN");
  if (dataRoot === undefined) throw new UsageError("required option '--data-root <folder>' not specified");
  if (out === undefined) throw new UsageError("required option '--out <folder>' not specified");
  const initial = options.model === undefined ? undefined : await readModelFile(options.model);
  const manifest = await readManifest(file, classesBeyond(initial?.record.classes ?? []));
  return {
    manifest,
    initial,
    options: { ...options, dataRoot, out, seed },
    folder: new RunFolder(out, options.force),
  };
}

async function resumeRun(
  out: string,
  file: string | undefined,
  options: TrainOptions,
  given: readonly string[],
): Promise<ResumePoint> {
  const own = given.find((name) => !free.includes(name));
  if (file !== undefined || own !== undefined) {
    const what = own === undefined ? `a manifest (${file ?? ""})` : optionName(own);
    throw new UsageError(
      `--resume goes on as the run was begun: ${what} cannot be given with it; leave it out`,
    );
  }
  const { folder, record, from } = await RunFolder.reopen(out);
  if (record.versions.tessera !== version) {
    throw new UsageError(
      `--resume ${out}: the run was begun with Tessera ${record.versions.tessera}, and this is ${version}; take that version, ` +
        "or begin another run with --out",
    );
  }
  if (record.tuning !== null && !existsSync(record.tuning.file)) {
    throw new UsageError(
      `--resume ${out}: the run follows the tuning file ${record.tuning.file}, which is not there; put it back, or begin ` +
        "another run with --out",
    );
  }
  const { text, file: name } = record.manifest;
  return {
    manifest: parseManifest(text, name, classesBeyond(record.initial?.classes ?? [])),
    options: {
      ...options,
      ...record.options,
      ...{ dataRoot: options.dataRoot ?? record.dataRoot, out, seed: record.seed, device: record.device },
      ...{ tuning: record.tuning?.file ?? "none", candidate: new Map(Object.entries(record.candidates)) },
    },
    folder,
    record,
    from,
    // What it began with is in its checkpoint, once there is one.
    initial: from === undefined ? await initialOf(record) : undefined,
  };
}

const described = ({ file, sha256, record }: ModelFile): RunRecord["initial"] => ({
  ...{ file, sha256, classes: record.classes },
});

/** @throws TesseraError where the model is not what the run was begun with */
async function initialOf({ initial }: RunRecord): Promise<ModelFile | undefined> {
  if (initial === undefined) return undefined;
  const model = await readModelFile(initial.file);
  if (model.sha256 === initial.sha256) return model;
  throw new TesseraError(
    `${initial.file}: is not the model that the run was begun with; put that file back, or begin another run`,
  );
}

/** The part of a run's record that nobody has to compute. */
export async function recordOf({
  manifest: { file, text },
  initial,
  options: { dataRoot, seed, limit, epochs, steps, skipBad, adapter, power },
}: ResumePoint): Promise<
  Pick<RunRecord, "versions" | "commit" | "manifest" | "dataRoot" | "seed" | "options" | "initial">
> {
  return {
    ...(await provenance()),
    manifest: { file, sha256: createHash("sha256").update(text).digest("hex"), text },
    dataRoot: resolve(dataRoot),
    seed,
    options: { limit, epochs, steps, skipBad, adapter, power },
    ...(initial === undefined ? {} : { initial: described(initial) }),
  };
}

/**
 * Tells a person where a run goes on elsewhere than it was begun.
 * @throws TesseraError when other kernels would be taken
 */
export function compareRuns(
  before: RunRecord,
  now: Pick<RunRecord, "adapter" | "driver" | "tuning">,
  warn: (text: string) => void,
): void {
  if (before.tuning?.digest !== now.tuning?.digest) {
    throw new TesseraError(
      `${before.tuning?.file ?? "tuning"}: is not what the run was begun with; put that file back, or begin another run`,
    );
  }
  if (before.adapter === now.adapter && before.driver === now.driver) return;
  warn(
    `warning: the run was begun on ${before.adapter} (${before.driver}) and goes on on ${now.adapter} (${now.driver}): its ` +
      "numbers will differ in their last digits from those of a run that did not move",
  );
}

/** What a result is of, beside its inputs. */
export async function provenance(): Promise<Pick<RunRecord, "versions" | "commit">> {
  const versions = { tessera: version, node: process.versions.node, webgpu: webgpuVersion() };
  return { versions, commit: await commit() };
}

function webgpuVersion(): string | null {
  try {
    const { version: found } = createRequire(import.meta.url)("webgpu/package.json") as { version: string };
    return found;
  } catch {
    return null; // a package may hide its package.json
  }
}

/** Of the working folder; null where there is no git, or no work of it. */
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
