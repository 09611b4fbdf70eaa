// The run folder of a synthesised table: what was asked for, the model, the rows that were made and how they were judged. It holds no
// row of the real table.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { RunFolderError } from "../errors/training-errors.ts";
import { whyNoFolder } from "../files/folders.ts";
import { isHarmless } from "../files/harmless.ts";
import { suggestedPath } from "../files/near-files.ts";
import { notWritten, replaceFile } from "../files/whole-files.ts";
import { jsonText } from "./json-text.ts";
import { checkUnlocked, isOfLock, lockFolder } from "./run-lock.ts";

export const tableRunFiles = {
  /** What it was begun with. */
  record: "run.json",
  /** The model, and how its rows become rows of the table. */
  model: "model.json",
  /** The network's own run: its losses, checkpoints and weights. */
  training: "training",
  rows: "synthetic.csv",
  quality: "quality.json",
  page: "report.html",
} as const;

const text = z.string();
const digest = z.strictObject({ file: text, sha256: text });

const recordSchema = z.strictObject({
  kind: z.literal("table"),
  versions: z.strictObject({ tessera: text, runtime: text.optional(), node: text, webgpu: text.nullable() }),
  commit: text.nullable(),
  manifest: z.strictObject({ file: text, sha256: text, text }),
  dataRoot: text,
  /** Whether links out of it are followed. */
  followLinks: z.boolean().exactOptional(),
  /** Whether rows with a cell too few or too many are left out. */
  skipBad: z.boolean().exactOptional(),
  /** The files that were read. */
  tables: z.array(digest),
  holdout: z.array(digest),
  seed: z.int(),
  model: z.enum(["copula", "network"]),
  /** Rows that were learned from, and that were held out. */
  rows: z.strictObject({ learned: z.int(), heldOut: z.int() }),
});

export type TableRunRecord = z.output<typeof recordSchema>;

/** A run folder under way. */
export interface OpenTableRun {
  readonly path: string;
  /** Writes a file of it, whole or not at all. */
  readonly write: (file: keyof typeof tableRunFiles, content: string) => Promise<void>;
  readonly close: () => void;
}

export interface TableRunOptions {
  readonly force: boolean;
  /** Go on with the run that the folder holds. */
  readonly resume: boolean;
}

/**
 * Looks at a folder and touches nothing.
 * @throws RunFolderError when it holds something else, or a run already and neither `force` nor `resume` is said; or is written now
 */
export async function checkTableRun(path: string, { force, resume }: TableRunOptions): Promise<void> {
  const option = resume ? "--resume" : "--out";
  const why = whyNoFolder(path);
  if (why !== undefined) throw new RunFolderError(`${option} ${path}: ${why}`);
  if (!existsSync(path)) {
    if (!resume) return;
    throw new RunFolderError(
      `--resume ${path}: does not exist; name the folder of a run, or begin one with --out${await suggestedPath(path)}`,
    );
  }
  checkUnlocked(path);
  const held = readdirSync(path).filter(
    (name) => !isOfLock(name) && !isHarmless(name) && !name.endsWith(".part"),
  );
  const isRun = existsSync(join(path, tableRunFiles.record));
  if (resume) {
    readTableRecord(path);
    return;
  }
  if (held.length === 0) return;
  if (isRun && !isTableRun(path))
    throw new RunFolderError(`--out ${path}: holds a run of another kind; choose another folder`);
  if (force) return;
  throw new RunFolderError(
    isRun
      ? `--out ${path}: the folder is not empty; choose another, add --force to overwrite the run, or go on with it: --resume ${path}`
      : `--out ${path}: the folder is not empty, and holds no run (it holds ${JSON.stringify(held[0])}); choose another, or add --force to ` +
          "write the run beside what is there",
  );
}

/** Takes the folder. @throws RunFolderError as checkTableRun */
export async function openTableRun(path: string, options: TableRunOptions): Promise<OpenTableRun> {
  await checkTableRun(path, options);
  mkdirSync(path, { recursive: true });
  const close = lockFolder(path);
  if (!options.resume) {
    for (const name of Object.values(tableRunFiles))
      rmSync(join(path, name), { recursive: true, force: true });
  }
  const write = async (name: keyof typeof tableRunFiles, content: string): Promise<void> => {
    const file = join(path, tableRunFiles[name]);
    try {
      await replaceFile(file, (handle) => handle.writeFile(content));
    } catch (cause) {
      throw new RunFolderError(`${file}: ${notWritten(cause, content.length, "choose another --out")}`, {
        cause,
      });
    }
  };
  return { path, write, close };
}

export const recordText = (record: TableRunRecord): string => jsonText(record);

const isTableRun = (path: string): boolean => {
  try {
    readTableRecord(path);
    return true;
  } catch {
    return false;
  }
};

/** @throws RunFolderError when the folder holds no run of a table, or its record is damaged */
export function readTableRecord(path: string): TableRunRecord {
  const file = join(path, tableRunFiles.record);
  if (!existsSync(file))
    throw new RunFolderError(
      `${path}: holds no run of a table (${tableRunFiles.record}); name the folder that synthesise wrote`,
    );
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new RunFolderError(
      `${file}: is not the record of a run of a table, or damaged; name the folder that synthesise wrote`,
      { cause },
    );
  }
}

/** The model of a run as JSON. @throws RunFolderError when it is not there (yet), or damaged */
export function readTableModel(path: string): unknown {
  readTableRecord(path);
  const file = join(path, tableRunFiles.model);
  if (!existsSync(file))
    throw new RunFolderError(
      `${path}: has no ${tableRunFiles.model} yet: the run has not ended; go on with it: --resume ${path}`,
    );
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new RunFolderError(`${file}: is damaged; synthesise again with --force`, { cause });
  }
}
