// Carries a study out: every run of every arm with every seed, except those that are finished already.

import { setTimeout } from "node:timers/promises";
import {
  aFunction,
  aSignal,
  expectArgument,
  listOf,
  madeWith,
  type Requirement,
} from "../errors/arguments.ts";
import { type Assembly } from "../data/assembly/assembly.ts";
import { labelSpaceOf } from "../assemble/label-space.ts";
import type { BegunWeights } from "../runs/beginnings.ts";
import { assembleTerms } from "../assemble/assemble-terms.ts";
import { QueryHead } from "../assemble/heads/query-head.ts";
import type { Evaluation } from "../assemble/evaluation.ts";
import type { Engine } from "../runtime/engine.ts";
import { LastingEngine } from "../runtime/lasting-engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import { type WarmedBudget } from "../assemble/warm-up.ts";
import type { Checkpoint } from "../training/checkpoint-record.ts";
import type { Checkpoints } from "../training/checkpoint.ts";
import { NonFiniteError } from "../errors/training-errors.ts";
import { testPredictions, type TestPredictions } from "../runs/test-predictions.ts";
import { trainModel } from "../assemble/train-classifier.ts";
import type { TrainingListener } from "../training/training-reports.ts";
import { furtherMeasures } from "./further-measures.ts";
import { addEpoch, condensed, copied, newCourse } from "./loss-course.ts";
import { assemblyOf } from "./planned-run.ts";
import { keyOf } from "./run-key.ts";
import type { Claim } from "../runs/run-lock.ts";
import { RunQueue } from "./run-queue.ts";
import type { LoadedImages, ResumePoint, RunResult, StudyImages, StudyRun } from "./study-run.ts";
import { budgetOfRun } from "./runs-of-plan.ts";

/** Where results are kept. */
export interface StudyStore {
  /** The result with this key; undefined where there is none. */
  read(run: string, seed: number, key: string): RunResult | undefined;
  write(result: RunResult, predictions: TestPredictions): Promise<void>;
  /** Where an interrupted run with this key goes on; undefined where there is none. */
  saved(run: string, seed: number, key: string): Promise<ResumePoint | undefined>;
  save(
    run: string,
    seed: number,
    key: string,
    checkpoint: Checkpoint,
    soFar: Pick<ResumePoint, "course" | "seconds">,
  ): Promise<void>;
  /**
   * Where several processes share the store: takes a run for this one; undefined while another has it. Left out: this process has all
   * of them.
   */
  claim?(run: string, seed: number): Claim | undefined;
}

export interface StudyListener {
  /** Called before a run; returns the listener of its steps. */
  begin(run: StudyRun): TrainingListener<Evaluation>;
  /** Called after a run, or instead of one that was finished already. */
  end(run: StudyRun, result: RunResult, reused: boolean): Promise<void> | void;
}

const functionsOf = (words: string, ...names: readonly string[]): Requirement => ({
  words: `${words}, with the functions ${names.join(", ")}`,
  fits: (value) =>
    typeof value === "object" &&
    value !== null &&
    names.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === "function"),
});
const aStore = functionsOf("a store of results", "read", "write", "saved", "save");
const aListener = functionsOf("a listener", "begin", "end");
const studyRuns = listOf("runs, as runsOf gives them", madeWith("a run", ["planned", "seed", "settings"]));
/** What runs are carried out on: one that outlives its device, or one that ends the study when it is lost. */
export type StudyEngine = Engine | LastingEngine;

const someEngines: Requirement = {
  words: "a list of engines, at least one",
  fits: (value) => Array.isArray(value) && value.length > 0,
};

/** Runs take minutes: more frequent checkpoints are not worth their time. */
const betweenCheckpoints = { seconds: 60 };

/** What all runs of a study have in common. */
interface Work {
  readonly environment: unknown;
  readonly store: StudyStore;
  readonly queue: RunQueue;
  readonly listener: StudyListener;
  readonly signal: AbortSignal;
}

/**
 * Runs everything that is not finished yet, one run at a time on each engine. Two engines keep the cores of a software
 * device busy, which one run's small kernels would leave idle. No number depends on how many engines there are.
 * @param engines at least one, all of one adapter and with the same choice of kernels. On a `LastingEngine` a run whose device is lost
 *   goes on from its last checkpoint on another
 * @param imagesOf loads the images of a seed; called once for each seed. They are held until the seed's last run is finished
 * @param environment whatever else may change a number, beside plan and images: program, device, choice of kernels
 * @returns whether all runs are finished; false when the signal came
 * @throws NonFiniteError naming run and seed; whatever else `train`, the images and the store throw. Runs that are under way
 *   are stopped then, and go on the next time
 */
