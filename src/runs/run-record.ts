// What a run was begun with: enough to go on with it, or to do it again elsewhere. `run.json`, as it is written and read.

import { sha256 } from "#sha256";
import { z } from "zod";
import { trainedOn } from "./trained-on.ts";

const text = z.string();
const count = z.int().min(0);

/** What decided which kernels ran, and with that the bits of a run. */
export const runChoicesSchema = z.strictObject({
  /** The tuning file, a digest of all its choices, and how many works of the run follow it. */
  tuning: z.strictObject({ file: text, digest: text, works: count }).nullable(),
  /** Candidates that were asked for, by operator. */
  candidates: z.record(text, text),
});
export type RunChoices = z.output<typeof runChoicesSchema>;

/** What every run says, whatever it trains. */
const made = {
  /**
   * Of the program and of what it ran on: `runtime` is "Node 20.20.2" or "Deno 2.9.6" (earlier builds did not say), `node` the version of Node
   * that it is or stands for, `webgpu` the package's, null where WebGPU is the runtime's own.
   */
  versions: z.strictObject({
    ...{ tessera: text, runtime: text.optional(), node: text, webgpu: text.nullable() },
  }),
  /** Commit of the folder that the run was begun in, and whether its files were changed since; null where that is no work of git. */
  commit: text.nullable(),
  /** The settings that all this came to. */
  settings: z.record(text, z.unknown()),
  /** Which backend computed, on what. */
  device: z.enum(["webgpu", "reference"]),
  adapter: text,
  driver: text,
};

/** Of a run on a manifest's images. */
export const runRecordSchema = z.strictObject({
  ...made,
  /** The file that was named, its digest (SHA-256), and all of it. */
  manifest: z
    .strictObject({ file: text, sha256: text, text })
    .refine((manifest) => sha256().update(manifest.text).hex() === manifest.sha256, {
      error: "its text is not that which the run was begun with, by its SHA-256",
    }),
  dataRoot: text,
  seed: count,
  /** A digest of the pixels of all images, and of their label maps (SHA-256); runs of earlier builds did not say. */
  pixels: text.optional(),
  /** In the order of the logits; runs of earlier builds did not say. */
  classes: z.array(text).optional(),
  /** What the command line said beside these. */
  options: z.strictObject({
    limit: count.optional(),
    epochs: count.optional(),
    steps: count.optional(),
    skipBad: z.boolean(),
    skipNonFinite: z.boolean().exactOptional(),
    /** True where files were read that symbolic links lead to out of the data root. */
    followLinks: z.boolean().exactOptional(),
    adapter: text.optional(),
    power: z.enum(["low-power", "high-performance"]).optional(),
    /** False where the run's kernels went without checks. */
    robustness: z.boolean().optional(),
    /** In how many parts batches are computed, in the place of what the manifest says. */
    batchSplit: count.optional(),
  }),
  /**
   * The model file whose weights the run began with, where it began with any, its digest (SHA-256), the classes that are kept of it, and
   * how the images were that it learned these from.
   */
  initial: z
    .strictObject({
      ...{ file: text, sha256: text, classes: z.array(text).default([]) },
      ...trainedOn,
    })
    .optional(),
  ...runChoicesSchema.shape,
});
export type RunRecord = z.output<typeof runRecordSchema>;

/** Of a run of another task. */
export const taskRecordSchema = z.strictObject({
  ...made,
  /** What the task is called. */
  task: text,
  /** A digest of what is learned from. */
  data: text,
});
export type TaskRecord = z.output<typeof taskRecordSchema>;

/** `run.json` of any run. */
export type AnyRecord = RunRecord | TaskRecord;
