// Trains any task into a run folder: metrics as they happen, checkpoints to go on from, and in the end a summary and weights.

import { basename } from "node:path";
import {
  aFlag,
  aFunction,
  anything,
  aRecord,
  aString,
  expectArgument,
  expectOptions,
  required,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { RunFolderError } from "../errors/training-errors.ts";
import type { Module } from "../nn/module.ts";
import { readWeights } from "../nn/weights.ts";
import { canonical, firstDifference } from "../training/canonical.ts";
import { asOfLength, defaultInterval, identityOf, type Checkpoints } from "../training/checkpoint.ts";
import { expectLoopSettings, type LoopSettings } from "../training/loop-settings.ts";
import { bothListeners, type TrainingListener } from "../training/training-reports.ts";
import { checkTask, type Judgement, type Task } from "../training/task.ts";
import { train, type LoopResult } from "../training/trainer.ts";
import { version } from "./package-info.ts";
import { checkMetricsNames } from "./metrics-lines.ts";
import { isOurs } from "./run-files.ts";
import { RunFolder } from "./run-folder.ts";
import { computedOn } from "./computed-on.ts";
import { compareAdapters, provenance } from "./provenance.ts";
import { expectLonger, type Length } from "./run-length.ts";
import type { TaskRecord } from "./run-record.ts";
import { silent } from "./run-observer.ts";
import { weightsLayout } from "./task-model.ts";
import type { TaskSummary } from "./summary.ts";

export interface TaskRunOptions<Report extends object = object> {
  /** What the task is called, in the folder, in messages and in the report. */
  readonly name: string;
  /** The run folder. */
  readonly out: string;
  /**
   * Whether the folder holds a run that was stopped or killed, which this one goes on with. Settings of more `epochs` or `steps` than
   * it was begun with make it longer, also where it is finished.
   */
  readonly resume?: boolean;
  /** Whether an earlier run in that folder is overwritten. */
  readonly force?: boolean;
  /** When checkpoints are written beside those of every epoch; default: every five minutes. */
  readonly checkpointEvery?: Checkpoints["every"];
  /**
   * Texts of files that lie beside the run's own from its first step on, by name: what its weights are used with, such as classes or a
   * vocabulary. A run that goes on leaves them as they are.
   */
  readonly files?: Readonly<Record<string, string>>;
  readonly listener?: TrainingListener<Report>;
  /** Told what a person should know, such as that a run goes on on another adapter. */
  readonly warn?: (text: string) => void;
  /** Stops the run after the steps under way; it goes on with `resume`. */
  readonly signal?: AbortSignal;
}

const fileTexts: Requirement = {
  words: "texts by names of files, which are none of a run's own and name no other folder",
  fits: (value) =>
    aRecord.fits(value) &&
    Object.entries(value as object).every(
      ([name, text]) => typeof text === "string" && basename(name) === name && name !== "" && !isOurs(name),
    ),
};

const taskRunOptions: OptionChecks<TaskRunOptions> = {
  name: required(anything), // see below
  out: required(aString),
  resume: aFlag,
  force: aFlag,
  checkpointEvery: aRecord,
  files: fileTexts,
  listener: anything,
  warn: aFunction,
  signal: anything,
};

export interface TaskRun<Judged, Trained> extends LoopResult<Judged, Trained> {
  readonly summary: TaskSummary;
}

/**
 * Trains a task, and leaves all of it in a run folder, of which `tessera report` makes a page.
 * `examples/cifar-softmax/train.mjs` in the repository is a whole program.
 *
 * @returns what `train` returns, and the summary that was written
 * @throws RunFolderError when the folder is taken, holds no run to go on with, or that of another task; what `train` throws
 */
export async function trainTask<Inputs, Judged extends Judgement, Trained extends Module>(
  task: Task<Inputs, Judged, Trained>,
  settings: LoopSettings,
  options: TaskRunOptions<Judged["report"]>,
): Promise<TaskRun<Judged, Trained>> {
  checkTask(task);
  expectOptions("trainTask", options, taskRunOptions);
  expectArgument("trainTask", "the settings", settings, aRecord);
  const { name, listener, signal, checkpointEvery = defaultInterval } = options;
  if (typeof name !== "string" || name.trim() === "")
    throw new UsageError("trainTask: name must say what the task is called");
  expectLoopSettings(settings);
  checkMetricsNames(task.terms, "loss term");
  const made = computedOn(task.module.engine);
  const identity = identityOf({ task, settings });
  const { folder, from, record } =
    options.resume === true ? await reopened(options, identity) : begun(options);
  try {
    if (record !== undefined) {
      expectSame(record, identity, options.out);
      compareAdapters(record, made, options.warn ?? silent);
      if (isOfOtherLength(record, identity)) folder.begin({ ...record, settings: identity.settings });
    } else {
      const record = { settings: identity.settings, ...made, task: name, data: identity.data };
      folder.begin({ ...(await provenance()), ...record }, options.files);
    }
    const result = await train(task, settings, {
      listener: bothListeners<Judged["report"]>(folder.listener(), listener),
      signal,
      checkpoints: {
        from: from && { ...from, checkpoint: asOfLength(from.checkpoint, settings) },
        every: checkpointEvery,
        save: (checkpoint) => folder.save(checkpoint),
      },
    });
    try {
      return { ...result, summary: await written(folder, result, { name, made }) };
    } catch (error) {
      if (result.module !== task.module) result.module.dispose();
      throw error;
    }
  } finally {
    folder.close();
  }
}

/** Writes what a run came to. */
async function written<Judged extends Judgement, Trained extends Module>(
  folder: RunFolder,
  {
    judged,
    kept,
    validation: best,
    settled,
    endedEarly,
    stopped,
    epochs,
    module,
  }: LoopResult<Judged, Trained>,
  {
    name,
    made,
  }: { readonly name: string; readonly made: Pick<TaskSummary, "device" | "adapter" | "driver"> },
): Promise<TaskSummary> {
  // Of the weights in the model file, which are those after they were settled.
  const { validation } = settled ?? { validation: best };
  const summary: TaskSummary = {
    task: name,
    score: judged?.score ?? null,
    report: judged === undefined ? null : { ...judged.report },
    ...{ epochs, kept, validation, endedEarly, interrupted: stopped },
    seconds: Math.round(folder.seconds * 10) / 10,
    parameters: module.parameterCount,
    ...made,
  };
  const model = {
    record: { task: name, epoch: kept, layout: weightsLayout },
    tensors: await readWeights(module),
  };
  await folder.finish(summary, stopped ? undefined : model);
  return summary;
}

function begun({ out, force = false }: TaskRunOptions): {
  readonly folder: RunFolder;
  readonly from?: undefined;
  readonly record?: undefined;
} {
  return { folder: new RunFolder(out, force) };
}

async function reopened(
  { name, out }: TaskRunOptions,
  now: Pick<TaskRecord, "settings">,
): Promise<{
  readonly folder: RunFolder;
  readonly from: Checkpoints["from"];
  readonly record: TaskRecord;
}> {
  const isLonger = (begun: Pick<TaskRecord, "settings">): boolean => isOfOtherLength(begun, now);
  const { folder, record, from, isFinished } = await RunFolder.reopen(out, isLonger);
  const found = "task" in record ? `the task "${record.task}"` : "a manifest";
  if (!("task" in record) || record.task !== name) {
    throw new RunFolderError(
      `${out}: holds a run of ${found}, not of the task "${name}"; name another folder`,
    );
  }
  if (record.versions.tessera !== version) {
    throw new RunFolderError(
      `${out}: the run was begun with Tessera ${record.versions.tessera}, and this is ${version}; take that version, ` +
        "or begin another run",
    );
  }
  if (isLonger(record)) expectLonger(out, lengthOf(now), from?.checkpoint.record, isFinished);
  return { folder, from, record };
}

/** The part of settings that says how long a run is: steps, where they are given. */
function lengthOf({ settings: { epochs, steps } }: Pick<TaskRecord, "settings">): Length {
  const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
  return steps === undefined ? { epochs: number(epochs) } : { steps: number(steps) };
}

const isOfOtherLength = (a: Pick<TaskRecord, "settings">, b: Pick<TaskRecord, "settings">): boolean =>
  canonical(lengthOf(a)) !== canonical(lengthOf(b));

const withoutLength = ({ epochs: _epochs, steps: _steps, ...others }: TaskRecord["settings"]) => others;

/** @throws RunFolderError when a run would go on with other settings, but for its length, or other data than it was begun with */
function expectSame(record: TaskRecord, now: Pick<TaskRecord, "settings" | "data">, out: string): void {
  const other = firstDifference(withoutLength(record.settings), withoutLength(now.settings));
  if (other !== undefined) {
    const [was, is] = other.texts.map((text) => text ?? "left out");
    throw new RunFolderError(
      `${out}: was begun with ${other.name} ${was}, and this run has ${is}; go on as it was begun, or begin another run`,
    );
  }
  if (record.data !== now.data) {
    throw new RunFolderError(`${out}: was begun on other data; go on with the same, or begin another run`);
  }
}
