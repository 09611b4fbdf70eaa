// What a run starts from: a manifest and options, or what an earlier process of the same run wrote down.

import {
  aFlag,
  aNumber,
  aNumberAbove,
  aRecord,
  aString,
  expectArgument,
  expectOptions,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseTrainingManifest, readTrainingManifest, type Manifest } from "../assemble/training-manifest.ts";
import { classesBeyond } from "../data/manifest/class-filter.ts";
import { TesseraError, UsageError } from "../errors/errors.ts";
import type { Checkpoints } from "../training/checkpoint.ts";
import type { DeviceOptions } from "./device-options.ts";
import type { ChoiceOptions } from "./kernel-choices.ts";
import { fitting, growing, type Beginning } from "./beginnings.ts";
import { digestOf } from "./file-digests.ts";
import { readInitialWeights, readNamedWeights } from "./initial-weights.ts";
import { readModelFile } from "./model-file.ts";
import { version } from "./package-info.ts";
import { compareAdapters, provenance } from "./provenance.ts";
import { RunFolder } from "./run-folder.ts";
import { manifestRecord } from "./run-files.ts";
import { expectLonger } from "./run-length.ts";
import type { RunRecord } from "./run-record.ts";

/** What may be said anew when a run goes on: none of it changes a bit. */
export interface FreeOptions {
  /** Folder that the manifest's paths start from. */
  readonly dataRoot?: string | undefined;
  /** Whether files are read that symbolic links lead to out of it; default: false, or as the run was begun. */
  readonly followLinks?: boolean | undefined;
  /** Bytes of images to hold at a time; default: a quarter of the machine's memory. */
  readonly memory?: number | undefined;
  /** Folder of decoded images; default: in the user's cache folder. */
  readonly cache?: string | undefined;
  /** When checkpoints are written beside those of every epoch; default: every five minutes. */
  readonly checkpointEvery?: Checkpoints["every"] | undefined;
  /** How many of the last checkpoints stay beside the current one; default: none. */
  readonly keepCheckpoints?: number | undefined;
  /** Seconds without an answer after which a device is taken for lost; default: 300. */
  readonly hangAfter?: number | undefined;
}

/** How a run on a manifest's images is to be made. */
export interface RunOptions extends FreeOptions, DeviceOptions, Partial<ChoiceOptions> {
  readonly dataRoot: string;
  /** The run folder. */
  readonly out: string;
  /** Whether an earlier run in that folder is overwritten. */
  readonly force?: boolean;
  /** Default 0. */
  readonly seed?: number | undefined;
  /** Images of each source at most. */
  readonly limit?: number | undefined;
  /** In the place of the manifest's length. */
  readonly epochs?: number | undefined;
  readonly steps?: number | undefined;
  /** In how many parts a batch goes through the network, in the place of the manifest's `batchSplit`. */
  readonly batchSplit?: number | undefined;
  /** Whether records and images that cannot be read are left out, and listed. */
  readonly skipBad?: boolean;
  /** Whether batches whose losses are no finite numbers are left out, and counted; else they end the run. */
  readonly skipNonFinite?: boolean | undefined;
  /** A run folder, or its model file, whose model learns more classes. */
  readonly model?: string | undefined;
  /** A file of weights, a run folder or its model file, whose weights the run begins with; in the place of the manifest's `init`. */
  readonly init?: string | undefined;
}

/** What may be said when a run goes on: also another length, which a finished one goes on with, too. */
export interface ResumeOptions extends FreeOptions {
  /** In all, with those that were taken. */
  readonly epochs?: number | undefined;
  readonly steps?: number | undefined;
}

const freeOptions: OptionChecks<FreeOptions> = {
  dataRoot: aString,
  followLinks: aFlag,
  memory: aNumber,
  cache: aString,
  checkpointEvery: aRecord,
  keepCheckpoints: wholeFrom(1),
  hangAfter: aNumberAbove(0),
};
const resumeOptions: OptionChecks<ResumeOptions> = {
  ...freeOptions,
  epochs: wholeFrom(1),
  steps: wholeFrom(1),
};
const aCandidateMap: Requirement = {
  words: "a map from operators to candidates",
  fits: (value) => value instanceof Map,
};
const runOptions: OptionChecks<RunOptions> = {
  ...freeOptions,
  dataRoot: required(aString),
  out: required(aString),
  force: aFlag,
  seed: aNumber,
  limit: aNumber,
  epochs: aNumber,
  steps: aNumber,
  batchSplit: wholeFrom(1),
  skipBad: aFlag,
  skipNonFinite: aFlag,
  model: aString,
  init: aString,
  device: oneOf(["auto", "webgpu", "reference"] satisfies readonly DeviceOptions["device"][]),
  adapter: aString,
  power: oneOf(["low-power", "high-performance"]),
  robustness: aFlag,
  tuning: aString,
  candidate: aCandidateMap,
};

/** The options of a run with every default that decides something filled in. */
export interface StartedOptions extends Omit<RunOptions, "seed" | "skipBad" | "candidate"> {
  readonly seed: number;
  readonly skipBad: boolean;
  readonly candidate: ChoiceOptions["candidate"];
}

/** A run about to begin, or to go on. */
export interface RunStart {
  readonly manifest: Manifest;
  readonly options: StartedOptions;
  readonly folder: RunFolder;
  /** What its weights begin with, where the seed does not draw them. */
  readonly initial?: Beginning | undefined;
  /** Of a run that goes on: what it was begun with, whether it goes on with another length, and its checkpoint. */
  readonly record?: RunRecord;
  readonly isLengthened?: boolean;
  readonly from?: Checkpoints["from"];
}

