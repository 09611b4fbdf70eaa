// The training loop: epochs of steps of a task, told to a listener as they happen.

import {
  anything,
  aRecord,
  described,
  expectArgument,
  expectOptions,
  shown,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { OutOfMemoryError, UsageError } from "../errors/errors.ts";
import { NonFiniteError } from "../errors/training-errors.ts";
import type { Module } from "../nn/module.ts";
import type { Reservation } from "../runtime/backend.ts";
import type { Engine } from "../runtime/engine.ts";
import { readWeights, writeWeights } from "../nn/weights.ts";
import { optimiserOf } from "../optim/optimiser-table.ts";
import { scheduleOf } from "../optim/schedule-table.ts";
import { budgetOf, stepsOf, type Budget } from "./budget.ts";
import { beginningOf, dueBy, restoreRun, saveCheckpoint, type Checkpoints } from "./checkpoint.ts";
import type { Checkpoint, CheckpointRecord } from "./checkpoint-record.ts";
import { trainOneEpoch, type SteppedRun } from "./epoch-steps.ts";
import { expectLoopSettings, optimiserSettingsOf, type LoopSettings } from "./loop-settings.ts";
import { meansOf, noLosses } from "./loss-terms.ts";
import { searchStep, type NonFiniteOrigins } from "./non-finite-search.ts";
import { toldByOrigin, type TakenSteps } from "./non-finite-words.ts";
import { optimisationStep } from "./optimisation-step.ts";
import { precisionOf } from "./precision.ts";
import { RecordedSteps } from "./recorded-steps.ts";
import { largestRead, moduleBytes, mostRead, planOf, type PlannedWork } from "./run-memory.ts";
import type { EvaluationReport, TrainingListener } from "./training-reports.ts";
import { checkTask, type JudgedPart, type Judgement, type StepLosses, type Task } from "./task.ts";
import { TrainedParts } from "./trained-parts.ts";
import { ValidationWatch } from "./validation-watch.ts";
import { WeightAverage } from "./weight-average.ts";

/** What `train` may be told beside task and settings. */
export interface TrainOptions<Report extends object = object> {
  /** Told of steps and epochs; what it throws ends the run. */
  readonly listener?: TrainingListener<Report> | undefined;
  /**
   * Stops the run after the steps under way (those of half a second, or two) or the batch of images that are evaluated. An
   * epoch counts when its steps and its evaluations are done.
   */
  readonly signal?: AbortSignal | undefined;
  readonly checkpoints?: Checkpoints | undefined;
}

const aListener: Requirement = {
  words: "an object with begun(), step(), evaluated() or epoch()",
  fits: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};
const trainOptions: OptionChecks<TrainOptions> = {
  listener: aListener,
  signal: anything,
  checkpoints: anything,
};

export interface LoopResult<Judged, Trained> {
  /** With the weights that were kept: the task's own, or the one that holds their moving average, which the caller disposes. */
  readonly module: Trained;
  /** Epochs that were completed. */
  readonly epochs: number;
  /** On the test images, by the weights that were kept; of a stopped run the last that was made, if any. */
  readonly judged: Judged | undefined;
  /** The epoch whose weights were kept: the best by validation, or the last completed. */
  readonly kept: number;
  /** Score of the best epoch's validation; null without validation. */
  readonly validation: number | null;
  /** Where the task settled the module that was kept: its score on validation after that; null without validation. */
  readonly settled?: { readonly validation: number | null };
  /** Whether early stopping ended it. */
  readonly endedEarly: boolean;
  /** Whether the signal came before the run was done. */
  readonly stopped: boolean;
  /** Steps of the run, from 1, that were left out: see `skipNonFinite`. */
  readonly skippedSteps: readonly number[];
}

/**
 * Trains the module of a task. The same engine, settings and task give the same losses, bit for bit, and so does a run that
 * goes on from a checkpoint.
 *
 * @returns the module; the task stays its owner, and the caller owns that of the moving average, where there is one. After an
 *   error that one is disposed
 * @throws NonFiniteError naming epoch and step when a loss is no finite number; CheckpointError when the checkpoint to go on
 *   from is of another run; UsageError for terms that do not fit the losses of a step, and for settings that contradict each
 *   other
 */
export async function train<Inputs, Judged extends Judgement, Trained extends Module>(
  task: Task<Inputs, Judged, Trained>,
  settings: LoopSettings,
  options: TrainOptions<Judged["report"]> = {},
): Promise<LoopResult<Judged, Trained>> {
  checkTask(task);
  expectArgument("train", "the settings", settings, aRecord);
  expectLoopSettings(settings);
  checkSettings(settings, task);
  expectOptions("train", options, trainOptions);
  const { listener = {}, signal, checkpoints } = options;
  const { module } = task;
  const { engine } = module;
  const { ema = null, earlyStopping } = settings;
  let twin: Trained | undefined;
  try {
    using parts = new TrainedParts(module, settings);
    using optimiser = optimiserOf(parts.groups, optimiserSettingsOf(settings));
    const { lossScale } = precisionOf(settings.precision);
    const average = ema === null ? undefined : new WeightAverage(engine, parts, (twin = task.twin()), ema);
    const averaged = average?.module;
    using steps = new RecordedSteps<Inputs>(engine, (variant, phase, inputs) => {
      parts.enter(phase);
      const computed = (): StepLosses => task.losses(variant, inputs);
      const parameters = parts.parametersIn(phase);
      const losses = optimisationStep(module, optimiser, task.terms, computed, parameters, lossScale);
      average?.step(phase);
      return losses;
    });
    const schedule = scheduleOf(optimiser, settings.schedule ?? { by: "plateau", patience: 5 });
    const run: Run<Inputs, Judged, Trained> = {
      ...{ task, settings, averaged, judgedModule: averaged ?? module, optimiser, parts, steps },
      ...{ listener, signal, checkpoints, isDue: dueBy(checkpoints ?? {}) },
      ...{ schedule, begun: { ...schedule.state }, kept: { last: checkpoints?.from?.checkpoint } },
      watch: new ValidationWatch(earlyStopping ?? Infinity),
      budget: budgetOf(settings, task.stepsPerEpoch),
      course: { epochs: 0, steps: 0, sums: noLosses(task.terms), skipped: [] },
    };
    if (checkpoints?.from !== undefined) restoreRun(run, checkpoints.from.checkpoint, checkpoints.from.file);
    const reserved = await reserveMemory(run, engine);
    try {
      listener.begun?.(run.judgedModule);
      return { ...(await trainToTheEnd(run)), module: run.judgedModule };
    } finally {
      steps.dispose();
      await reserved.release();
    }
  } catch (error) {
    twin?.dispose();
    throw error;
  }
}

/** What a run works on. */
interface Run<Inputs, Judged extends Judgement, Trained extends Module> extends SteppedRun<Inputs> {
  readonly task: Task<Inputs, Judged, Trained>;
  readonly listener: TrainingListener<Judged["report"]>;
  /** What is evaluated and handed out: the average, where there is one. */
  readonly judgedModule: Trained;
  readonly parts: TrainedParts;
  /** The schedule before the first step. */
  readonly begun: CheckpointRecord["schedule"];
}

/** Steps of an epoch that were left out. */
const leftOut = ({ course, budget }: Pick<SteppedRun<unknown>, "course" | "budget">, epoch: number): number =>
  course.skipped.filter((step) => Math.ceil(step / budget.stepsPerEpoch) === epoch).length;

/**
 * Trains, and where a loss is no finite number says where that begins; where the settings say so, goes back and leaves that step out.
 * @throws NonFiniteError naming what is not finite first
 */
async function trainToTheEnd<Inputs, Judged extends Judgement, Trained extends Module>(
  run: Run<Inputs, Judged, Trained>,
): Promise<Omit<LoopResult<Judged, Trained>, "module">> {
  for (;;) {
    try {
      return await trainEpochs(run);
    } catch (error) {
      if (!(error instanceof NonFiniteError) || error.step === undefined) throw error;
      const from = stepsOfRun(run.kept.last, run.budget);
      run.listener.searching?.({ step: error.step, from });
      const before = run.course.skipped;
      const told = await toldByOrigin(error, takenSteps(run));
      if (run.signal?.aborted === true) {
        // The search was stopped, and has found nothing: the run stops where its last checkpoint is.
        await goBack(run);
        continue;
      }
      const { step, origin, message } = told;
      if (
        run.settings.skipNonFinite !== true ||
        origin === undefined ||
        origin === "weights" ||
        step === undefined ||
        step <= from
      )
        throw told;
      await goBack(run);
      run.course.skipped = [...new Set([...before, step])].sort((a, b) => a - b);
      run.listener.skipped?.({ step, from, reason: message });
    }
  }
}

/** Steps that a checkpoint knows of. */
const stepsOfRun = (checkpoint: Checkpoint | undefined, { stepsPerEpoch }: Budget): number =>
  checkpoint === undefined ? 0 : checkpoint.record.epochs * stepsPerEpoch + checkpoint.record.steps;

/** To the last checkpoint, or before the first step. */
async function goBack<Inputs, Judged extends Judgement, Trained extends Module>(
  run: Run<Inputs, Judged, Trained>,
): Promise<void> {
  restoreRun(run, run.kept.last ?? (await beginningOf(run)), "the last checkpoint");
}

/** Steps of a run that can be looked at once more: each from the last checkpoint on, which takes as long as it took. */
function takenSteps<Inputs, Judged extends Judgement, Trained extends Module>(
  run: Run<Inputs, Judged, Trained>,
): TakenSteps {
  const { task, parts, budget, settings, optimiser } = run;
  const { skipped } = run.course;
  return {
    epochOf: (step) => Math.ceil(step / budget.stepsPerEpoch),
    namesOf: (step) => task.rowNames?.(step),
    learningRate: () => optimiser.learningRate,
    search: async (step) => {
      await goBack(run);
      run.course.skipped = skipped;
      let found: NonFiniteOrigins | undefined;
      const over = new Error("the step was looked at");
      const look = async (variant: string, phase: number, inputs: Inputs): Promise<never> => {
        parts.enter(phase);
        found = await searchStep({
          ...{ module: task.module, terms: task.terms, parameters: parts.parametersIn(phase) },
          lossScale: precisionOf(settings.precision).lossScale,
          losses: () => task.losses(variant, () => inputs),
        });
        throw over;
      };
      const again = { ...run, listener: {}, checkpoints: undefined, looked: { step, look } };
      try {
        await trainEpochs(again);
      } catch (error) {
        // There may be no room for all that a step makes at once: then nothing more is known than before.
        const isNothing = error instanceof NonFiniteError || error instanceof OutOfMemoryError;
        if (error !== over && !isNothing) throw error;
      }
      return found;
    },
  };
}

/** Allocates all that the run will work in: it ends before its first step, or not for want of memory. @throws OutOfMemoryError */
async function reserveMemory<Inputs, Judged extends Judgement, Trained extends Module>(
  run: Run<Inputs, Judged, Trained>,
  engine: Engine,
): Promise<Reservation> {
  const { task, settings, judgedModule, optimiser, parts, steps, budget, course, checkpoints } = run;
  await engine.synchronise(); // whatever was refused so far
  const variants = new Set(task.variants ?? [1, budget.steps].map((step) => task.variantAt(step)));
  const first = parts.phaseAt(course.epochs + 1);
  const phases = Array.from({ length: parts.phaseAt(budget.epochs) + 1 - first }, (_, i) => first + i);
  const keepsBest = settings.keep !== "final" && task.parts?.includes("validation") === true;
  const work: PlannedWork = {
    steps: phases.flatMap((phase) => [...variants].flatMap((variant) => steps.planOf(variant, phase))),
    passes: (task.passes?.(judgedModule) ?? []).flatMap((pass) => planOf(engine, pass)),
    terms: task.terms.length,
    readBytes: Math.max(
      checkpoints === undefined ? 0 : largestRead(task.module, optimiser),
      keepsBest ? moduleBytes(judgedModule) : 0,
    ),
  };
  return await engine.reserve([...work.steps, ...work.passes], {
    readBytes: mostRead(work),
    what: "training steps",
  });
}

async function trainEpochs<Inputs, Judged extends Judgement, Trained extends Module>(
  run: Run<Inputs, Judged, Trained>,
): Promise<Omit<LoopResult<Judged, Trained>, "module">> {
  const { task, settings, optimiser, schedule, watch, budget, course, signal, checkpoints } = run;
  const { terms, watchedTerm = "total", parts = [] } = task;
  const hasValidation = parts.includes("validation");
  const perEpoch = (settings.evaluate ?? (hasValidation ? "end" : "epoch")) === "epoch";
  let trained = false;
  let tested: { readonly epoch: number; readonly judged: Judged } | undefined;
  const testAfter = async (epoch: number): Promise<void> => {
    if (parts.includes("test")) tested = { epoch, judged: await judge(run, epoch, "test") };
  };
  let settled: { readonly validation: number | null } | undefined;
  const result = (stopped: boolean, kept: number): Omit<LoopResult<Judged, Trained>, "module"> => ({
    epochs: course.epochs,
    judged: tested?.judged,
    kept,
    validation: watch.best?.score ?? null,
    ...(settled === undefined ? {} : { settled }),
    endedEarly: watch.isOver(course.epochs) && course.epochs < budget.epochs,
    stopped,
    skippedSteps: course.skipped,
  });
  try {
    while (course.epochs < budget.epochs && !watch.isOver(course.epochs)) {
      signal?.throwIfAborted();
      const epoch = course.epochs + 1;
      const steps = stepsOf(budget, epoch);
      const due = await trainOneEpoch(run, epoch);
      const { learningRate } = optimiser;
      if (course.steps < steps) signal?.throwIfAborted();
      const saves = due || checkpoints?.afterEpochs !== false;
      // A longer run would go on with a last epoch that is cut short, and not know yet how well that does.
      const isShort = steps < budget.stepsPerEpoch;
      if (saves && isShort) await saveCheckpoint(run, checkpoints);
      const judged = hasValidation ? await judge(run, epoch, "validation") : undefined;
      if (perEpoch) await testAfter(epoch);
      const taken = steps - leftOut(run, epoch);
      if (taken === 0) throw new NonFiniteError(`epoch ${epoch}: every step was left out; look at the data`);
      const losses = meansOf(course.sums, taken);
      const score = judged?.score ?? undefined;
      if (score !== undefined && watch.isBetter(score)) {
        const weights = settings.keep === "final" ? undefined : await readWeights(run.judgedModule);
        watch.best = { epoch, score, weights };
      }
      run.listener.epoch?.({
        epoch,
        learningRate,
        losses,
        evaluation: tested?.judged.report,
        validation: judged?.report,
      });
      // A schedule lowers the rate when what it is told stops falling.
      schedule.afterEpoch(score === undefined ? losses[watchedTerm] : 1 - score);
      Object.assign(course, { epochs: epoch, steps: 0, sums: noLosses(terms) });
      if (saves && !isShort) await saveCheckpoint(run, checkpoints);
    }
    trained = true;
    const { best } = watch;
    if (best?.weights !== undefined) writeWeights(run.judgedModule, best.weights);
    const kept = best?.weights === undefined ? course.epochs : best.epoch;
    if (task.settle !== undefined) {
      // A run that was stopped behind its last step has recorded none, and an average is never trained: neither knows what is frozen.
      run.parts.enter(run.parts.phaseAt(kept), run.judgedModule);
      await task.settle(run.judgedModule, { signal, progress: progressOf(run, "settling") });
      const judged = hasValidation ? await judge(run, kept, "validation") : undefined;
      settled = { validation: judged?.score ?? null };
    }
    if (tested?.epoch !== kept || settled !== undefined) await testAfter(kept);
    return result(false, kept);
  } catch (error) {
    if (signal?.aborted !== true || error !== signal.reason) throw error;
    // Skip it if one was written at this epoch's end, or if the best weights have replaced the current ones.
    const isWhole = watch.best?.weights === undefined;
    if (!trained || (checkpoints?.afterEpochs === false && isWhole)) await saveCheckpoint(run, checkpoints);
    return result(true, course.epochs);
  }
}

const progressOf =
  ({ listener }: { readonly listener: TrainingListener }, part: EvaluationReport["part"]) =>
  (done: number, total: number): void =>
    listener.evaluated?.({ part, done, total });

/** @throws NonFiniteError when the weights have diverged in the last step before */
async function judge<Inputs, Judged extends Judgement, Trained extends Module>(
  { task, judgedModule, listener, signal }: Run<Inputs, Judged, Trained>,
  epoch: number,
  part: JudgedPart,
): Promise<Judged> {
  try {
    if (task.judge === undefined) throw new Error(`nothing judges the ${part} images`);
    const judged = await task.judge(judgedModule, part, { signal, progress: progressOf({ listener }, part) });
    const { score } = (judged as Judged | undefined) ?? { score: undefined };
    if (score !== null && !(typeof score === "number" && score >= 0 && score <= 1)) {
      throw new UsageError(
        `task: judge gave the ${part} data a score of ${described(score)}; a score is from 0 to 1, more is better, or null`,
      );
    }
    return judged;
  } catch (cause) {
    if (!(cause instanceof NonFiniteError)) throw cause;
    throw new NonFiniteError(`after epoch ${epoch}, ${cause.message}`, { cause });
  }
}

/** @throws UsageError for numbers that no run can have, and for settings that contradict each other */
function checkSettings(settings: LoopSettings, { parts = [] }: Pick<Task, "parts">): void {
  const fail = (reason: string): never => {
    throw new UsageError(`train: ${reason}`);
  };
  for (const name of ["epochs", "steps", "stepsPerEpoch", "earlyStopping"] as const) {
    const value = settings[name];
    if (value == null || (Number.isSafeInteger(value) && value >= 1)) continue;
    fail(`${name} must be a whole number from 1 up, got ${shown(value)}`);
  }
  const { ema, evaluate, keep } = settings;
  if (keep !== undefined && !["best", "final"].includes(keep))
    fail(`keep must be "best" or "final", got "${keep}"`);
  if (evaluate !== undefined && !["epoch", "end"].includes(evaluate)) {
    fail(`evaluate must be "epoch" or "end", got "${evaluate}"`);
  }
  if (ema != null && !(ema >= 0 && ema < 1)) fail(`ema must be from 0 to below 1, got ${ema}`);
  if (evaluate === "epoch" && !parts.includes("test")) {
    fail('evaluate "epoch" asks for the test images after every epoch, and the task has none; leave it out');
  }
}
