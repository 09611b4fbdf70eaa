// What a run was begun with: enough to go on with it, or to do it again elsewhere.

import { z } from "zod";

const text = z.string();
const count = z.int().min(0);

/** `run.json`. */
export const runRecordSchema = z.strictObject({
  versions: z.strictObject({ tessera: text, node: text, webgpu: text.nullable() }),
  /** Commit of the folder that the run was begun in, and whether its files were changed since; null where that is no work of git. */
  commit: text.nullable(),
  /** The file that was named, its digest (SHA-256), and all of it. */
  manifest: z.strictObject({ file: text, sha256: text, text }),
  dataRoot: text,
  seed: count,
  /** What the command line said beside these. */
  options: z.strictObject({
    limit: count.optional(),
    epochs: count.optional(),
    steps: count.optional(),
    skipBad: z.boolean(),
    adapter: text.optional(),
    power: z.enum(["low-power", "high-performance"]).optional(),
  }),
  /** The trainer's settings that all this came to. */
  settings: z.record(z.string(), z.unknown()),
  /** The model file whose weights the run began with, where it began with any, its digest (SHA-256), and what it knows. */
  initial: z.strictObject({ file: text, sha256: text, classes: z.array(text).default([]) }).optional(),
  /** Which backend computed, on what. */
  device: z.enum(["webgpu", "reference"]),
  adapter: text,
  driver: text,
  tuning: z.strictObject({ file: text, digest: text, works: count }).nullable(),
  candidates: z.record(z.string(), text),
});

export type RunRecord = z.output<typeof runRecordSchema>;
