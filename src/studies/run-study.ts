// Carries a study out: every run of every arm with every seed, those that are finished already aside.

import { restrict, type Assembly, type ImageSet } from "../data/assembly/assembly.ts";
import { absent } from "../labels/states.ts";
import { QueryHead } from "../assemble/heads/query-head.ts";
import type { Engine } from "../runtime/engine.ts";
import { budgetOf, type Budget } from "../training/budget.ts";
import type { Checkpoint, Checkpoints } from "../training/checkpoint.ts";
import { NonFiniteError } from "../errors/training-errors.ts";
import { testPredictions, type TestPredictions } from "../runs/test-predictions.ts";
import { train } from "../training/trainer.ts";
import type { TrainingListener } from "../training/training-reports.ts";
import { samplerOf, type TrainingSettings } from "../assemble/training-settings.ts";
import { condensed, courseFrom, type LossCourse } from "./loss-course.ts";
import type { PlannedRun, StudyPlan } from "./study-plan.ts";
import { keyOf } from "./run-key.ts";
import { RunQueue } from "./run-queue.ts";
import { withWarmUps, type WarmUp } from "./warm-ups.ts";

/** What a finished run came to. */
export interface RunResult {
  /** Two runs with one key are one run: `keyOf`. */
  readonly key: string;
  readonly run: string;
  readonly seed: number;
  /** That it learned, in the order of its logits. */
  readonly classes: readonly string[];
  /** On the test images, by each of them. */
  readonly auc: Readonly<Record<string, number | null>>;
  readonly steps: number;
  /** Of this machine, with all else that it did meanwhile. */
  readonly seconds: number;
  /** Cosines of the learned class queries, [K][K]; null for a head without queries. */
  readonly queryCosines: readonly (readonly number[])[] | null;
  readonly course: LossCourse;
}

/** What a run that was interrupted, or that shares its warm-up, goes on from. */
export interface ResumePoint {
  readonly from: NonNullable<Checkpoints["from"]>;
  readonly course: LossCourse;
  /** That the run itself took so far. */
  readonly seconds: number;
}

/** Where results are kept. */
export interface StudyStore {
  /** Undefined where there is none with this key. */
  read(run: string, seed: number, key: string): RunResult | undefined;
  write(result: RunResult, predictions: TestPredictions): Promise<void>;
  /** Where an interrupted run with this key is to go on. */
  saved(run: string, seed: number, key: string): Promise<ResumePoint | undefined>;
  save(
    run: string,
    seed: number,
    key: string,
    checkpoint: Checkpoint,
    soFar: Pick<ResumePoint, "course" | "seconds">,
  ): Promise<void>;
}

/** The images of a seed, with the labels that are given and with all of them. */
export interface StudyImages {
  readonly given: Assembly;
  readonly full?: Assembly | undefined;
}

export interface StudyRun {
  readonly planned: PlannedRun;
  readonly seed: number;
  readonly settings: TrainingSettings;
  /** Where others begin with the same warm-up: which one it is, and whether this is the first of them. */
  readonly warmUp?: WarmUp;
}

export interface StudyListener {
  /** Before a run; what it returns hears its steps. */
  begin(run: StudyRun): TrainingListener;
  /** After a run, or in its place where it was finished already. */
  end(run: StudyRun, result: RunResult, reused: boolean): Promise<void> | void;
}

/** Runs of minutes are not worth more. */
const betweenCheckpoints = { seconds: 60 };

/**
 * The manifest's training counted in steps, and in the epochs of the whole assembly: so that an arm on some of the images
 * takes as many steps as any other, and its schedule has the same clock.
 */
export function inSteps(settings: TrainingSettings, assembly: Assembly): TrainingSettings {
  const budget = budgetOf(settings, samplerOf(assembly, settings).stepsPerEpoch);
  const { steps, warmup, stepsPerEpoch } = budget;
  return { ...settings, steps, warmupSteps: warmup, stepsPerEpoch };
}

/** All runs, one seed after the other, so that a study that is stopped has compared what it has. */
export function runsOf(plan: StudyPlan, seeds: readonly number[], settings: TrainingSettings): StudyRun[] {
  const planned = plan.arms.flatMap(({ runs }) => runs);
  return withWarmUps(
    seeds.flatMap((seed) =>
      planned.map((run) => ({
        planned: run,
        seed,
        settings: { ...settings, ...run.changes, seed, evaluate: "end" as const },
      })),
    ),
  );
}

/** The part of the images that a run learns from, and the classes that it learns and is judged by. */
export function assemblyOf(
  { labels, sources, classes, scoredClasses }: Omit<PlannedRun, "name" | "changes">,
  images: StudyImages,
): Assembly {
  const whole = labels === "given" ? images.given : images.full;
  if (whole === undefined) throw new Error("a study has a run on full labels where they are not known");
  const learned = classes ?? whole.classes;
  const only = (set: ImageSet): ImageSet =>
    classes === undefined ? set : restrict(set, whole.classes, learned);
  // Validation does not judge what a run never learned.
  const judged = (set: ImageSet): ImageSet => ({
    ...set,
    states: set.states.map((state, at) =>
      scoredClasses.includes(learned[at % learned.length]) ? state : absent,
    ),
  });
  return {
    classes: learned,
    sources: whole.sources.filter(({ source }) => sources?.includes(source) ?? true).map(only),
    ...(whole.validation === undefined ? {} : { validation: judged(only(whole.validation)) }),
    // All arms are judged by the same labels.
    test: only(images.given.test),
  };
}