export async function runStudy(
  engines: readonly StudyEngine[],
  runs: readonly StudyRun[],
  imagesOf: (seed: number) => Promise<LoadedImages>,
  environment: unknown,
  store: StudyStore,
  listener: StudyListener,
  signal: AbortSignal,
): Promise<boolean> {
  expectArgument("runStudy", "the engines", engines, someEngines);
  for (const each of engines) if (!(each instanceof LastingEngine)) expectEngine("runStudy", each);
  expectArgument("runStudy", "the runs", runs, studyRuns);
  expectArgument("runStudy", "what loads the images", imagesOf, aFunction);
  expectArgument("runStudy", "the store", store, aStore);
  expectArgument("runStudy", "the listener", listener, aListener);
  expectArgument("runStudy", "the signal", signal, aSignal);
  const queue = new RunQueue(runs, imagesOf);
  const failed = new AbortController();
  const work: Work = {
    environment,
    store,
    queue,
    listener,
    signal: AbortSignal.any([signal, failed.signal]),
  };
  await Promise.all(
    engines.map((engine) =>
      finishRuns(engine, work).catch((error: unknown) => {
        // Images that were being loaded throw what the signal says.
        if (!signal.aborted || error !== signal.reason) failed.abort(error);
      }),
    ),
  );
  if (failed.signal.aborted) throw failed.signal.reason;
  return queue.left === 0;
}

/** Takes runs from the queue while there are any. */
async function finishRuns(engine: StudyEngine, work: Work): Promise<void> {
  const { queue, store, environment, listener, signal } = work;
  let passedOver = 0;
  for (let run = queue.next(); run !== undefined && !signal.aborted; run = queue.next()) {
    const { planned, seed } = run;
    const { images, digest } = await queue.images(seed);
    const key = keyOf(run, digest, environment);
    const stored = (): RunResult | undefined => store.read(planned.name, seed, key);
    let known = stored();
    let claim: Claim | undefined;
    if (known === undefined && store.claim !== undefined) {
      claim = store.claim(planned.name, seed);
      if (claim === undefined) {
        queue.putBack(run);
        // All that wait are under way elsewhere: they are waited for, since what they come to is told here, too.
        if (++passedOver >= queue.waiting) {
          passedOver = 0;
          await setTimeout(betweenLooks, undefined, { signal }).catch(() => undefined); // the loop hears the signal
        }
        continue;
      }
      known = stored();
    }
    passedOver = 0;
    let result: RunResult | undefined;
    try {
      result = known ?? (await finishRun(engine, run, key, images, claimed(work, claim)));
    } catch (error) {
      if (!(error instanceof ClaimLost)) throw error;
      queue.putBack(run);
      continue;
    } finally {
      claim?.release();
    }
    if (result === undefined) return;
    const ended = result;
    queue.finished(run);
    await queue.inTurn(() => listener.end(run, ended, known !== undefined));
  }
}

/** One run, on another device where one is lost on the way. */
async function finishRun(
  engine: StudyEngine,
  run: StudyRun,
  key: string,
  images: StudyImages,
  work: Work,
): Promise<RunResult | undefined> {
  let saved = 0;
  const once = (on: Engine): Promise<RunResult | undefined> =>
    runOnce(on, run, key, images, work, () => saved++);
  return await (engine instanceof LastingEngine ? engine.run(once, () => saved) : once(engine));
}

/** Another process has the run by now: this one was halted for so long that it was taken for gone. */
class ClaimLost extends Error {}

/** Work that writes nothing of a run that another process has taken over. */
function claimed(work: Work, claim: Claim | undefined): Work {
  if (claim === undefined) return work;
  const { store } = work;
  const expectHeld = (): void => {
    if (!claim.isHeld()) throw new ClaimLost();
  };
  return {
    ...work,
    store: {
      read: (...of) => store.read(...of),
      saved: (...of) => store.saved(...of),
      save: async (...of) => {
        expectHeld();
        await store.save(...of);
      },
      write: async (...of) => {
        expectHeld();
        await store.write(...of);
      },
    },
  };
}

