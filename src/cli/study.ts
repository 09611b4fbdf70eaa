// `tessera study`: the paper's comparisons on a manifest of one's own, run after run, in a folder to go on with.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Table from "cli-table3";
import {
  assemblyOf,
  budgetOfRun,
  costByArm,
  costOf,
  faultOfFull,
  fullLabels,
  knowledgeOf,
  runsOf,
  runStudy,
  scoresOf,
  settingsOf,
  similarityPoints,
  studies,
  StudyFolder,
  traceTraining,
  labelSpaceOf,
  train,
  withArms,
  type RunCost,
  type RunResult,
  type StudyImages,
  type StudyName,
  type StudyPlan,
  type StudyRun,
  type StudyScores,
  type TrainingSettings,
} from "../assemble/index.ts";
import { DataError, ManifestError, readManifest, type Manifest } from "../data/index.ts";
import { UsageError } from "../device/index.ts";
import { plainTable, showAuc } from "../report/index.ts";
import { openEngine, type Engine } from "../runtime/index.ts";
import { checkChoices, takeChoices, type ChoiceOptions } from "./choices.ts";
import { loadForTraining } from "./loading.ts";
import { defaultMemory, engineOptions, type DeviceOptions } from "./options.ts";
import { version } from "./package-info.ts";
import { showSeconds, unlessInterrupted } from "./progress.ts";
import { StudyProgress } from "./study-progress.ts";
import { writeResults } from "./study-results.ts";

