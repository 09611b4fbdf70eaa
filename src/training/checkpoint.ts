// Everything that a training run knows at the end of a step, so that another process goes on from there, bit for bit. The
// random state is not in it: all that is drawn follows from the seed and the number of the step.

import { createHash } from "node:crypto";
import { z } from "zod";
import type { Assembly } from "../data/assembly/assembly.ts";
import type { Optimiser } from "../optim/optimiser.ts";
import type { Schedule } from "../optim/schedule.ts";
import { canonical } from "./canonical.ts";
import type { Classifier } from "../assemble/classifier.ts";
import { ShapeError } from "../errors/errors.ts";
import { CheckpointError } from "../errors/training-errors.ts";
import type { TensorFile } from "../interchange/safetensors.ts";
import { reproducibleSettings, type TrainingSettings } from "../assemble/training-settings.ts";
import type { ValidationWatch } from "./validation-watch.ts";
import { difference, readWeights, writeWeights } from "../nn/weights.ts";
import { type HeldTensor, type Weights } from "../tensor/held.ts";

const count = z.int().min(0);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const recordSchema = z.strictObject({
  classes: z.array(z.string()),
  /** The trainer's, but for those that change no bit. */
  settings: z.record(z.string(), z.unknown()),
  /** Of the images' number, sizes and labels. */
  assembly: digest,
  /** Epochs that were completed, and steps of the one under way. */
  epochs: count,
  steps: count,
  /** Of the losses of these steps. */
  sums: z.strictObject({ total: z.number(), bce: z.number(), pseudo: z.number(), consistency: z.number() }),
  optimiser: z.strictObject({ steps: count, learningRate: z.number().min(0) }),
  schedule: z.record(z.string(), z.number()),
  /** The best epoch so far by validation, and its mean AUC; null before the first, or without validation. */
  best: z.strictObject({ epoch: z.int().min(1), meanAuc: z.number().min(0).max(1) }).nullable(),
});

/** The part of a checkpoint that is no tensor. */
export type CheckpointRecord = z.output<typeof recordSchema>;

export interface Checkpoint extends TensorFile {
  readonly record: CheckpointRecord;
}

/** Where a run is. */
export interface Course {
  /** Epochs that were completed. */
  epochs: number;
  /** Steps of the epoch under way whose losses are known. */
  steps: number;
  /** Of their losses. */
  sums: CheckpointRecord["sums"];
}

/** What of a run a checkpoint holds. */
export interface Resumable {
  readonly assembly: Assembly;
  readonly settings: TrainingSettings;
  readonly classifier: Classifier;
  /** The moving average of the classifier's weights, where there is one. */
  readonly averaged: Classifier | undefined;
  readonly optimiser: Optimiser;
  readonly schedule: Schedule;
  readonly watch: ValidationWatch;
  readonly course: Course;
}

/** The run as it is now; its steps must have landed. */
export async function checkpointOf(run: Resumable): Promise<Checkpoint> {
  const { assembly, settings, classifier, averaged, course, watch } = run;
  const { moments, ...optimiser } = await run.optimiser.state();
  const tensors = new Map<string, HeldTensor>();
  const add = (prefix: string, weights: Weights): void => {
    for (const [name, held] of weights) tensors.set(`${prefix}.${name}`, held);
  };
  add("model", await readWeights(classifier));
  if (averaged !== undefined) add("average", await readWeights(averaged));
  if (watch.best?.weights !== undefined) add("best", watch.best.weights);
  add(run.optimiser.name, new Map(Object.entries(moments).map(flat)));
  const { best } = watch;
  const record = {
    ...described(assembly, settings),
    ...{ epochs: course.epochs, steps: course.steps, sums: { ...course.sums } },
    ...{ optimiser, schedule: { ...run.schedule.state } },
    best: best === undefined ? null : { epoch: best.epoch, meanAuc: best.meanAuc },
  };
  return { record, tensors };
}

const flat = ([name, data]: [string, HeldTensor["data"]]): [string, HeldTensor] => [
  name,
  { shape: [data.length], data },
];

