// The folder of a study: its settings, two files for each finished run (its result, and its predictions for the test
// images), and a checkpoint for each run under way.

import { aFlag, aString, expectArgument, expectOptions, type OptionChecks } from "../errors/arguments.ts";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { makeFolders, whyNoFolder } from "../files/folders.ts";
import { isHarmless } from "../files/harmless.ts";
import { notWritten, replaceFile } from "../files/whole-files.ts";
import { checkedCheckpoint, type Checkpoint } from "../training/checkpoint-record.ts";
import { CheckpointError, RunFolderError } from "../errors/training-errors.ts";
import { measureNames } from "../metrics/measures.ts";
import { studyFile } from "../runs/run-files.ts";
import { checkUnlocked, claim, isClaimed, isOfLock, lockFolder, type Claim } from "../runs/run-lock.ts";
import { canonical } from "../training/canonical.ts";
import { readTensorFile, writeTensorFile } from "../interchange/safetensors.ts";
import { predictionsText, readPredictions } from "../runs/predictions-table.ts";
import { type TestPredictions } from "../runs/test-predictions.ts";
import type { StudyStore } from "./run-study.ts";
import type { ResumePoint, RunResult } from "./study-run.ts";
import { scoresText, type StudyScores } from "./scores.ts";

/** By term. */
const courseSchema = z.record(z.string(), z.array(z.number()));
const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const valuesSchema = z.record(z.string(), z.number().min(0).max(1).nullable());
const resultSchema = z.strictObject({
  key: z.string(),
  run: z.string(),
  seed: z.int().min(0),
  classes: z.array(z.string()),
  auc: valuesSchema,
  further: z.partialRecord(z.enum(measureNames), valuesSchema).exactOptional(),
  steps: z.int().min(0),
  seconds: z.number().min(0),
  queryCosines: z.array(z.array(z.number())).nullable(),
  course: courseSchema,
  /** SHA-256 of the file of its predictions. */
  predictions: z.string(),
});
type Stored = RunResult & Pick<z.output<typeof resultSchema>, "predictions">;

const checkpointKind = "tessera checkpoint 1";
const savedSchema = z.object({
  key: z.string(),
  course: courseSchema,
  seconds: z.number().min(0),
  run: z.unknown(),
});

type Settings = Readonly<Record<string, unknown>>;
const recordSchema = z.looseObject({
  study: z.string(),
  manifest: z.looseObject({ text: z.string() }),
  settings: z.record(z.string(), z.unknown()),
});
/** `study.json`; the settings are the trainer's, without those that change no bit. */
export type StudyRecord = z.output<typeof recordSchema>;

const files = { study: studyFile, scores: "scores.json", runs: "runs", analysed: "analysed.json" } as const;
const claimEnding = "claim";
/** What the numbers of runs depend on beside the settings: processes that share a study have it in common. */
const sharedFields = ["adapter", "driver", "tuning", "candidates", "program", "versions"] as const;

export interface StudyFolderOptions {
  /** Whether other processes take runs of the study at the same time. */
  readonly join?: boolean;
}

const studyFolderOptions: OptionChecks<StudyFolderOptions> = { join: aFlag };

export class StudyFolder implements StudyStore {
  readonly path: string;
  /** See `StudyStore`; only of a folder that is shared. */
  readonly claim?: (run: string, seed: number) => Claim | undefined;
  readonly #isShared: boolean;
  /** That this process takes part in a study that is shared, between its runs, too. */
  #joined: Claim | undefined;
  #unlock: (() => void) | undefined;

  /**
   * Takes a new folder, an empty one, or one of the same study, to go on with it.
   * @throws RunFolderError for any other
   */
  constructor(path: string, study: string, options: StudyFolderOptions = {}) {
    expectArgument("StudyFolder", "the folder", path, aString);
    expectArgument("StudyFolder", "the study", study, aString);
    expectOptions("StudyFolder", options, studyFolderOptions);
    const { join: isShared = false } = options;
    this.path = path;
    this.#isShared = isShared;
    if (isShared) this.claim = (run, seed) => claim(this.#file(run, seed, claimEnding));
    const why = whyNoFolder(path);
    if (why !== undefined) throw new RunFolderError(`--out ${path}: ${why}`);
    if (!existsSync(path)) return;
    if (!isShared) this.#checkAlone();
    const held = readdirSync(path).filter((name) => !isOfLock(name) && !isHarmless(name));
    if (held.length === 0) return;
    // Where study.json is damaged, scores.json still names the study: finished runs that are there are used again.
    const other = studyOf(join(path, files.study)) ?? studyOf(join(path, files.scores));
    if (other === study) return;
    const what = other === undefined ? "something that is no study" : `study ${other}`;
    throw new RunFolderError(`--out ${path}: holds ${what}; name another folder for study ${study}`);
  }

  /** @throws RunFolderError while another process has the folder, or a run in it */
  #checkAlone(): void {
    checkUnlocked(this.path);
    this.#checkUnjoined();
  }

