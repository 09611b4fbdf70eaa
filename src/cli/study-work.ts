// A study from its plan to its folder, as the commands that train many runs carry it out: engines, progress, results, and where it goes on.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { assemblyOf } from "../studies/planned-run.ts";
import { begunWeights, runStudy } from "../studies/run-study.ts";
import type { RunResult, StudyRun } from "../studies/study-run.ts";
import { costByArm } from "../studies/cost.ts";
import { notesOf } from "../studies/study-plan.ts";
import { labelSpaceOf } from "../assemble/label-space.ts";
import { reproducibleSettings } from "../assemble/training-settings.ts";
import { studyScores } from "../studies/study-scores.ts";
import { StudyFolder } from "../studies/study-folder.ts";
import { traceTraining } from "../assemble/planning/traced-steps.ts";
import type { RunChoices } from "../runs/run-record.ts";
import { byClassOf, measuresOf, type StudyScores } from "../studies/scores.ts";
import { readTrainingManifest, type Manifest } from "../assemble/training-manifest.ts";
import { TesseraError, UsageError } from "../errors/errors.ts";
import { measures } from "../metrics/measures.ts";
import { meanAuc } from "../metrics/auc.ts";
import { coverageReportData } from "../studies/study-report-data.ts";
import { showAuc } from "../report/tables.ts";
import type { Engine } from "../runtime/engine.ts";
import type { LastingEngine } from "../runtime/lasting-engine.ts";
import { lastingEngine } from "./on-engine.ts";
import { silent } from "../runs/run-observer.ts";
import { computedOn } from "../runs/computed-on.ts";
import { provenance } from "../runs/provenance.ts";
import { checkChoices, takeChoices } from "../runs/kernel-choices.ts";
import { defaultMemory } from "../runs/load-images.ts";
import { engineOptions, openNamedEngine } from "../runs/device-options.ts";
import { programDigest } from "../runs/package-info.ts";
import { showSeconds } from "./terminal/progress.ts";
import { stopCode, unlessInterrupted } from "./terminal/signals.ts";
import { reportFinished } from "./commands/report.ts";
import { costTable, timeOf } from "./study-cost.ts";
import { keepPictures, writeReportData } from "./study-pictures.ts";
import { weightsOfSteps } from "./terminal/loss-words.ts";
import { StudyProgress } from "./terminal/study-progress.ts";
import { writeResults } from "./study-results.ts";
import type { CommandOutput, PreparedStudy, StudyWorkOptions } from "./study-preparation.ts";
import { warn } from "./terminal/warn.ts";

/**
 * Carries a study out, or with --dry-run tells what it would take.
 * @param name of the study, which its folder keeps
 * @param file the manifest
 */
export async function studyWork<Options extends StudyWorkOptions>(
  name: string,
  file: string,
  options: Options,
  prepare: (manifest: Manifest, output: CommandOutput<Options>) => Promise<PreparedStudy>,
): Promise<void> {
  checkChoices(engineOptions(options).device ?? "auto", options);
  const { out, quiet, dryRun, join: join_ = false } = options;
  if (out === undefined && !dryRun) throw new UsageError("required option '--out <folder>' not specified");
  if (join_ && dryRun)
    throw new UsageError("--join takes runs of a study, and --dry-run takes none; leave one of them out");
  const folder = out === undefined ? undefined : new StudyFolder(out, name, { join: join_ });
  const manifest = await readTrainingManifest(file);
  const say = (text: string): void => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  const complete = await unlessInterrupted(async (signal) => {
    const output = { options, say, signal };
    const prepared = await prepare(manifest, output);
    const { plan, runs, cost } = prepared;
    say(costTable(plan, runs, cost));
    for (const note of notesOf(plan)) say(note);
    const engines: LastingEngine[] = [];
    try {
      const choices = await openEngines(engines, prepared, output);
      prepared.remarks.told.forEach(say);
      prepared.remarks.warnings.forEach(warn);
      await engines[0].run((engine) => tellBeginnings(engine, prepared, output));
      if (folder !== undefined && !dryRun) return await carryOut(engines, choices, prepared, folder, output);
      await sayCost(engines, prepared, output);
      return true;
    } finally {
      for (const engine of engines) engine[Symbol.dispose]();
    }
  }).finally(() => folder?.close());
  if (complete === true) return;
  // A dry run keeps nothing to go on with.
  say(dryRun ? "stopped" : "stopped; the same command goes on, and uses what is finished again");
  process.exitCode = stopCode();
}