/**
 * Touches nothing yet: the folder is made when the first line is written.
 * @param file the manifest
 * @throws ManifestError; RunFolderError when the folder is taken; ModelError for a model that cannot be used
 */
export async function beginRun(file: string, options: RunOptions): Promise<RunStart> {
  expectArgument("beginRun", "the manifest's file", file, aString);
  expectOptions("beginRun", options, runOptions);
  const { out, force = false, model, init, seed = 0, skipBad = false } = options;
  const grown = model === undefined ? undefined : growing(await readModelFile(model));
  const manifest = await readTrainingManifest(file, classesBeyond(grown?.classes ?? []));
  const initial = grown ?? (await beginningOf(init, manifest, options));
  return {
    ...{ manifest, initial },
    options: { ...options, seed, skipBad, candidate: options.candidate ?? new Map() },
    folder: new RunFolder(out, force),
  };
}

/**
 * A run that was stopped or killed, from its last checkpoint; with another length also one that is finished.
 * @throws RunFolderError when the folder holds no run on a manifest's images, or a finished one that is to be no longer;
 *   CheckpointError when its checkpoint is damaged; UsageError when this version or the tuning file is not that of the run, or
 *   more was taken already than the length that is asked for
 */
export async function resumeRun(out: string, options: ResumeOptions = {}): Promise<RunStart> {
  expectArgument("resumeRun", "the run folder", out, aString);
  expectOptions("resumeRun", options, resumeOptions);
  const { epochs, steps, ...free } = options;
  const isLengthened = epochs !== undefined || steps !== undefined;
  const { folder, record: found, from, isFinished } = await RunFolder.reopen(out, () => isLengthened);
  const begun = manifestRecord(found, out);
  if (isLengthened) expectLonger(out, { epochs, steps }, from?.checkpoint.record, isFinished);
  const record = isLengthened ? { ...begun, options: { ...begun.options, epochs, steps } } : begun;
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
    manifest: parseTrainingManifest(text, name, classesBeyond(record.initial?.classes ?? [])),
    options: {
      ...free,
      ...record.options,
      dataRoot: options.dataRoot ?? record.dataRoot,
      followLinks: options.followLinks ?? record.options.followLinks,
      ...{ out, seed: record.seed, device: record.device },
      ...{ tuning: record.tuning?.file ?? "none", candidate: new Map(Object.entries(record.candidates)) },
    },
    ...{ folder, record, isLengthened, from },
    // Once there is a checkpoint, it holds the weights that the run began with.
    initial: from === undefined ? await initialOf(record) : undefined,
  };
}

/** What the options or the manifest name, in this order. */
async function beginningOf(
  asked: string | undefined,
  manifest: Manifest,
  options: RunOptions,
): Promise<Beginning | undefined> {
  const said = manifest.train.init;
  if (asked !== undefined) return fitting(await readInitialWeights(asked));
  if (said === undefined) return undefined;
  return fitting(await readNamedWeights(manifest, ["train", "init"], said, options));
}

const described = ({
  file,
  sha256,
  classes,
  readings,
  volumes,
  examples,
}: Beginning): RunRecord["initial"] => ({
  ...{ file, sha256, classes: [...classes] },
  ...(readings === undefined ? {} : { readings }),
  ...(volumes === undefined ? {} : { volumes }),
  ...(examples === undefined ? {} : { examples }),
});

/** @throws TesseraError where the model is not what the run was begun with */
async function initialOf({ initial }: RunRecord): Promise<Beginning | undefined> {
  if (initial === undefined) return undefined;
  const { file, sha256, classes } = initial;
  // Only a model that grows keeps classes.
  const begun =
    classes.length > 0 ? growing(await readModelFile(file)) : fitting(await readInitialWeights(file));
  if (begun.sha256 === sha256) return begun;
  throw new TesseraError(
    `${initial.file}: is not the model that the run was begun with; put that file back, or begin another run`,
  );
}

/** The part of a run's record that follows from manifest and options alone. */
export async function recordOf({
  manifest: { file, text },
  initial,
  options: {
    dataRoot,
    seed,
    limit,
    epochs,
    steps,
    batchSplit,
    skipBad,
    skipNonFinite,
    followLinks,
    adapter,
    power,
    robustness,
  },
}: RunStart): Promise<
  Pick<RunRecord, "versions" | "commit" | "manifest" | "dataRoot" | "seed" | "options" | "initial">
> {
  return {
    ...(await provenance()),
    manifest: { file, sha256: digestOf(text), text },
    dataRoot: resolve(dataRoot),
    seed,
    options: {
      ...{ limit, epochs, steps, skipBad, adapter, power },
      ...(robustness === false ? { robustness } : {}),
      ...(batchSplit === undefined ? {} : { batchSplit }),
      ...(skipNonFinite === true ? { skipNonFinite } : {}),
      ...(followLinks === true ? { followLinks } : {}),
    },
    ...(initial === undefined ? {} : { initial: described(initial) }),
  };
}

/**
 * Warns where a run goes on with another adapter or driver than it was begun with.
 * @throws TesseraError when other kernels would be taken
 */
export function compareRuns(
  before: Pick<RunRecord, "adapter" | "driver" | "tuning">,
  now: Pick<RunRecord, "adapter" | "driver" | "tuning">,
  warn: (text: string) => void,
): void {
  if (before.tuning?.digest !== now.tuning?.digest) {
    throw new TesseraError(
      `${before.tuning?.file ?? "tuning"}: is not what the run was begun with; put that file back, or begin another run`,
    );
  }
  compareAdapters(before, now, warn);
}