/** Milliseconds between two looks at runs that other processes have. */
const betweenLooks = 2000;

/** @returns the result, which is then in the store; undefined when the signal came */
async function runOnce(
  engine: Engine,
  run: StudyRun,
  key: string,
  images: StudyImages,
  { store, queue: { warmUps }, listener, signal }: Work,
  saved: () => void,
): Promise<RunResult | undefined> {
  const { planned, seed, settings } = run;
  const { name } = planned;
  const assembly = assemblyOf(planned, images);
  const { budget } = budgetOfRun(run, assembly);
  const started = performance.now();
  const heard = listener.begin(run);
  const before = (await store.saved(name, seed, key)) ?? warmUps.of(run);
  const course = before === undefined ? newCourse(assembleTerms(settings)) : copied(before.course);
  /** As it was at the last checkpoint, where a run goes back to that leaves a step out. */
  let atLast = copied(course);
  const seconds = (): number => (before?.seconds ?? 0) + (performance.now() - started) / 1000;
  const reached = (checkpoint: Checkpoint): void => {
    const step = stepOf(checkpoint, budget);
    if (step === budget.warmup) warmUps.keep(run, checkpoint, course);
    if (step >= budget.warmup) warmUps.pass(run);
  };
  if (before !== undefined) reached(before.from.checkpoint);
  const told: TrainingListener<Evaluation> = {
    ...heard,
    skipped: (report) => {
      for (const [term, values] of Object.entries(course)) values.splice(0, Infinity, ...atLast[term]);
      heard.skipped?.(report);
    },
    epoch: (report) => {
      addEpoch(course, report.losses);
      heard.epoch?.(report);
    },
  };
  const checkpoints: Checkpoints = {
    ...{ from: before?.from, every: betweenCheckpoints, afterEpochs: false },
    after: warmUps.isWanted(run) ? budget.warmup : undefined,
    save: async (checkpoint) => {
      reached(checkpoint);
      await store.save(name, seed, key, checkpoint, { course, seconds: seconds() });
      atLast = copied(course);
      saved();
    },
  };
  // A checkpoint has the weights that the run began with in it.
  const begun = before === undefined ? await begunWeights(engine, run, assembly) : undefined;
  const trained = await trainModel(
    engine,
    assembly,
    settings,
    told,
    signal,
    checkpoints,
    begun?.weights,
  ).catch((error: unknown) => {
    if (!(error instanceof NonFiniteError)) throw error;
    throw new NonFiniteError(`${name}, seed ${seed}: ${error.message}`, { cause: error });
  });
  const { model, evaluation, logits, stopped } = trained;
  const { head } = model;
  const queryCosines = head instanceof QueryHead ? cosines(await head.queries.read(), head.classes) : null;
  let further: RunResult["further"];
  try {
    if (!stopped) further = await furtherMeasures(engine, model, trained, assembly, run);
  } finally {
    model.dispose();
  }
  if (stopped || evaluation === undefined || logits === undefined) return undefined;
  const result: RunResult = {
    ...{ key, run: name, seed, classes: assembly.classes, auc: evaluation.auc },
    ...(further === undefined ? {} : { further }),
    steps: Math.min(budget.steps, trained.epochs * budget.stepsPerEpoch),
    seconds: Math.round(10 * seconds()) / 10,
    queryCosines,
    course: condensed(course, settings),
  };
  await store.write(result, testPredictions(logits, assembly.test, assembly.classes));
  return result;
}

/**
 * The weights of a run's first step; undefined where the seed draws them.
 * @throws ModelError for weights that do not fit
 */
export async function begunWeights(
  engine: Engine,
  { settings, initial }: Pick<StudyRun, "settings" | "initial">,
  assembly: Assembly,
): Promise<BegunWeights | undefined> {
  return await initial?.weights(engine, { classes: assembly.classes, settings }, labelSpaceOf(assembly));
}

const stepOf = ({ record: { epochs, steps } }: Checkpoint, { stepsPerEpoch }: WarmedBudget): number =>
  epochs * stepsPerEpoch + steps;

function cosines(queries: ArrayLike<number>, classes: number): number[][] {
  const row = (k: number): number[] => Array.from({ length: classes }, (_, i) => queries[k * classes + i]);
  const rows = Array.from({ length: classes }, (_, k) => row(k));
  return rows.map((a) => rows.map((b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))));
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);
