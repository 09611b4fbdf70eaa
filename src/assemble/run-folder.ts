// The folder of a run: metrics as they happen, a summary at the end.

import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { RunFolderError } from "./failures.ts";
import type { Losses } from "./losses.ts";
import type { TrainingListener } from "./trainer.ts";

/** What decided which kernels ran, and with that the bits of a run. */
export interface RunChoices {
  /** The tuning file, a digest of all its choices, and how many works of the run follow it. */
  readonly tuning: { readonly file: string; readonly digest: string; readonly works: number } | null;
  /** Candidates that were asked for, by operator. */
  readonly candidates: Readonly<Record<string, string>>;
}

/** What a run came to; `summary.json`. */
export interface Summary extends RunChoices {
  readonly meanAuc: number | null;
  readonly auc: Readonly<Record<string, number | null>>;
  /** Epochs that were completed. */
  readonly epochs: number;
  /** True when the run was stopped before its last epoch ended. */
  readonly interrupted: boolean;
  readonly seconds: number;
  readonly seed: number;
  /** Which backend computed. */
  readonly device: string;
  readonly adapter: string;
  readonly driver: string;
  readonly manifest: string;
  readonly images: Readonly<Record<string, number>>;
  /** Image files that were decoded for this run, and that were so before. */
  readonly decoded: { readonly images: number; readonly fromCache: number };
  /** Images left out because they could not be decoded, and why. */
  readonly skipped: readonly string[];
  readonly parameters: number;
}

/** Files that a run writes; `--force` removes these and nothing else. */
const files = { metrics: "metrics.jsonl", summary: "summary.json", part: "summary.json.part" } as const;

/** Numbers as they are, so that equal runs write equal files. */
const lossFields = ({ total, bce, pseudo, consistency }: Losses): Record<string, number> => ({
  loss: total,
  bce,
  pseudo,
  consistency,
});

/**
 * An open run folder. No line of metrics.jsonl holds a time, so that two equal runs write equal files; epochs and steps
 * count from 1.
 */
export class RunFolder {
  readonly path: string;
  #metrics: number | undefined;

  /**
   * Looks at the folder and touches nothing: a run that never gets to its first step leaves an earlier run as it was.
   * @param force take a folder that holds an earlier run; that run's files are removed when the first line is written
   * @throws RunFolderError when the folder holds something already, or is none
   */
  constructor(path: string, force: boolean) {
    this.path = path;
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isDirectory()) throw new RunFolderError(`--out ${path}: is a file; name a folder`);
    if (!force && readdirSync(path).length > 0) {
      throw new RunFolderError(
        `--out ${path}: the folder is not empty; choose another or add --force to overwrite the run`,
      );
    }
  }

  /** Writes a line for every step and epoch; throws RunFolderError when it cannot. */
  listener(): TrainingListener {
    return {
      step: ({ epoch, step, losses }) => this.#line({ kind: "step", epoch, step, ...lossFields(losses) }),
      epoch: ({ epoch, learningRate, losses, evaluation }) =>
        this.#line({ kind: "epoch", epoch, learningRate, ...lossFields(losses), ...evaluation }),
    };
  }

  /**
   * Writes summary.json whole or not at all.
   * @throws RunFolderError when it cannot be written
   */
  finish(summary: Summary): void {
    const [part, target] = [join(this.path, files.part), join(this.path, files.summary)];
    this.#open();
    writing(target, () => {
      writeFileSync(part, `${JSON.stringify(summary, null, 2)}\n`);
      renameSync(part, target);
    });
  }

  close(): void {
    if (this.#metrics !== undefined) closeSync(this.#metrics);
  }

  /** Makes the folder at the first line, without the files of an earlier run. */
  #open(): number {
    return (this.#metrics ??= writing(this.path, () => {
      for (const file of Object.values(files)) rmSync(join(this.path, file), { force: true });
      mkdirSync(this.path, { recursive: true });
      return openSync(join(this.path, files.metrics), "w");
    }));
  }

  #line(record: Record<string, unknown>): void {
    const metrics = this.#open();
    // Unlike writeSync, it goes on until the whole line is written.
    writing(join(this.path, files.metrics), () => writeFileSync(metrics, `${JSON.stringify(record)}\n`));
  }
}

/** Names the file when writing it fails, mostly because the disk is full. */
function writing<Result>(file: string, write: () => Result): Result {
  try {
    return write();
  } catch (cause) {
    throw new RunFolderError(
      `${file}: cannot be written (${(cause as Error).message}); make room there, or choose another folder with --out`,
      { cause },
    );
  }
}
