// Everything that a training run knows at the end of a step, so that another process goes on from there, bit for bit. The
// random state is not in it: all that is drawn follows from the seed and the number of the step.

import { ShapeError } from "../errors/errors.ts";
import { CheckpointError, NonFiniteError } from "../errors/training-errors.ts";
import type { Module } from "../nn/module.ts";
import { difference, readWeights, writeWeights } from "../nn/weights.ts";
import type { Optimiser } from "../optim/optimiser.ts";
import type { Schedule } from "../optim/schedule.ts";
import { nonFiniteIn, type HeldTensor, type Weights } from "../tensor/held.ts";
import type { Budget, BudgetSettings } from "./budget.ts";
import { firstDifference } from "./canonical.ts";
import type { Checkpoint, CheckpointRecord } from "./checkpoint-record.ts";
import { loopSettingsOf, type LoopSettings } from "./loop-settings.ts";
import { noLosses, type Losses } from "./loss-terms.ts";
import type { Task } from "./task.ts";
import type { ValidationWatch } from "./validation-watch.ts";

/** Where a run is. */
export interface Course {
  /** Epochs that were completed. */
  epochs: number;
  /** Steps of the epoch under way whose losses are known. */
  steps: number;
  /** Of their losses. */
  sums: Losses;
  /** Steps of the run, from 1, that were left out so far, in order. */
  skipped: readonly number[];
}

/** What of a run a checkpoint holds. */
export interface Resumable {
  readonly task: Pick<Task, "module" | "terms" | "settings" | "data">;
  readonly settings: LoopSettings;
  /** The moving average of the module's weights, where there is one. */
  readonly averaged: Module | undefined;
  readonly optimiser: Optimiser;
  readonly schedule: Schedule;
  readonly watch: ValidationWatch;
  readonly course: Course;
}

/** What of a run in this process says where it may go back to. */
export interface RunState {
  /** The last checkpoint, on the host. */
  readonly kept: { last: Checkpoint | undefined };
  readonly budget: Budget;
}

/** The run as it is now; its steps must have landed. */
export async function checkpointOf(run: Resumable): Promise<Checkpoint> {
  const { task, averaged, course, watch } = run;
  const { moments, ...optimiser } = await run.optimiser.state();
  const tensors = new Map<string, HeldTensor>();
  const add = (prefix: string, weights: Weights): void => {
    for (const [name, held] of weights) tensors.set(`${prefix}.${name}`, held);
  };
  add("model", await readWeights(task.module));
  if (averaged !== undefined) add("average", await readWeights(averaged));
  if (watch.best?.weights !== undefined) add("best", watch.best.weights);
  add(run.optimiser.name, new Map(Object.entries(moments).map(flat)));
  const { best } = watch;
  const record = {
    ...identityOf(run),
    ...{ epochs: course.epochs, steps: course.steps, sums: { ...course.sums } },
    ...{ optimiser, schedule: { ...run.schedule.state } },
    best: best === undefined ? null : { epoch: best.epoch, score: best.score },
    ...(course.skipped.length === 0 ? {} : { skipped: course.skipped }),
  };
  return { record, tensors };
}

/** The run before its first step, as it would be begun again. */
export async function beginningOf(
  run: Resumable & { readonly task: Pick<Task, "twin">; readonly begun: CheckpointRecord["schedule"] },
): Promise<Checkpoint> {
  const twin = run.task.twin();
  try {
    const weights = await readWeights(twin);
    const { moments, ...optimiser } = await run.optimiser.state();
    const tensors = new Map<string, HeldTensor>();
    for (const owner of run.averaged === undefined ? ["model"] : ["model", "average"]) {
      for (const [name, held] of weights) tensors.set(`${owner}.${name}`, held);
    }
    for (const [name, data] of Object.entries(moments)) {
      tensors.set(`${run.optimiser.name}.${name}`, flat([name, data.map(() => 0)])[1]);
    }
    const { groupSteps, learningRate: _, ...counts } = optimiser;
    const record = {
      ...identityOf(run),
      ...{ epochs: 0, steps: 0, sums: noLosses(run.task.terms), schedule: run.begun, best: null },
      optimiser: {
        ...{ ...counts, steps: 0, learningRate: run.settings.learningRate },
        ...(groupSteps === undefined ? {} : { groupSteps: groupSteps.map(() => 0) }),
      },
    };
    return { record, tensors };
  } finally {
    twin.dispose();
  }
}

