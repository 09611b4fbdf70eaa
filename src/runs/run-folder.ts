// The folder of a run: metrics as they happen, a summary at the end.

import { createHash, type Hash } from "node:crypto";
import { aFlag, aString, expectArgument } from "../errors/arguments.ts";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { checkedCheckpoint, checkedRecord, type Checkpoint } from "../training/checkpoint-record.ts";
import type { Checkpoints } from "../training/checkpoint.ts";
import { CheckpointError, RunFolderError } from "../errors/training-errors.ts";
import { makeFolders, whyNoFolder } from "../files/folders.ts";
import { isHarmless } from "../files/harmless.ts";
import { suggestedPath } from "../files/near-files.ts";
import { notWritten } from "../files/whole-files.ts";
import { digestOf, digestsText } from "./file-digests.ts";
import { isKeptCheckpoint, keepCheckpoint, newestGood } from "./kept-checkpoints.ts";
import { metricsLines } from "./metrics-lines.ts";
import { checkUnlocked, isOfLock, lockFolder } from "./run-lock.ts";
import { type AnyRecord } from "./run-record.ts";
import { jsonText } from "./json-text.ts";
import type { Summary, TaskSummary } from "./summary.ts";
import { readTensorFile, writeTensorFile } from "../interchange/safetensors.ts";
import { modelKind, type TensorFile } from "../interchange/tensor-file.ts";
import type { TrainingListener } from "../training/training-reports.ts";
import { isFinished, isOurs, profileFile, readAnyRecord, runFiles, stateOf, studyFile } from "./run-files.ts";

const runTexts = [
  "predictions",
  "overlaps",
  "reportData",
] as const satisfies readonly (keyof typeof runFiles)[];
type RunText = (typeof runTexts)[number];
const checkpointKind = "tessera checkpoint 1";
const savedSchema = z.strictObject({
  /** Bytes of metrics.jsonl that are of what the checkpoint knows. */
  metrics: z.int().min(0),
  /** SHA-256 of these; earlier builds did not say. */
  sha256: z.string().optional(),
  /** That the run took so far. */
  seconds: z.number().min(0),
  run: z.unknown(),
});

/** A run to go on with. */
export interface Reopened {
  readonly folder: RunFolder;
  readonly record: AnyRecord;
  /** Undefined where the run was killed before the first one: it begins again. */
  readonly from: Checkpoints["from"];
  readonly isFinished: boolean;
}

/**
 * An open run folder. No line of metrics.jsonl holds a time, so that two equal runs write equal files; epochs and steps
 * count from 1.
 */
export class RunFolder {
  readonly path: string;
  readonly #started = performance.now();
  readonly #force: boolean;
  #record: AnyRecord | undefined;
  #beside: Readonly<Record<string, string>> = {};
  #metrics: number | undefined;
  /** Of all that metrics.jsonl has. */
  #digest = createHash("sha256");
  /** Where an earlier process of this run left off, and which files said so. */
  #earlier: { readonly bytes: number; readonly seconds: number; readonly of: string } | undefined;
  #unlock: (() => void) | undefined;
  #keep = 0;
  /** The last checkpoint, and how many bytes of metrics.jsonl it knows of. */
  #last: { readonly from: Checkpoints["from"]; readonly bytes: number } | undefined;

  /**
   * Looks at the folder and touches nothing: a run that never gets to its first step leaves an earlier run as it was.
   * @param force take a folder that holds an earlier run; that run's files are removed when the first line is written
   * @throws RunFolderError when the folder holds something already, is written by a run now, or is none
   */
  constructor(path: string, force: boolean) {
    expectArgument("RunFolder", "the folder", path, aString);
    expectArgument("RunFolder", "force", force, aFlag);
    this.path = path;
    this.#force = force;
    const why = whyNoFolder(path);
    if (why !== undefined) throw new RunFolderError(`--out ${path}: ${why}`);
    if (!existsSync(path)) return;
    checkUnlocked(path);
    if (existsSync(join(path, studyFile))) {
      throw new RunFolderError(
        `--out ${path}: holds a study (${studyFile}); choose another folder for the run`,
      );
    }
    if (!force) this.#expectEmpty();
  }

