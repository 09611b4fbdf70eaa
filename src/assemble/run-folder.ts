// The folder of a run: metrics as they happen, a summary at the end.

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { RunFolderError } from "./failures.ts";
import type { Losses, TrainingListener } from "./trainer.ts";

/** What a run came to; `summary.json`. */
export interface Summary {
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
  readonly #metrics: number;

  /**
   * Makes the folder, or takes an empty one.
   * @param force take a folder that holds an earlier run, and remove that run's files
   * @throws RunFolderError when the folder holds something already, or cannot be written
   */
  constructor(path: string, force: boolean) {
    this.path = path;
    try {
      if (existsSync(path) && readdirSync(path).length > 0) {
        if (!force) {
          throw new RunFolderError(
            `--out ${path}: the folder is not empty; choose another or add --force to overwrite the run`,
          );
        }
        for (const file of Object.values(files)) rmSync(join(path, file), { force: true });
      }
      mkdirSync(path, { recursive: true });
      this.#metrics = openSync(join(path, files.metrics), "w");
    } catch (cause) {
      if (cause instanceof RunFolderError) throw cause;
      throw new RunFolderError(`--out ${path}: cannot be written (${(cause as Error).message})`, { cause });
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
    writing(target, () => {
      writeFileSync(part, `${JSON.stringify(summary, null, 2)}\n`);
      renameSync(part, target);
    });
  }

  close(): void {
    closeSync(this.#metrics);
  }

  #line(record: Record<string, unknown>): void {
    // Unlike writeSync, it goes on until the whole line is written.
    writing(join(this.path, files.metrics), () =>
      writeFileSync(this.#metrics, `${JSON.stringify(record)}\n`),
    );
  }
}

/** Names the file when writing it fails, mostly because the disk is full. */
function writing(file: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    throw new RunFolderError(
      `${file}: cannot be written (${(cause as Error).message}); make room there, or choose another folder with --out`,
      { cause },
    );
  }
}
