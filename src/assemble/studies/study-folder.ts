// The folder of a study: what it is of, a file for each finished run, and one to go on from for the run under way.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile, whyNotWritten } from "../../data/files/whole-files.ts";
import { checkedCheckpoint, type Checkpoints } from "../checkpoint.ts";
import { CheckpointError, RunFolderError } from "../failures.ts";
import { checkUnlocked, isOfLock, lockFolder } from "../run-lock.ts";
import { readTensorFile, writeTensorFile } from "../tensor-file.ts";
import type { RunResult, StudyStore } from "./run-study.ts";

const auc = z.number().min(0).max(1).nullable();
const resultSchema: z.ZodType<RunResult> = z.strictObject({
  key: z.string(),
  run: z.string(),
  seed: z.int().min(0),
  auc: z.record(z.string(), auc),
  meanAuc: auc,
  steps: z.int().min(0),
  seconds: z.number().min(0),
  queryCosines: z.array(z.array(z.number())).nullable(),
});

const checkpointKind = "tessera checkpoint 1";
const savedSchema = z.object({ key: z.string(), run: z.unknown() });

/** Runs of minutes are not worth more. */
const secondsBetweenCheckpoints = 60;

const files = { study: "study.json", runs: "runs" } as const;

export class StudyFolder implements StudyStore {
  readonly path: string;
  #unlock: (() => void) | undefined;

  /**
   * Takes a new folder, an empty one, or one of the same study, to go on with it.
   * @throws RunFolderError for any other
   */
  constructor(path: string, study: string) {
    this.path = path;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isDirectory()) throw new RunFolderError(`--out ${path}: is a file; name a folder`);
    checkUnlocked(path);
    const held = readdirSync(path).filter((name) => !isOfLock(name));
    if (held.length === 0) return;
    const other = held.includes(files.study) ? studyOf(join(path, files.study)) : undefined;
    if (other === study) return;
    const what = other === undefined ? "something that is no study" : `study ${other}`;
    throw new RunFolderError(`--out ${path}: holds ${what}; name another folder for study ${study}`);
  }

  /**
   * Says what the study is of, and makes the folder, which is this process's until `close`.
   * @throws RunFolderError when it cannot be written, or another process runs a study there
   */
  async begin(record: Readonly<Record<string, unknown>> & { readonly study: string }): Promise<void> {
    await this.#write("", () => {
      mkdirSync(join(this.path, files.runs), { recursive: true });
      return Promise.resolve();
    });
    this.#unlock = lockFolder(this.path);
    await this.replace(files.study, `${JSON.stringify(record, null, 2)}\n`);
  }

  close(): void {
    this.#unlock?.();
    this.#unlock = undefined;
  }

  read(run: string, seed: number, key: string): RunResult | undefined {
    const file = this.#file(run, seed, "json");
    if (!existsSync(file)) return undefined;
    try {
      const result = resultSchema.parse(JSON.parse(readFileSync(file, "utf8")));
      return result.key === key ? result : undefined;
    } catch {
      return undefined; // damaged: the run is done again
    }
  }

  async write(result: RunResult): Promise<void> {
    await this.replace(this.#name(result.run, result.seed, "json"), `${JSON.stringify(result, null, 2)}\n`);
    rmSync(this.#file(result.run, result.seed, "safetensors"), { force: true });
  }

  async checkpoints(run: string, seed: number, key: string): Promise<Checkpoints> {
    const file = this.#file(run, seed, "safetensors");
    return {
      from: await readCheckpoint(file, key),
      every: { seconds: secondsBetweenCheckpoints },
      afterEpochs: false,
      save: ({ record, tensors }) =>
        writeTensorFile(file, checkpointKind, { record: { key, run: record }, tensors }),
    };
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
        `${join(this.path, name)}: ${whyNotWritten(cause, bytes)}; name another folder with --out`,
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
  return plain === run ? run : `${plain}-${createHash("sha256").update(run).digest("hex").slice(0, 8)}`;
}

function studyOf(file: string): string | undefined {
  try {
    return z.object({ study: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).study;
  } catch {
    return undefined;
  }
}

/** Undefined where there is none, or it is of another run or damaged: the run begins again. */
async function readCheckpoint(file: string, key: string): Promise<Checkpoints["from"]> {
  if (!existsSync(file)) return undefined;
  try {
    const { record, tensors } = await readTensorFile(file, checkpointKind);
    const saved = savedSchema.parse(record);
    if (saved.key !== key) return undefined;
    return { checkpoint: checkedCheckpoint(file, { record: saved.run, tensors }), file };
  } catch (error) {
    if (error instanceof CheckpointError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