  /** @throws RunFolderError while others have joined the study */
  #checkUnjoined(): void {
    const runs = join(this.path, files.runs);
    const claims = existsSync(runs)
      ? readdirSync(runs).filter((name) => name.endsWith(`.${claimEnding}`))
      : [];
    if (!claims.some((name) => isClaimed(join(runs, name)))) return;
    throw new RunFolderError(
      `--out ${this.path}: other processes have joined this study; join it, too, with --join`,
    );
  }

  /**
   * Writes the study's record, and makes the folder, which belongs to this process until `close`, unless it is shared.
   * @throws RunFolderError when it cannot be written, another process runs a study there, or it holds the study with another
   *   manifest or other settings
   */
  async begin(record: StudyRecord): Promise<void> {
    await this.#write("", () => {
      makeFolders(this.path);
      return Promise.resolve();
    });
    if (!this.#isShared) this.#checkAlone();
    this.#unlock = this.#isShared ? await this.#lockedInTurn() : lockFolder(this.path);
    try {
      // Once more, now that nobody else can join.
      if (!this.#isShared) this.#checkUnjoined();
      const file = join(this.path, files.study);
      const before = existsSync(file) ? readStudyRecord(file) : undefined;
      const other = differenceOf(before, record);
      const isJoined = this.#isShared && before !== undefined;
      const field = isJoined
        ? sharedFields.find((name) => canonical(before[name] ?? null) !== canonical(record[name] ?? null))
        : undefined;
      if (field !== undefined) {
        throw new RunFolderError(
          `--join: the study in ${this.path} is computed with ${field} ${JSON.stringify(before?.[field] ?? null)}, and here it is ` +
            `${JSON.stringify(record[field] ?? null)}; its runs would not agree: join with the same`,
        );
      }
      if (other !== undefined) {
        throw new RunFolderError(
          `--out ${this.path}: holds this study with ${other}; name another folder, so that its runs are not lost`,
        );
      }
      if (!isJoined || other !== undefined)
        await this.replace(files.study, `${JSON.stringify(record, null, 2)}\n`);
      makeFolders(join(this.path, files.runs));
      if (this.#isShared) {
        const mark = `${process.pid}-${Date.now().toString(36)}`;
        this.#joined = claim(join(this.path, files.runs, `joined-${mark}.${claimEnding}`));
        this.#unlock?.();
        this.#unlock = undefined;
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#joined?.release();
    this.#joined = undefined;
    this.#unlock?.();
    this.#unlock = undefined;
  }

  /** The folder's lock, once no other process that joins the study has it; they have it for moments. @throws RunFolderError */
  async #lockedInTurn(): Promise<() => void> {
    for (let left = 40; ; left--) {
      try {
        return lockFolder(this.path);
      } catch (error) {
        if (!(error instanceof RunFolderError) || left === 0) throw error;
        await setTimeout(250);
      }
    }
  }

  /**
   * Has one of the processes that share a study write its analysis; the others wait until it has.
   * @param keys of all runs
   * @returns who has written it; nobody yet where the signal ended the wait
   */
  async analyseOnce(
    keys: readonly string[],
    write: () => Promise<void>,
    signal?: AbortSignal,
  ): Promise<"this process" | "another" | "nobody"> {
    const digest = sha256([...keys].sort().join(" "));
    const file = join(this.path, files.analysed);
    const isDone = (): boolean => existsSync(file) && readFileSync(file, "utf8").trim() === digest;
    for (;;) {
      if (isDone()) return "another";
      if (signal?.aborted === true) return "nobody";
      const held = claim(`${file}.${claimEnding}`);
      if (held === undefined) {
        await setTimeout(1000, undefined, { signal }).catch(() => undefined); // the loop hears the signal
        continue;
      }
      try {
        if (isDone()) return "another";
        await write();
        if (!held.isHeld()) continue; // it took so long that another process has begun
        await this.replace(files.analysed, `${digest}\n`);
        this.#sweep();
        return "this process";
      } finally {
        held.release();
      }
    }
  }

  /** Takes claims away that processes left which are gone. */
  #sweep(): void {
    const runs = join(this.path, files.runs);
    for (const name of readdirSync(runs).filter((each) => each.endsWith(`.${claimEnding}`))) {
      if (!isClaimed(join(runs, name))) rmSync(join(runs, name), { recursive: true, force: true });
    }
  }

  read(run: string, seed: number, key: string): RunResult | undefined {
    const stored = this.#stored(run, seed);
    if (stored?.key !== key) return undefined;
    const { predictions: _, ...result } = stored;
    return result;
  }

  #stored(run: string, seed: number): Stored | undefined {
    const file = this.#file(run, seed, "json");
    if (!existsSync(file)) return undefined;
    try {
      return resultSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    } catch {
      return undefined; // damaged: the run is done again
    }
  }

  /** A run is finished when its result is there, which is written last. */
  async write(result: RunResult, predictions: TestPredictions): Promise<void> {
    const { run, seed } = result;
    const text = predictionsText(predictions);
    await this.replace(this.#name(run, seed, "csv"), text);
    const stored: Stored = { ...result, predictions: sha256(text) };
    await this.replace(this.#name(run, seed, "json"), `${JSON.stringify(stored, null, 2)}\n`);
    rmSync(this.#file(run, seed, "safetensors"), { force: true });
  }

  /** The predictions of a finished run; undefined where the table is gone, or is not the one that was written. */
  predictions({ run, seed, classes }: RunResult): TestPredictions | undefined {
    const file = this.predictionsFile({ run, seed });
    const stored = this.#stored(run, seed);
    if (!existsSync(file) || sha256(readFileSync(file)) !== stored?.predictions) return undefined;
    return readPredictions(file, classes);
  }

  predictionsFile({ run, seed }: Pick<RunResult, "run" | "seed">): string {
    return this.#file(run, seed, "csv");
  }

  async saved(run: string, seed: number, key: string): ReturnType<StudyStore["saved"]> {
    const file = this.#file(run, seed, "safetensors");
    if (!existsSync(file)) return undefined;
    try {
      const { record, tensors } = await readTensorFile(file, checkpointKind);
      const saved = savedSchema.parse(record);
      if (saved.key !== key) return undefined;
      const checkpoint = checkedCheckpoint(file, { record: saved.run, tensors });
      return { from: { checkpoint, file }, course: saved.course, seconds: saved.seconds };
    } catch (error) {
      if (error instanceof CheckpointError || error instanceof z.ZodError) return undefined; // it begins again
      throw error;
    }
  }

  save(
    run: string,
    seed: number,
    key: string,
    { record, tensors }: Checkpoint,
    { course, seconds }: Pick<ResumePoint, "course" | "seconds">,
  ): Promise<void> {
    const saved = { key, course, seconds, run: record };
    return writeTensorFile(this.#file(run, seed, "safetensors"), checkpointKind, { record: saved, tensors });
  }

  /** Writes what the runs came to so far. @throws RunFolderError when it cannot */
  writeScores(scores: StudyScores): Promise<void> {
    return this.replace(files.scores, scoresText(scores));
  }

  /** Writes a file of the folder whole or not at all. @throws RunFolderError when it cannot */
  async replace(name: string, content: string): Promise<void> {
    const bytes = Buffer.from(content);
    await this.#write(
      name,
      () => replaceFile(join(this.path, name), (handle) => handle.writeFile(bytes)),
      bytes.length,
    );
  }

  async #write(name: string, write: () => Promise<void>, bytes = 0): Promise<void> {
    try {
      await write();
    } catch (cause) {
      throw new RunFolderError(
        `${join(this.path, name)}: ${notWritten(cause, bytes, "name another folder with --out")}`,
        {
          cause,
        },
      );
    }
  }

  #file(run: string, seed: number, ending: string): string {
    return join(this.path, this.#name(run, seed, ending));
  }

  #name(run: string, seed: number, ending: string): string {
    return join(files.runs, `${fileName(run)}-seed${seed}.${ending}`);
  }
}

