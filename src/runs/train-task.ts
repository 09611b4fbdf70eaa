// Trains any task into a run folder: metrics as they happen, checkpoints to go on from, and in the end a summary and weights.

import { UsageError } from "../errors/errors.ts";
import { RunFolderError } from "../errors/training-errors.ts";
import type { Module } from "../nn/module.ts";
import { readWeights } from "../nn/weights.ts";
import type { Checkpoints } from "../training/checkpoint.ts";
import { loopSettingsOf, type LoopSettings } from "../training/loop-settings.ts";
import { bothListeners, type TrainingListener } from "../training/training-reports.ts";
import type { Judgement, Task } from "../training/task.ts";
import { train, type LoopResult } from "../training/trainer.ts";
import { version } from "./package-info.ts";
import { RunFolder } from "./run-folder.ts";
import { provenance } from "./run-start.ts";
import type { TaskSummary } from "./summary.ts";

export interface TaskRunOptions<Report extends object = object> {
  /** What the task is called, in the folder, in messages and in the report. */
  readonly name: string;
  /** The run folder. */
  readonly out: string;
  /** Whether the folder holds a run that was stopped or killed, which this one goes on with. */
  readonly resume?: boolean;
  /** Whether an earlier run in that folder is overwritten. */
  readonly force?: boolean;
  /** When checkpoints are written beside those of every epoch; default: every five minutes. */
  readonly checkpointEvery?: Checkpoints["every"];
  readonly listener?: TrainingListener<Report>;
  /** Stops the run after the steps under way; it goes on with `resume`. */
  readonly signal?: AbortSignal;
}

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
  const { name, listener, signal, checkpointEvery = { seconds: 5 * 60 } } = options;
  if (name.trim() === "") throw new UsageError("trainTask: name must say what the task is called");
  const { engine } = task.module;
  const made = { adapter: engine.traits.name, driver: engine.traits.description };
  const { folder, from } = options.resume === true ? await reopened(options) : begun(options);
  try {
    if (options.resume !== true) {
      folder.begin({
        ...(await provenance()),
        settings: { ...loopSettingsOf(settings), ...task.settings },
        device: engine.backend.kind === "webgpu" ? "webgpu" : "reference",
        ...made,
        task: name,
        data: task.data,
      });
    }
    const result = await train(task, settings, {
      listener: bothListeners<Judged["report"]>(folder.listener(), listener),
      signal,
      checkpoints: { from, every: checkpointEvery, save: (checkpoint) => folder.save(checkpoint) },
    });
    const { judged, kept, validation, endedEarly, stopped, epochs, module } = result;
    const summary: TaskSummary = {
      task: name,
      score: judged?.score ?? null,
      report: judged === undefined ? null : { ...judged.report },
      ...{ epochs, kept, validation, endedEarly, interrupted: stopped },
      seconds: Math.round(folder.seconds * 10) / 10,
      parameters: module.parameterCount,
      device: engine.backend.kind,
      ...made,
    };
    const model = { record: { task: name, epoch: kept }, tensors: await readWeights(module) };
    await folder.finish(summary, stopped ? undefined : model);
    return { ...result, summary };
  } finally {
    folder.close();
  }
}

function begun({ out, force = false }: TaskRunOptions): {
  readonly folder: RunFolder;
  readonly from: undefined;
} {
  return { folder: new RunFolder(out, force), from: undefined };
}

async function reopened({
  name,
  out,
}: TaskRunOptions): Promise<{ readonly folder: RunFolder; readonly from: Checkpoints["from"] }> {
  const { folder, record, from } = await RunFolder.reopen(out);
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
  return { folder, from };
}