  /** @throws RunFolderError */
  #expectEmpty(): void {
    const { path } = this;
    // A part is left by a run that was killed while it wrote its first file.
    const holds = (name: string): boolean =>
      !(isOurs(name) && name.endsWith(".part")) &&
      !isOfLock(name) &&
      name !== profileFile &&
      !isHarmless(name);
    const held = readdirSync(path).filter(holds);
    if (held.length > 0 && !existsSync(join(path, runFiles.record))) {
      throw new RunFolderError(
        `--out ${path}: the folder is not empty, and holds no run (it holds ${JSON.stringify(held[0])}); choose another, or add ` +
          "--force to write the run beside what is there",
      );
    }
    if (held.length > 0) {
      throw new RunFolderError(
        `--out ${path}: the folder is not empty; choose another, add --force to overwrite the run, or go on with it: ` +
          `--resume ${path}`,
      );
    }
  }

  /**
   * A run that was stopped or killed, to go on with. Touches nothing either.
   * @param isLonger whether it gets another length than it was begun with; then one that is finished may go on, too
   * @throws RunFolderError when the folder holds no run, one that is finished, or one that another process goes on with;
   *   CheckpointError when its checkpoint is damaged
   */
  static async reopen(
    path: string,
    isLonger: (begun: AnyRecord) => boolean = () => false,
  ): Promise<Reopened> {
    const [metricsFile, checkpointFile] = [runFiles.metrics, runFiles.checkpoint].map((name) =>
      join(path, name),
    );
    const found = lookedAt(path);
    if (found === undefined) {
      throw new RunFolderError(
        `--resume ${path}: does not exist; name the folder of a run, or begin one with --out${await suggestedPath(path)}`,
      );
    }
    if (!found.isDirectory())
      throw new RunFolderError(`--resume ${path}: is a file; name the folder of a run`);
    const of = stateOf(path);
    if (!existsSync(join(path, runFiles.record))) {
      throw new RunFolderError(
        `--resume ${path}: holds no run (${runFiles.record}); name the folder of one, or begin one with --out`,
      );
    }
    const record = readAnyRecord(path);
    const finished = isFinished(path);
    if (finished && !isLonger(record)) {
      throw new RunFolderError(
        `--resume ${path}: the run is finished; see ${runFiles.summary} there, or train it longer with --epochs or --steps`,
      );
    }
    if (finished && !existsSync(checkpointFile)) {
      throw new RunFolderError(
        `--resume ${path}: the run is finished, and its ${runFiles.checkpoint} is not there, as earlier versions left it; begin ` +
          `another with its weights: --from ${path}`,
      );
    }
    const folder = new RunFolder(path, true);
    folder.#earlier = { bytes: 0, seconds: 0, of };
    if (!existsSync(checkpointFile)) return { folder, record, from: undefined, isFinished: false };
    const { record: saved, tensors } = await readCheckpoint(path, checkpointFile);
    const { metrics, sha256, seconds, run } = checkedRecord(savedSchema, checkpointFile, saved);
    const written = statSync(metricsFile, { throwIfNoEntry: false })?.size ?? 0;
    if (written < metrics) {
      throw new CheckpointError(
        checkpointFile,
        `knows of ${metrics} bytes of ${runFiles.metrics}, which has ${written}; begin another run with --out`,
      );
    }
    folder.#digest = digestOfStart(metricsFile, metrics);
    if (sha256 !== undefined && folder.#digest.copy().digest("hex") !== sha256) {
      throw new CheckpointError(
        checkpointFile,
        `is of a run whose ${runFiles.metrics} was changed since (by its SHA-256); put back what the run wrote, or begin another run ` +
          "with --out",
      );
    }
    folder.#earlier = { bytes: metrics, seconds, of };
    const checkpoint = checkedCheckpoint(checkpointFile, { record: run, tensors });
    const from = { checkpoint, file: checkpointFile };
    folder.#last = { from, bytes: metrics };
    return { folder, record, from, isFinished: finished };
  }

  /** That the run took so far, with those before it was stopped. */
  get seconds(): number {
    return (this.#earlier?.seconds ?? 0) + (performance.now() - this.#started) / 1000;
  }

  /**
   * Says what the run is begun with, or goes on with where that is another length, to be written before its first line.
   * @param beside texts of further files, by name, which lie there whenever there is a run
   */
  begin(record: AnyRecord, beside: Readonly<Record<string, string>> = {}): void {
    this.#record = record;
    this.#beside = beside;
  }

  /** Writes a line for every step and epoch; throws RunFolderError when it cannot. */
  listener(): TrainingListener {
    // Steps that are taken once more are told once more.
    return { ...metricsLines((line) => this.#line(line)), skipped: () => void this.rewind() };
  }

  /**
   * Replaces the run's checkpoint.
   * @throws CheckpointError when it cannot be written; the one before is still there; RunFolderError where the folder is another one now
   */
  async save(checkpoint: Checkpoint): Promise<void> {
    const { record: run, tensors } = checkpoint;
    const metrics = this.#open();
    // What the checkpoint knows of is on the disk before it is.
    fsyncSync(metrics);
    this.#expectInPlace(metrics);
    const bytes = fstatSync(metrics).size;
    const file = join(this.path, runFiles.checkpoint);
    await writeTensorFile(file, checkpointKind, {
      record: { metrics: bytes, sha256: this.#digest.copy().digest("hex"), seconds: this.seconds, run },
      tensors,
    });
    this.#last = { from: { checkpoint, file }, bytes };
    const keep = this.#keep;
    if (keep > 0) writing(file, () => keepCheckpoint(this.path, file, run, keep));
  }

  /** From now on keeps so many of the last checkpoints beside the current one: kept-checkpoints.ts. */
  keepLast(count: number): void {
    this.#keep = count;
  }

  /** Forgets what was written behind the last checkpoint, which the run goes on from; undefined where there is none. */
  rewind(): Checkpoints["from"] {
    if (this.#metrics !== undefined) {
      const metrics = this.#metrics;
      writing(join(this.path, runFiles.metrics), () => {
        const bytes = this.#last?.bytes ?? 0;
        ftruncateSync(metrics, bytes);
        this.#digest = digestOfStart(join(this.path, runFiles.metrics), bytes);
      });
    }
    return this.#last?.from;
  }

  /**
   * Writes summary.json whole or not at all, and before it the model of a run that is done. Its checkpoint stays: it goes on from
   * there when it is to be longer.
   * @param model its tensors, and what is needed to use them
   * @param texts files of the run that its report is made from
   * @throws RunFolderError or CheckpointError when one of them cannot be written
   */
  async finish(
    summary: Summary | TaskSummary,
    model?: TensorFile,
    texts: Partial<Record<RunText, string>> = {},
  ): Promise<void> {
    this.#expectInPlace(this.#open());
    if (model !== undefined) await writeTensorFile(join(this.path, runFiles.model), modelKind, model);
    const record = join(this.path, runFiles.record);
    const digests: Record<string, string> = {
      ...(existsSync(record) ? { [runFiles.record]: digestOf(readFileSync(record)) } : {}),
      [runFiles.metrics]: this.#digest.copy().digest("hex"),
    };
    for (const name of runTexts) {
      const text = texts[name];
      if (text === undefined) continue;
      this.#replace(runFiles[name], text);
      digests[runFiles[name]] = digestOf(text);
    }
    const end = jsonText(summary);
    this.#replace(runFiles.digests, digestsText({ ...digests, [runFiles.summary]: digestOf(end) }));
    this.#replace(runFiles.summary, end);
  }

  close(): void {
    if (this.#metrics !== undefined) closeSync(this.#metrics);
    this.#unlock?.();
    this.#unlock = undefined;
  }

  /** Takes the folder, which nobody else may have changed since this process looked at it. @throws RunFolderError */
  #lock(): void {
    makeFolders(this.path);
    this.#unlock ??= lockFolder(this.path);
    if (this.#earlier === undefined && !this.#force) this.#expectEmpty();
    if (this.#earlier !== undefined && this.#earlier.of !== stateOf(this.path)) {
      throw new RunFolderError(
        `--resume ${this.path}: another process has gone on with the run meanwhile; if it stopped, say --resume again`,
      );
    }
  }

  /** At the first line, makes the folder without the files of an earlier run, or cuts those of this one back. */
  #open(): number {
    return (this.#metrics ??= writing(this.path, () => {
      const earlier = this.#earlier;
      this.#lock();
      const kept: readonly string[] =
        earlier === undefined ? [] : [runFiles.record, runFiles.metrics, runFiles.checkpoint];
      const gone = readdirSync(this.path).filter(
        (name) => isOurs(name) && !kept.includes(name) && !(earlier !== undefined && isKeptCheckpoint(name)),
      );
      // The record first: without it nobody goes on with what is left of a run when this is killed on the way. Then the
      // summary: without it a run is not finished, and goes on from its checkpoint.
      const last: readonly string[] = [runFiles.summary, runFiles.record];
      gone.sort((a, b) => last.indexOf(b) - last.indexOf(a));
      for (const name of gone) rmSync(join(this.path, name), { force: true });
      for (const [name, text] of Object.entries(this.#beside)) this.#replace(name, text);
      if (this.#record !== undefined) {
        this.#replace(runFiles.record, jsonText(this.#record));
      }
      const metrics = openSync(join(this.path, runFiles.metrics), "a");
      ftruncateSync(metrics, earlier?.bytes ?? 0);
      return metrics;
    }));
  }

  /** @throws RunFolderError where the folder was renamed, removed or replaced: what is written now would come apart */
  #expectInPlace(metrics: number): void {
    const file = join(this.path, runFiles.metrics);
    if (lookedAt(file)?.ino === fstatSync(metrics).ino) return;
    throw new RunFolderError(
      `${file}: is not what this run writes; its folder was renamed, removed or replaced meanwhile: put it back, and go on with --resume`,
    );
  }

  #replace(name: string, text: string): void {
    const target = join(this.path, name);
    writing(target, () => {
      const part = openSync(`${target}.part`, "w");
      try {
        writeFileSync(part, text);
        fsyncSync(part);
      } finally {
        closeSync(part);
      }
      renameSync(`${target}.part`, target);
    });
  }

  #line(line: string): void {
    const metrics = this.#open();
    // Unlike writeSync, it goes on until the whole line is written.
    writing(join(this.path, runFiles.metrics), () => writeFileSync(metrics, line));
    this.#digest.update(line);
  }
}

/** @throws CheckpointError where it is damaged, naming a kept one that is not */
async function readCheckpoint(path: string, file: string): Promise<TensorFile> {
  try {
    return await readTensorFile(file, checkpointKind);
  } catch (error) {
    const good = error instanceof CheckpointError ? await newestGood(path, checkpointKind) : undefined;
    if (good === undefined) throw error;
    throw new CheckpointError(
      file,
      `cannot be used, and ${good} beside it can: to go on from there, put that in its place`,
      { cause: error },
    );
  }
}

/** A digest of the first bytes of a file, to go on with. */
function digestOfStart(file: string, bytes: number): Hash {
  const hash = createHash("sha256");
  return bytes === 0 ? hash : hash.update(readFileSync(file).subarray(0, bytes));
}

/** What is at a path; undefined where nothing is, also where it leads through a file. */
function lookedAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Names the file when writing it fails, mostly because the disk is full. */
function writing<Result>(file: string, write: () => Result): Result {
  try {
    return write();
  } catch (cause) {
    if (cause instanceof RunFolderError) throw cause;
    throw new RunFolderError(`${file}: ${notWritten(cause, undefined, "choose another folder with --out")}`, {
      cause,
    });
  }
}
