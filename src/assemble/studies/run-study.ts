// Carries a study out: every run of every arm with every seed, those that are finished already aside.

import { createHash } from "node:crypto";
import { restrict, Sampler, type Assembly, type ImageSet } from "../../data/index.ts";
import { QueryHead } from "../../nn/index.ts";
import type { Engine } from "../../runtime/index.ts";
import { budgetOf, type Budget } from "../budget.ts";
import type { Checkpoints } from "../checkpoint.ts";
import { train } from "../trainer.ts";
import type { TrainingListener } from "../training-reports.ts";
import type { TrainingSettings } from "../training-settings.ts";
import type { PlannedRun, StudyPlan } from "./plan.ts";
import type { Score, SimilarityPoint } from "./scores.ts";

/** What a finished run came to. */
export interface RunResult {
  /** Of everything that could change a number of it. */
  readonly key: string;
  readonly run: string;
  readonly seed: number;
  /** On the test images, by each class that it learned. */
  readonly auc: Readonly<Record<string, number | null>>;
  readonly meanAuc: number | null;
  readonly steps: number;
  /** Of this machine, with all else that it did meanwhile. */
  readonly seconds: number;
  /** Cosines of the learned class queries, [K][K] in the order of `auc`; null for a head without queries. */
  readonly queryCosines: readonly (readonly number[])[] | null;
}

/** Where results are kept. */
export interface StudyStore {
  /** Undefined where there is none with this key. */
  read(run: string, seed: number, key: string): RunResult | undefined;
  write(result: RunResult): Promise<void>;
  /** To go on with a run that was interrupted, and to be able to. */
  checkpoints(run: string, seed: number, key: string): Promise<Checkpoints>;
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
}

export interface StudyListener {
  /** Before a run; `training` hears its steps. */
  begin(run: StudyRun, budget: Budget, batch: number): TrainingListener;
  /** After a run, or in its place where it was finished already. */
  end(run: StudyRun, result: RunResult, reused: boolean): Promise<void> | void;
}

/** All runs, one seed after the other, so that a study that is stopped has compared what it has. */
export function runsOf(plan: StudyPlan, seeds: readonly number[], settings: TrainingSettings): StudyRun[] {
  const planned = plan.arms.flatMap(({ runs }) => runs);
  return seeds.flatMap((seed) =>
    planned.map((run) => ({ planned: run, seed, settings: settingsOfRun(run, seed, settings) })),
  );
}

/** The tests of a study are at the end of its runs, and nothing but the arm, the seed and the manifest decides. */
function settingsOfRun({ changes }: PlannedRun, seed: number, settings: TrainingSettings): TrainingSettings {
  return { ...settings, ...changes, seed, evaluate: "end" };
}

/** The part of the images that a run learns from, and the classes that it learns. */
export function assemblyOf(
  { labels, sources, classes }: Pick<PlannedRun, "labels" | "sources" | "classes">,
  images: StudyImages,
): Assembly {
  const whole = labels === "given" ? images.given : images.full;
  if (whole === undefined) throw new Error("a study has a run on full labels where they are not known");
  const taken = whole.sources.filter(({ source }) => sources?.includes(source) ?? true);
  if (classes === undefined) return { ...whole, sources: taken };
  const only = (set: ImageSet): ImageSet => restrict(set, whole.classes, classes);
  return {
    classes,
    sources: taken.map(only),
    ...(whole.validation === undefined ? {} : { validation: only(whole.validation) }),
    test: only(whole.test),
  };
}

/** How long a run is, and how many images a step of it takes. */
export function budgetOfRun(
  { settings }: StudyRun,
  { sources }: Assembly,
): { budget: Budget; batch: number } {
  const { sampling = "proportional", batch, seed } = settings;
  const sampler = new Sampler(sources, { sampling, batch, seed });
  return { budget: budgetOf(settings, sampler.stepsPerEpoch), batch: sampler.batch };
}

/**
 * Runs what is not finished yet.
 * @param images of a seed: asked once for each seed of which a run is to be done
 * @param where what else than plan and images may change a number: version, device, choice of kernels
 * @returns whether all runs are finished; false when the signal came
 * @throws as `train`, and what the images and the store throw
 */
