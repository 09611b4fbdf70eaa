// The weights of a task's run, read back into its module.

import { statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ModelError } from "../errors/training-errors.ts";
import { readTensorFile } from "../interchange/safetensors.ts";
import { modelKind } from "../interchange/tensor-file.ts";
import type { Module } from "../nn/module.ts";
import { difference, writeWeights } from "../nn/weights.ts";
import { runFiles } from "./run-files.ts";

/** How layers lay their weights out, counted up when one turns: files without it have a `Linear` with weights [inputs, outputs]. */
export const weightsLayout = 2;

const recordSchema = z.object({ task: z.string(), epoch: z.int().min(0) });
const layoutSchema = z.object({ layout: z.literal(weightsLayout) });

/** What the file of a task's weights says of them. */
export type TaskModelRecord = z.output<typeof recordSchema>;

/**
 * Writes the weights that `trainTask` has kept into a module of the same kind.
 *
 * @param path a run folder, or its model.safetensors
 * @returns the task's name, and the epoch whose weights these are
 * @throws ModelError when the file is of no task, of a version whose `Linear` lay the other way round, or its weights do not
 *   fit the module, which is unchanged then;
 *   CheckpointError when the file is missing or damaged
 */
export async function readTaskModel(module: Module, path: string): Promise<TaskModelRecord> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = isFolder ? join(path, runFiles.model) : path;
  const { record, tensors } = await readTensorFile(file, modelKind);
  const found = recordSchema.safeParse(record);
  if (!found.success) {
    throw new ModelError(
      file,
      "holds a model of a manifest's classes, not of a task; read it with readModel",
    );
  }
  // Without matrices nothing has turned. A square one would fit either way, so shapes do not tell.
  const hasMatrices = [...module.parameters().values()].some(({ shape }) => shape.length === 2);
  if (hasMatrices && !layoutSchema.safeParse(record).success) {
    throw new ModelError(
      file,
      "is of another version of Tessera, as 0.1, whose Linear had weights [inputs, outputs] and not [outputs, inputs]; " +
        "train again, or read it with that version",
    );
  }
  const wrong = difference(module, tensors);
  if (wrong !== undefined) throw new ModelError(file, `does not fit this module: ${wrong}`);
  writeWeights(module, tensors);
  return found.data;
}