/** @throws CheckpointError when the record is not one of a checkpoint */
export function checkedCheckpoint(file: string, { record, tensors }: TensorFile): Checkpoint {
  return { record: checkedRecord(recordSchema, file, record), tensors };
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

/**
 * Brings a run to where the checkpoint is. Everything is checked before anything is changed.
 * @throws CheckpointError when it is of other classes, settings, images, or another network
 */
export function restoreRun(run: Resumable, { record, tensors }: Checkpoint, file: string): void {
  const refuse = (reason: string): never => {
    throw new CheckpointError(file, `${reason}; go on as the run was begun, or begin another with --out`);
  };
  const { classes, settings, assembly } = described(run.assembly, run.settings);
  if (record.classes.join("\n") !== classes.join("\n")) {
    refuse(`is of the classes ${record.classes.join(", ")}, and these are ${classes.join(", ")}`);
  }
  const names = new Set([...Object.keys(settings), ...Object.keys(record.settings)]);
  const other = [...names].find((name) => canonical(settings[name]) !== canonical(record.settings[name]));
  if (other !== undefined) {
    const [was, is] = [record.settings, settings].map((each) => canonical(each[other]) ?? "left out");
    refuse(`was made with ${other} ${was}, and this run has ${is}`);
  }
  if (record.assembly !== assembly) refuse("was made on other images or labels");

  const part = (prefix: string): Weights =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(`${prefix}.`))
        .map(([name, held]) => [name.slice(prefix.length + 1), held]),
    );
  const [model, average, best, kept] = ["model", "average", "best", run.optimiser.name].map(part);
  const held: [Classifier, Weights][] = [[run.classifier, model]];
  if (run.averaged !== undefined) held.push([run.averaged, average]);
  for (const [module, weights] of [...held, ...(best.size > 0 ? [[run.classifier, best] as const] : [])]) {
    const wrong = difference(module, weights);
    if (wrong !== undefined) refuse(`is of another network: ${wrong}`);
  }
  const moments = Object.fromEntries([...kept].map(([name, { data }]) => [name, data]));
  try {
    // It checks everything before it changes anything.
    run.optimiser.restore({ ...record.optimiser, moments });
  } catch (error) {
    if (error instanceof ShapeError) refuse(`is of another optimiser: ${error.message}`);
    throw error;
  }
  for (const [module, weights] of held) writeWeights(module, weights);
  run.schedule.state = record.schedule;
  if (record.best !== null) {
    run.watch.best = { ...record.best, weights: best.size > 0 ? best : undefined };
  }
  Object.assign(run.course, { epochs: record.epochs, steps: record.steps, sums: { ...record.sums } });
}

/** What a run must have in common with its checkpoint. */
function described(
  assembly: Assembly,
  settings: TrainingSettings,
): Pick<CheckpointRecord, "classes" | "settings" | "assembly"> {
  return {
    classes: [...assembly.classes],
    settings: JSON.parse(JSON.stringify(reproducibleSettings(settings))) as CheckpointRecord["settings"],
    assembly: digestOf(assembly),
  };
}

/** Pixels are left out: they may be many, and on disk. */
function digestOf({ classes, sources, validation, test }: Assembly): string {
  const hash = createHash("sha256").update(JSON.stringify(classes));
  for (const set of [...sources, ...(validation === undefined ? [] : [validation]), test]) {
    const { source, height, width, channels } = set;
    hash.update(JSON.stringify([source, set.count, height, width, channels])).update(set.states);
  }
  return hash.digest("hex");
}

/** Where checkpoints of a run go and come from. */
export interface Checkpoints {
  /** To go on from, and its name for messages. */
  readonly from?: { readonly checkpoint: Checkpoint; readonly file: string } | undefined;
  /** Whether there is one after every epoch; default: yes. Epochs of a few steps take less time than their checkpoint. */
  readonly afterEpochs?: boolean;
  /** Beside those, and that when a signal stops the run: after so many steps, or seconds. */
  readonly every?: { readonly steps: number } | { readonly seconds: number };
  /** And after this step of the run, counted from 1. */
  readonly after?: number | undefined;
  /** Told of everything up to the checkpoint before. The run waits for it; an error ends the run. */
  save(checkpoint: Checkpoint): Promise<void>;
}

/** Asked after each step, says whether a checkpoint is due. */
export function dueBy({ every, after }: Pick<Checkpoints, "every" | "after">): (step: number) => boolean {
  let steps = 0;
  let last = performance.now();
  return (step) => {
    const due =
      every === undefined
        ? false
        : "steps" in every
          ? ++steps % every.steps === 0
          : performance.now() - last >= 1000 * every.seconds;
    if (due) last = performance.now();
    return due || step === after;
  };
}

/** A checkpoint as a run of other settings would have made it; whoever asks knows that it would have been the same. */
export function asOfSettings({ record, tensors }: Checkpoint, settings: TrainingSettings): Checkpoint {
  return { record: { ...record, settings: reproducibleSettings(settings) }, tensors };
}

/** Waits until the checkpoint of the run as it is now is kept. */
export async function saveCheckpoint(run: Resumable, checkpoints: Checkpoints | undefined): Promise<void> {
  if (checkpoints !== undefined) await checkpoints.save(await checkpointOf(run));
}