export async function runStudy(
  engine: Engine,
  runs: readonly StudyRun[],
  images: (seed: number) => Promise<{ readonly images: StudyImages; readonly digest: string }>,
  where: unknown,
  store: StudyStore,
  listener: StudyListener,
  signal: AbortSignal,
): Promise<boolean> {
  let loaded: { readonly seed: number; readonly images: StudyImages; readonly digest: string } | undefined;
  for (const run of runs) {
    if (signal.aborted) return false;
    const { planned, seed, settings } = run;
    if (loaded?.seed !== seed) loaded = { seed, ...(await images(seed)) };
    const key = keyOf(run, loaded.digest, where);
    const known = store.read(planned.name, seed, key);
    if (known !== undefined) {
      await listener.end(run, known, true);
      continue;
    }
    const assembly = assemblyOf(planned, loaded.images);
    const { budget, batch } = budgetOfRun(run, assembly);
    const started = performance.now();
    const training = listener.begin(run, budget, batch);
    const checkpoints = await store.checkpoints(planned.name, seed, key);
    const trained = await train(engine, assembly, settings, training, signal, checkpoints);
    const { classifier, evaluation, stopped } = trained;
    const { head } = classifier;
    const queryCosines = head instanceof QueryHead ? cosines(await head.queries.read(), head.classes) : null;
    classifier.dispose();
    if (stopped || evaluation === undefined) return false;
    const result: RunResult = {
      ...{ key, run: planned.name, seed, auc: evaluation.auc, meanAuc: evaluation.meanAuc },
      steps: Math.min(budget.steps, trained.epochs * budget.stepsPerEpoch),
      seconds: Math.round((performance.now() - started) / 100) / 10,
      queryCosines,
    };
    await store.write(result);
    await listener.end(run, result, false);
  }
  return true;
}

/** Two runs with one key are one run. */
function keyOf({ planned, settings }: StudyRun, images: string, where: unknown): string {
  const { memory: _, ...kept } = settings;
  const { labels, sources = null, classes = null } = planned;
  return createHash("sha256")
    .update(JSON.stringify([ordered(kept), labels, sources, classes, images, where]))
    .digest("hex");
}

/** With the keys of records in order. */
function ordered(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, ordered(each)]),
  );
}

function cosines(queries: ArrayLike<number>, classes: number): number[][] {
  const row = (k: number): number[] => Array.from({ length: classes }, (_, i) => queries[k * classes + i]);
  const rows = Array.from({ length: classes }, (_, k) => row(k));
  return rows.map((a) => rows.map((b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))));
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);

/** Scores of the arms whose runs are all finished, by seed. */
export function scoresOf(plan: StudyPlan, seeds: readonly number[], results: readonly RunResult[]): Score[] {
  const found = new Map(results.map((result) => [`${result.run} ${result.seed}`, result]));
  return seeds.flatMap((seed) =>
    plan.arms.flatMap(({ name, runs }): Score[] => {
      const own = runs.flatMap((run) => {
        const result = found.get(`${run.name} ${seed}`);
        return result === undefined ? [] : [{ run, result }];
      });
      if (own.length < runs.length) return [];
      const told = [...new Set(runs.flatMap(({ tells }) => tells))];
      const auc = told.map((name): [string, number | null] => {
        const values = own.flatMap(({ run, result }) => (run.tells.includes(name) ? [result.auc[name]] : []));
        return [name, values.some((value) => value === null) ? null : mean(values as number[])];
      });
      const sum = (of: (result: RunResult) => number): number =>
        own.reduce((total, { result }) => total + of(result), 0);
      const took = { steps: sum(({ steps }) => steps), seconds: sum(({ seconds }) => seconds) };
      return [{ arm: name, seed, auc: Object.fromEntries(auc), ...took }];
    }),
  );
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Points of the seeds whose runs are finished. */
export function similarityPoints(
  { interest, arms }: StudyPlan,
  seeds: readonly number[],
  results: readonly RunResult[],
): SimilarityPoint[] {
  if (interest === undefined) return [];
  const of = (run: string, seed: number): RunResult | undefined =>
    results.find((each) => each.run === run && each.seed === seed);
  return seeds.flatMap((seed) => {
    const [base, all] = [of("alone", seed), of("all", seed)];
    const before = base?.auc[interest];
    const cosine = all?.queryCosines;
    if (typeof before !== "number" || all === undefined || cosine == null) return [];
    const classes = Object.keys(all.auc);
    return arms.flatMap(({ name }): SimilarityPoint[] => {
      const other = name.startsWith("with-") ? name.slice("with-".length) : undefined;
      const after = of(name, seed)?.auc[interest];
      if (other === undefined || typeof after !== "number") return [];
      const similarity = cosine[classes.indexOf(interest)][classes.indexOf(other)];
      return [{ class: other, seed, similarity, gain: after - before }];
    });
  });
}