/** How long a run is, and how many images a step of it takes. */
export function budgetOfRun(
  { settings }: Pick<StudyRun, "settings">,
  assembly: Assembly,
): { readonly budget: Budget; readonly batch: number } {
  const { stepsPerEpoch, batch } = samplerOf(assembly, settings);
  return { budget: budgetOf(settings, stepsPerEpoch), batch };
}

/** The images of a seed, and a digest of all that they are. */
export interface LoadedImages {
  readonly images: StudyImages;
  readonly digest: string;
}

/** What all runs of a study have in common. */
interface Work {
  readonly environment: unknown;
  readonly store: StudyStore;
  readonly queue: RunQueue;
  readonly listener: StudyListener;
  readonly signal: AbortSignal;
}

/**
 * Runs what is not finished yet, one run at a time on each engine: small kernels leave cores of a software device idle. No
 * number depends on how many there are.
 * @param engines one or more, of one adapter, with the same choice of kernels
 * @param imagesOf a seed; asked once for each seed. Those of a seed are held until its last run is finished
 * @param environment what else than plan and images may change a number: program, device, choice of kernels
 * @returns whether all runs are finished; false when the signal came
 * @throws NonFiniteError naming run and seed; what else `train`, the images and the store throw. What is under way is stopped
 *   then, and goes on the next time
 */
export async function runStudy(
  engines: readonly Engine[],
  runs: readonly StudyRun[],
  imagesOf: (seed: number) => Promise<LoadedImages>,
  environment: unknown,
  store: StudyStore,
  listener: StudyListener,
  signal: AbortSignal,
): Promise<boolean> {
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
async function finishRuns(engine: Engine, work: Work): Promise<void> {
  const { queue, store, environment, listener, signal } = work;
  for (let run = queue.next(); run !== undefined && !signal.aborted; run = queue.next()) {
    const { planned, seed } = run;
    const { images, digest } = await queue.images(seed);
    const key = keyOf(run, digest, environment);
    const known = store.read(planned.name, seed, key);
    const result = known ?? (await runOnce(engine, run, key, images, work));
    if (result === undefined) return;
    queue.finished(run);
    await queue.inTurn(() => listener.end(run, result, known !== undefined));
  }
}

/** @returns what it came to, which is in the store then; undefined when the signal came */
async function runOnce(
  engine: Engine,
  run: StudyRun,
  key: string,
  images: StudyImages,
  { store, queue: { warmUps }, listener, signal }: Work,
): Promise<RunResult | undefined> {
  const { planned, seed, settings } = run;
  const { name } = planned;
  const assembly = assemblyOf(planned, images);
  const { budget } = budgetOfRun(run, assembly);
  const started = performance.now();
  const heard = listener.begin(run);
  const before = (await store.saved(name, seed, key)) ?? warmUps.of(run);
  const course = courseFrom(before?.course);
  const seconds = (): number => (before?.seconds ?? 0) + (performance.now() - started) / 1000;
  const reached = (checkpoint: Checkpoint): void => {
    const step = stepOf(checkpoint, budget);
    if (step === budget.warmup) warmUps.keep(run, checkpoint, course);
    if (step >= budget.warmup) warmUps.pass(run);
  };
  if (before !== undefined) reached(before.from.checkpoint);
  const told: TrainingListener = {
    ...heard,
    epoch: (report) => {
      for (const part of ["bce", "pseudo", "consistency"] as const) course[part].push(report.losses[part]);
      heard.epoch?.(report);
    },
  };
  const checkpoints: Checkpoints = {
    ...{ from: before?.from, every: betweenCheckpoints, afterEpochs: false },
    after: warmUps.isWanted(run) ? budget.warmup : undefined,
    save: async (checkpoint) => {
      reached(checkpoint);
      await store.save(name, seed, key, checkpoint, { course, seconds: seconds() });
    },
  };
  const trained = await train(engine, assembly, settings, told, signal, checkpoints).catch(
    (error: unknown) => {
      if (!(error instanceof NonFiniteError)) throw error;
      throw new NonFiniteError(`${name}, seed ${seed}: ${error.message}`, { cause: error });
    },
  );
  const { classifier, evaluation, logits, stopped } = trained;
  const { head } = classifier;
  const queryCosines = head instanceof QueryHead ? cosines(await head.queries.read(), head.classes) : null;
  classifier.dispose();
  if (stopped || evaluation === undefined || logits === undefined) return undefined;
  const result: RunResult = {
    ...{ key, run: name, seed, classes: assembly.classes, auc: evaluation.auc },
    steps: Math.min(budget.steps, trained.epochs * budget.stepsPerEpoch),
    seconds: Math.round(10 * seconds()) / 10,
    queryCosines,
    course: condensed(course, settings),
  };
  await store.write(result, testPredictions(logits, assembly.test, assembly.classes));
  return result;
}

const stepOf = ({ record: { epochs, steps } }: Checkpoint, { stepsPerEpoch }: Budget): number =>
  epochs * stepsPerEpoch + steps;

function cosines(queries: ArrayLike<number>, classes: number): number[][] {
  const row = (k: number): number[] => Array.from({ length: classes }, (_, i) => queries[k * classes + i]);
  const rows = Array.from({ length: classes }, (_, k) => row(k));
  return rows.map((a) => rows.map((b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))));
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);