export interface StudyOptions extends DeviceOptions, ChoiceOptions {
  readonly dataRoot: string;
  readonly out?: string;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly interest?: readonly string[];
  readonly arms?: readonly string[];
  /** In AUC. */
  readonly margin: number;
  readonly limit?: number;
  readonly epochs?: number;
  readonly steps?: number;
  /** Bytes of images to hold at a time. */
  readonly memory?: number;
  readonly cache?: string;
  readonly skipBad: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

type Say = (text: string) => void;

export async function studyCommand(name: StudyName, file: string, options: StudyOptions): Promise<void> {
  const where = engineOptions(options);
  checkChoices(where.device ?? "auto", options);
  const { out, quiet } = options;
  if (out === undefined && !options.dryRun)
    throw new UsageError("required option '--out <folder>' not specified");
  const folder = out === undefined ? undefined : new StudyFolder(out, name);
  const manifest = await readManifest(file);
  const settings = settingsWith(options, settingsOf(manifest, 0));
  const seeds = Array.from({ length: options.seeds }, (_, i) => options.firstSeed + i);
  const say: Say = (text) => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  const finished = await unlessInterrupted(async (signal) => {
    const images = imagesOf(manifest, options, say, signal);
    const first = await images(seeds[0]);
    const whole = studies[name]({
      classes: manifest.classes,
      knowledge: knowledgeOf(first.images.given),
      noTruth: first.noTruth,
      settings,
      interest: options.interest,
      margin: options.margin,
    });
    const plan = options.arms === undefined ? whole : withArms(whole, options.arms);
    const runs = runsOf(plan, seeds, settings);
    const cost = (run: StudyRun): RunCost => {
      const { budget, batch } = budgetOfRun(run, assemblyOf(run.planned, first.images));
      return costOf(run.settings, budget, batch);
    };
    say(costTable(plan, runs, cost));
    for (const note of plan.notes) say(note);
    using engine = await openEngine(where);
    const trace = (): ReturnType<typeof traceTraining> =>
      traceTraining(
        engine.traits,
        settings,
        manifest.image,
        labelSpaceOf(first.images.given),
        settings.batch,
      );
    const choices = takeChoices(
      engine,
      options,
      () => trace().map(({ recording }) => recording),
      say,
      (text) => void process.stderr.write(`${text}\n`),
    );
    if (folder === undefined || options.dryRun) {
      const total = runs.reduce((sum, run) => sum + cost(run).views, 0);
      const seconds = await timeOf(engine, first.images, settings, total, runs.length, signal);
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ study: name, seeds, arms: costByArm(plan.arms, runs, cost), seconds: Math.round(seconds) }, null, 2)}\n`
          : `${runs.length} runs on ${engine.traits.name}: some ${showSeconds(seconds)}, by a trial of a few steps\n`,
      );
      return true;
    }
    const made = { adapter: engine.traits.name, driver: engine.traits.description, ...choices };
    await folder.begin({
      ...{ study: name, version, seeds, margin: options.margin, interest: options.interest ?? null },
      manifest: { file: manifest.file, text: manifest.text },
      settings: { ...settings, memory: undefined },
      ...made,
    });
    const results: RunResult[] = [];
    const writeScores = async (): Promise<StudyScores> => {
      const scores = scoresSoFar(plan, manifest, seeds, results);
      await folder.replace("scores.json", `${JSON.stringify(scores, null, 2)}\n`);
      return scores;
    };
    using progress = new StudyProgress(name, runs.map(cost), quiet);
    const complete = await runStudy(
      engine,
      runs,
      async (seed) => (seed === seeds[0] ? first : await images(seed)),
      { version, ...made },
      folder,
      {
        begin: (run) => {
          progress.begin(titleOf(run), cost(run));
          return { step: ({ step, losses }) => progress.step(step, losses.total) };
        },
        end: async (run, result, reused) => {
          results.push(result);
          progress.end(titleOf(run), cost(run), reused, `mean AUC ${showAuc(result.meanAuc)}`);
          if (!reused) await writeScores();
        },
      },
      signal,
    );
    progress[Symbol.dispose]();
    const found = await writeScores();
    if (found.scores.length > 0) {
      const table = await writeResults(folder, found);
      process.stdout.write(options.json ? readFileSync(join(folder.path, "results.json")) : `${table}\n`);
    }
    say(`${complete ? "done" : "stopped"}; scores, tables and results are in ${folder.path}`);
    return complete;
  }).finally(() => folder?.close());
  if (finished === true) return;
  say(`stopped; the same command goes on, and uses what is finished again`);
  process.exitCode = 130;
}

function settingsWith({ epochs, steps, memory }: StudyOptions, read: TrainingSettings): TrainingSettings {
  return {
    ...read,
    ...(epochs === undefined ? {} : { epochs, steps: undefined }),
    ...(steps === undefined ? {} : { steps }),
    memory: memory ?? defaultMemory(),
  };
}

const titleOf = ({ planned, seed }: StudyRun): string => `${planned.name} seed ${seed}`;

interface Loaded {
  readonly images: StudyImages;
  /** Of all that decides which images and labels these are. */
  readonly digest: string;
  readonly noTruth: string | undefined;
}

/** The images of a seed; what there is to say of them is said of the first. */
function imagesOf(
  manifest: Manifest,
  options: StudyOptions,
  say: Say,
  signal: AbortSignal,
): (seed: number) => Promise<Loaded> {
  const { dataRoot, limit, cache, skipBad, memory = defaultMemory() } = options;
  const complete = fullLabels(manifest);
  let told = false;
  return async (seed) => {
    const quiet = options.quiet || told;
    const loading = {
      dataRoot,
      limit,
      seed,
      memory,
      skipBad,
      quiet,
      ...(cache === undefined ? {} : { cache }),
    };
    const load = async (from: Manifest, tell: Say): Promise<StudyImages["given"]> =>
      (await loadForTraining(from, loading, tell, signal)).assembly;
    const given = await load(manifest, told ? () => undefined : say);
    told = true;
    const full =
      typeof complete === "string" ? complete : await load(complete, () => undefined).catch(reasonOf);
    const fault = typeof full === "string" ? full : faultOfFull(given, full);
    const { classes, image, sources, validation, test } = manifest;
    const hash = createHash("sha256").update(
      JSON.stringify([classes, image, sources, validation, test, limit]),
    );
    for (const { states } of [...given.sources, given.test]) hash.update(states);
    const images = { given, full: typeof full === "string" || fault !== undefined ? undefined : full };
    return { images, digest: hash.digest("hex"), noTruth: fault };
  };
}

/** Why full labels cannot be loaded; what is no matter of the manifest or the data is thrown on. */
function reasonOf(error: unknown): string {
  if (error instanceof ManifestError || error instanceof DataError) return `${error.message}.`;
  throw error;
}

function scoresSoFar(
  plan: StudyPlan,
  manifest: Manifest,
  seeds: readonly number[],
  results: readonly RunResult[],
): StudyScores {
  const points = similarityPoints(plan, seeds, results);
  const { study, asks, groups, comparisons, notes, interest } = plan;
  return {
    ...{ study, asks, manifest: manifest.file, classes: manifest.classes, groups, comparisons, notes },
    arms: plan.arms.map(({ name, label, about }) => ({ name, label, about })),
    scores: scoresOf(plan, seeds, results),
    ...(interest === undefined ? {} : { similarity: { interest, points } }),
  };
}

function costTable(plan: StudyPlan, runs: readonly StudyRun[], cost: (run: StudyRun) => RunCost): string {
  const table = new Table({
    ...plainTable,
    head: ["arm", "what", "runs", "steps", "views of images"],
    colAligns: ["left", "left", "right", "right", "right"],
  });
  const show = (value: number): string => value.toLocaleString("en");
  const label = new Map(plan.arms.map((arm) => [arm.name, arm.label]));
  for (const { arm, runs: count, steps, views } of costByArm(plan.arms, runs, cost)) {
    table.push([arm, label.get(arm) ?? "", show(count), show(steps), show(views)]);
  }
  return table.toString();
}

/** Steps of the trial: those before kernels are compiled and the pace is even, and those that are timed. */
const trial = { before: 6, timed: 18 };

/** Seconds that so many views of images in so many runs will take here, by a short run of the manifest's own training. */
async function timeOf(
  engine: Engine,
  { given }: StudyImages,
  settings: TrainingSettings,
  views: number,
  runs: number,
  signal: AbortSignal,
): Promise<number> {
  const steps = trial.before + trial.timed;
  const times: number[] = [];
  const short = { ...settings, steps, warmupSteps: steps, evaluate: "end" } as const;
  const result = await train(engine, given, short, { step: () => times.push(performance.now()) }, signal);
  const end = performance.now();
  result.classifier.dispose();
  signal.throwIfAborted();
  const images = given.sources.reduce((sum, { count }) => sum + count, 0);
  const batch = Math.min(settings.batch, images);
  const each = (times[steps - 1] - times[trial.before - 1]) / (batch * trial.timed);
  return (views * each + runs * (end - times[steps - 1])) / 1000;
}