/** A name of letters that every file system takes; where some are replaced, a digest keeps two names apart. */
function fileName(run: string): string {
  const plain = run.replace(/[^A-Za-z0-9.+-]/g, "_").slice(0, 80);
  return plain === run ? run : `${plain}-${sha256(run).slice(0, 8)}`;
}

/** The first difference that forbids going on, in words; undefined where there is none. */
function differenceOf(before: StudyRecord | undefined, now: StudyRecord): string | undefined {
  if (before === undefined) return undefined;
  if (before.manifest.text !== now.manifest.text) return "another manifest";
  const names = [...new Set([...Object.keys(before.settings), ...Object.keys(now.settings)])];
  const show = (value: unknown): string => (value === undefined ? "none" : JSON.stringify(value));
  const [was, is] = [before, now].map(({ settings }) => JSON.parse(JSON.stringify(settings)) as Settings);
  const name = names.find((each) => show(was[each]) !== show(is[each]));
  if (name === undefined) return undefined;
  const [preset, other] = [before, now].map((each) => each["preset"] ?? null);
  if (preset !== other) return `another preset (${show(preset)}, now ${show(other)})`;
  return `other settings (${name} ${show(was[name])}, now ${show(is[name])})`;
}

/** The record; undefined where it cannot be read: then nothing there could be used again. */
function readStudyRecord(file: string): StudyRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** The content of a file; undefined where there is no such file, or it is damaged. */
function studyOf(file: string): string | undefined {
  try {
    return z.object({ study: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).study;
  } catch {
    return undefined;
  }
}