const flat = ([name, data]: [string, HeldTensor["data"]]): [string, HeldTensor] => [
  name,
  { shape: [data.length], data },
];

/**
 * Brings a run to where the checkpoint is. Everything is checked before anything is changed.
 * @throws CheckpointError when it is of other settings, data or terms, or of another network
 */
export function restoreRun(run: Resumable, { record, tensors }: Checkpoint, file: string): void {
  const refuse = (reason: string): never => {
    throw new CheckpointError(file, `${reason}; go on as the run was begun, or begin another with --out`);
  };
  const { settings, data } = identityOf(run);
  const other = firstDifference(settings, record.settings);
  if (other !== undefined) {
    const [is, was] = other.texts.map((text) => text ?? "left out");
    refuse(`was made with ${other.name} ${was}, and this run has ${is}`);
  }
  if (record.data !== data) refuse("was made on other images or labels");
  const { module, terms } = run.task;
  const told = Object.keys(record.sums);
  if (told.join("\n") !== terms.join("\n")) {
    refuse(`tells the losses ${told.join(", ")}, and a step here has ${terms.join(", ")}`);
  }

  const part = (prefix: string): Weights =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(`${prefix}.`))
        .map(([name, held]) => [name.slice(prefix.length + 1), held]),
    );
  const [model, average, best, storedMoments] = ["model", "average", "best", run.optimiser.name].map(part);
  const held: [Module, Weights][] = [[module, model]];
  if (run.averaged !== undefined) held.push([run.averaged, average]);
  for (const [owner, weights] of [...held, ...(best.size > 0 ? [[module, best] as const] : [])]) {
    const wrong = difference(owner, weights);
    if (wrong !== undefined) refuse(`is of another network: ${wrong}`);
  }
  const moments = Object.fromEntries([...storedMoments].map(([name, { data }]) => [name, data]));
  try {
    // It checks everything before it changes anything.
    run.optimiser.restore({ ...record.optimiser, moments });
  } catch (error) {
    if (error instanceof ShapeError) refuse(`is of another optimiser: ${error.message}`);
    throw error;
  }
  for (const [owner, weights] of held) writeWeights(owner, weights);
  run.schedule.state = record.schedule;
  run.watch.best =
    record.best === null ? undefined : { ...record.best, weights: best.size > 0 ? best : undefined };
  const { epochs, steps, sums, skipped = [] } = record;
  Object.assign(run.course, { epochs, steps, sums: { ...sums }, skipped });
}

/**
 * A checkpoint as a run of another length would have made it. The length decides nothing of what was done so far, but for a schedule
 * that follows the whole run, as a cosine does: from here on it follows the new one.
 */
export function asOfLength({ record, tensors }: Checkpoint, { epochs, steps }: BudgetSettings): Checkpoint {
  const { epochs: _epochs, steps: _steps, ...settings } = record.settings;
  const length = { epochs, ...(steps === undefined ? {} : { steps }) };
  return { record: { ...record, settings: { ...settings, ...length } }, tensors };
}

/** What a run must have in common with one that it goes on with: everything that decides its numbers. */
export function identityOf({
  task,
  settings,
}: {
  readonly task: Pick<Task, "settings" | "data">;
  readonly settings: LoopSettings;
}): Pick<CheckpointRecord, "settings" | "data"> {
  const all = { ...loopSettingsOf(settings), ...task.settings };
  return {
    settings: JSON.parse(JSON.stringify(all)) as CheckpointRecord["settings"],
    data: task.data,
  };
}

/** How often checkpoints are written beside those at the end of every epoch, where nobody says otherwise. */
export const defaultInterval = { seconds: 5 * 60 } as const;

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
  /** Writes the checkpoint; replaces the last one. The run waits for it; an error ends the run. */
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

/**
 * Waits until the checkpoint of the run as it is now is kept.
 * @throws NonFiniteError, and the last one stays, when a number of the run is not finite: nothing could go on from there
 */
export async function saveCheckpoint(
  run: Resumable & Pick<RunState, "kept" | "budget">,
  checkpoints: Checkpoints | undefined,
): Promise<void> {
  if (checkpoints === undefined) return;
  const checkpoint = await checkpointOf(run);
  const bad = nonFiniteIn(checkpoint.tensors);
  if (bad !== undefined) {
    const { stepsPerEpoch } = run.budget;
    const step = run.course.epochs * stepsPerEpoch + run.course.steps;
    throw new NonFiniteError(bad, { step, origin: "weights" });
  }
  await checkpoints.save(checkpoint);
  run.kept.last = checkpoint;
}
