// Checkpoints that stay beside the current one: checkpoint-0003-00012.safetensors is that after 3 epochs and 12 steps of the next, so
// that their names sort as they were written.

import { copyFileSync, linkSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../errors/training-errors.ts";
import { codeOf } from "../files/causes.ts";
import { readTensorFile } from "../interchange/safetensors.ts";
import type { CheckpointRecord } from "../training/checkpoint-record.ts";

const name = /^checkpoint-(\d{4,})-(\d{5,})\.safetensors$/u;

/** Whether a file of a run folder is such a checkpoint. */
export const isKeptCheckpoint = (file: string): boolean => name.test(file);

/** Those of a folder, the newest first. */
function keptIn(folder: string): string[] {
  const place = (file: string): number[] => (name.exec(file) ?? []).slice(1).map(Number);
  return readdirSync(folder)
    .filter(isKeptCheckpoint)
    .sort((a, b) => place(b)[0] - place(a)[0] || place(b)[1] - place(a)[1]);
}

/**
 * Keeps the current checkpoint under a name of its own, as the same file where the disk has links, and removes the oldest.
 * @param current its file
 * @param most that stay
 */
export function keepCheckpoint(
  folder: string,
  current: string,
  { epochs, steps }: Pick<CheckpointRecord, "epochs" | "steps">,
  most: number,
): void {
  const file = `checkpoint-${String(epochs).padStart(4, "0")}-${String(steps).padStart(5, "0")}.safetensors`;
  rmSync(join(folder, file), { force: true }); // of the same place, before the run went back to an earlier one
  try {
    linkSync(current, join(folder, file));
  } catch (cause) {
    if (codeOf(cause) === "ENOSPC") throw cause;
    copyFileSync(current, join(folder, file));
  }
  for (const old of keptIn(folder).slice(most)) rmSync(join(folder, old), { force: true });
}

/** The newest of a folder that can be read; undefined where there is none. */
export async function newestGood(
  folder: string,
  kind: Parameters<typeof readTensorFile>[1],
): Promise<string | undefined> {
  for (const file of keptIn(folder)) {
    try {
      await readTensorFile(join(folder, file), kind);
      return file;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
    }
  }
  return undefined;
}
