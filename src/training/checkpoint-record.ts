// What a checkpoint says beside its tensors, checked when it is read.

import { z } from "zod";
import { CheckpointError } from "../errors/training-errors.ts";
import type { TensorFile } from "../interchange/tensor-file.ts";

const count = z.int().min(0);
const recordSchema = z.strictObject({
  /** Of the loop and the task, but for those that change no bit. */
  settings: z.record(z.string(), z.unknown()),
  /** A digest of what is learned from and judged by. */
  data: z.string(),
  /** Epochs that were completed, and steps of the one under way. */
  epochs: count,
  steps: count,
  /** Of the losses of these steps, by term. */
  sums: z.record(z.string(), z.number()),
  optimiser: z.strictObject({
    steps: count,
    learningRate: z.number().min(0),
    /** Where the optimiser has several groups of parameters. */
    groupSteps: z.array(count).readonly().exactOptional(),
  }),
  schedule: z.record(z.string(), z.number()),
  /** Steps of the run that were left out, since their losses were no finite numbers. */
  skipped: z.array(z.int().min(1)).readonly().exactOptional(),
  /** The best epoch so far by validation, and its score; null before the first, or without validation. */
  best: z.strictObject({ epoch: z.int().min(1), score: z.number().min(0).max(1) }).nullable(),
});

/** Checkpoints of earlier builds had classes and images apart from the settings, and named the score after its metric. */
const writtenSchema = z.preprocess((record) => {
  const found = earlierSchema.safeParse(record);
  if (!found.success) return record;
  const { classes, settings, assembly, best, ...rest } = found.data;
  return {
    ...rest,
    settings: { ...settings, classes },
    data: assembly,
    best: best && { epoch: best.epoch, score: best.meanAuc },
  };
}, recordSchema);
const earlierSchema = z.looseObject({
  classes: z.array(z.string()),
  settings: z.record(z.string(), z.unknown()),
  assembly: z.string(),
  best: z.object({ epoch: z.number(), meanAuc: z.number() }).nullable(),
});

/** The part of a checkpoint that is no tensor. */
export type CheckpointRecord = z.output<typeof recordSchema>;

export interface Checkpoint extends TensorFile {
  readonly record: CheckpointRecord;
}

/** @throws CheckpointError when the record is not one of a checkpoint */
export function checkedCheckpoint(file: string, { record, tensors }: TensorFile): Checkpoint {
  return { record: checkedRecord(writtenSchema, file, record), tensors };
}

/** @throws CheckpointError when a record is not what a schema says */
export function checkedRecord<Record>(schema: z.ZodType<Record>, file: string, record: unknown): Record {
  const found = schema.safeParse(record);
  if (found.success) return found.data;
  const [issue] = found.error.issues;
  throw new CheckpointError(
    file,
    `is not of this version of Tessera (${issue.path.join(".")}: ${issue.message}); use the one that wrote it`,
  );
}