/**
 * Opens an engine for each run at a time, all with the same choice of kernels.
 * @param engines filled while they are opened; the caller closes them
 */
async function openEngines(
  engines: LastingEngine[],
  prepared: PreparedStudy,
  output: CommandOutput,
): Promise<RunChoices> {
  const device = engineOptions(output.options);
  let choices: RunChoices | undefined;
  let computed: string | undefined;
  const open = async (again: boolean): Promise<Engine> => {
    const told = choices === undefined ? { ...output, warn } : { ...output, say: silent, warn: silent };
    const engine = await openNamedEngine(again ? { ...device, device: "webgpu" } : device, told.warn);
    try {
      const chosen = choose(engine, prepared, told);
      choices ??= chosen;
      // What is kept of a run says what has computed it.
      const { adapter, driver } = computedOn(engine);
      const now = JSON.stringify([adapter, driver, chosen]);
      if ((computed ??= now) !== now) {
        throw new TesseraError(
          `the study was begun on another adapter or with other kernels than ${adapter} (${driver}) has, which took the place of one that was ` +
            "lost; when that is there again, the same command goes on",
        );
      }
      return engine;
    } catch (error) {
      engine.close();
      throw error;
    }
  };
  const first = await lastingEngine(open);
  engines.push(first);
  const { atOnce = runsAtOnce(first.engine) } = output.options;
  while (engines.length < Math.min(atOnce, prepared.runs.length)) engines.push(await lastingEngine(open));
  if (choices === undefined) throw new Error("an engine was opened without its kernels being chosen");
  return choices;
}

/** Says what each run of the first seed takes of its weights to begin with. @throws ModelError for weights that do not fit */
async function tellBeginnings(
  engine: Engine,
  { runs, seeds, first }: PreparedStudy,
  { say }: CommandOutput,
): Promise<void> {
  for (const run of runs.filter(({ seed }) => seed === seeds[0])) {
    const begun = await begunWeights(engine, run, assemblyOf(run.planned, first.images));
    begun?.told.forEach((line) => {
      say(`${run.planned.name}: ${line}`);
    });
    begun?.warnings.forEach((line) => {
      warn(`${run.planned.name}: ${line}`);
    });
  }
}

/**
 * One run keeps a GPU busy. On a software device, one run of a small network leaves a core idle half of the time: on two
 * cores, 16 runs took 572 seconds one after the other and 347 two at a time (lavapipe, November 2026).
 */
const runsAtOnce = ({ backend, traits }: Engine): number =>
  backend.kind === "webgpu" && traits.isSoftware ? Math.min(2, availableParallelism()) : 1;

function choose(
  engine: Engine,
  { settings, manifest, first }: PreparedStudy,
  { options, say, warn }: CommandOutput & { readonly warn: (text: string) => void },
): RunChoices {
  const labels = labelSpaceOf(first.images.given);
  const traced = () => traceTraining(engine.traits, settings, manifest.image, labels, settings.batch);
  return takeChoices(engine, options, () => traced().map(({ recording }) => recording), say, warn);
}

/** Prints the arms and their cost, and estimates the time by a trial of a few steps. */
async function sayCost(
  engines: readonly LastingEngine[],
  { plan, seeds, settings, runs, cost, first }: PreparedStudy,
  { options, signal }: CommandOutput,
): Promise<void> {
  const views = runs.reduce((sum, run) => sum + cost(run).views, 0);
  const share = { views: views / engines.length, runs: runs.length / engines.length };
  const trials = engines.map((each) =>
    each.run((engine) => timeOf(engine, first.images, settings, share, signal)),
  );
  // All trials end before any engine is closed.
  await Promise.allSettled(trials);
  const seconds = Math.max(...(await Promise.all(trials)));
  const { study } = plan;
  const found = { study, seeds, arms: costByArm(plan.arms, runs, cost), seconds: Math.round(seconds) };
  process.stdout.write(
    options.json
      ? `${JSON.stringify(found, null, 2)}\n`
      : `${runs.length} runs on ${engines[0].engine.traits.name}, ${engines.length} at a time: some ${showSeconds(seconds)}, by a trial of a few steps of the manifest's own training\n`,
  );
}

/** @returns whether all runs are finished */
async function carryOut(
  engines: readonly LastingEngine[],
  choices: RunChoices,
  { manifest, settings, seeds, plan, runs, cost, images, first, ...decided }: PreparedStudy,
  folder: StudyFolder,
  { options, say, signal }: CommandOutput,
): Promise<boolean> {
  const { study } = plan;
  const { asked, fixed, together } = decided;
  const { limit, dataRoot, followLinks } = options;
  const { adapter, driver } = computedOn(engines[0].engine);
  const origin = await provenance();
  await folder.begin({
    ...{
      study,
      ...origin,
      seeds,
      ...asked,
      dataRoot: resolve(dataRoot),
      followLinks,
      atOnce: engines.length,
    },
    manifest: { file: manifest.file, text: manifest.text },
    settings: { limit, ...fixed, ...reproducibleSettings(settings) },
    ...{ adapter, driver, ...choices, program: programDigest() },
  });
  const { tuning, candidates } = choices;
  const environment = {
    ...{
      adapter,
      driver,
      program: programDigest(),
      node: origin.versions.node,
      webgpu: origin.versions.webgpu,
    },
    ...{ tuning: tuning?.digest, candidates },
  };
  const shown = { seed: seeds[0], given: first.images.given, coverage: first.coverage };
  const memory = Math.floor((settings.memory ?? defaultMemory()) / engines.length);
  const shares = runs.map((run) => ({ ...run, settings: { ...run.settings, memory } }));
  const ended = new Map<StudyRun, RunResult>();
  // In the order of the plan, whichever run ended first.
  const results = (): RunResult[] => shares.flatMap((run) => ended.get(run) ?? []);
  let forgotten: Promise<void> | undefined;
  const writeScores = async (): Promise<StudyScores> => {
    // Pictures of an earlier process do not belong to these scores.
    await (forgotten ??= writeReportData(folder, coverageReportData(shown)));
    const scores = studyScores(plan, manifest, seeds, results());
    await folder.writeScores(scores);
    return scores;
  };
  const [measure] = measuresOf(plan);
  const progress = new StudyProgress(study, runs.map(cost), options.quiet);
  const title = ({ planned, seed }: StudyRun): string => `${planned.name} seed ${seed}`;
  const complete = await runStudy(
    engines,
    shares,
    images,
    environment,
    folder,
    {
      begin: (run) => {
        progress.begin(title(run), cost(run));
        // Runs of a study are counted in steps.
        const weights = weightsOfSteps(run.settings, run.settings.warmupSteps ?? 0);
        return { step: ({ step, losses }) => progress.step(title(run), step, losses, weights(step)) };
      },
      end: async (run, result, reused) => {
        ended.set(run, result);
        const found = byClassOf(result, measure);
        const told = Object.fromEntries(run.planned.scoredClasses.map((each) => [each, found[each] ?? null]));
        progress.end(title(run), cost(run), reused, `${measures[measure].mean} ${showAuc(meanAuc(told))}`);
        // Of a study that is shared, one process writes the scores of all in the end.
        if (!reused && options.join !== true) await writeScores();
      },
    },
    signal,
  ).finally(() => progress.stop());
  const analyse = async (): Promise<void> => {
    const apart = await writeScores();
    const scores = (await together?.(apart, results(), folder)) ?? apart;
    if (scores !== apart) await folder.writeScores(scores);
    if (scores.scores.length > 0) {
      const table = await writeResults(folder, scores);
      process.stdout.write(options.json ? readFileSync(join(folder.path, "results.json")) : `${table}\n`);
      await keepPictures(folder, plan, results(), shown, options.quiet);
      await reportFinished(folder.path, options.identify, say);
    }
  };
  if (options.join !== true) await analyse();
  else if (complete) {
    const keys = results().map(({ key }) => key);
    const writer = await folder.analyseOnce(keys, analyse, signal);
    if (writer === "nobody") return false;
    if (writer === "another") say("another process has written the analysis");
  }
  say(`scores, tables and results are in ${folder.path}`);
  return complete;
}
