// `tessera study`: the paper's comparisons on any manifest, run after run, in a folder where a stopped study goes on.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { absentIsNegative } from "../../studies/full-labels.ts";
import { assemblyOf } from "../../studies/planned-run.ts";
import { begunWeights, budgetOfRun, inSteps, runsOf, runStudy } from "../../studies/run-study.ts";
import type { RunResult, StudyRun } from "../../studies/study-run.ts";
import { costByArm, costOf, type RunCost } from "../../studies/cost.ts";
import { knowledgeOf, notesOf, withArms, type StudyPlan } from "../../studies/study-plan.ts";
import { describeParts } from "../../assemble/asked-parts.ts";
import { labelSpaceOf } from "../../assemble/label-space.ts";
import { ofLength, settingsOf } from "../../assemble/manifest-settings.ts";
import { reproducibleSettings, type TrainingSettings } from "../../assemble/training-settings.ts";
import { planStudy } from "../../studies/plan-study.ts";
import { askedArms } from "../../studies/read-arms.ts";
import { studies, type Study, type StudyName } from "../../studies/studies.ts";
import { studyScores } from "../../studies/study-scores.ts";
import { StudyFolder } from "../../studies/study-folder.ts";
import { taskOf } from "../../assemble/tasks.ts";
import { traceTraining } from "../../assemble/planning/traced-steps.ts";
import { fitting, type Beginning } from "../../runs/beginnings.ts";
import { readInitialWeights } from "../../runs/initial-weights.ts";
import type { RunChoices } from "../../runs/run-record.ts";
import { byClassOf, measuresOf, type StudyScores } from "../../studies/scores.ts";
import { readTrainingManifest, type Manifest } from "../../assemble/training-manifest.ts";
import { recipeNames, withPreset } from "../../assemble/recipes.ts";
import { UsageError } from "../../errors/errors.ts";
import { allExclude } from "../../labels/class-relations.ts";
import { listedNames } from "../../errors/listed-names.ts";
import { suggestion } from "../../errors/nearest.ts";
import { measures } from "../../metrics/measures.ts";
import { meanAuc } from "../../metrics/auc.ts";
import { coverageReportData } from "../../studies/study-report-data.ts";
import { showAuc } from "../../report/tables.ts";
import { openEngine } from "../../runtime/open-engine.ts";
import type { Engine } from "../../runtime/engine.ts";
import { silent } from "../../runs/run-observer.ts";
import { computedOn, provenance } from "../../runs/provenance.ts";
import { checkChoices, takeChoices, type ChoiceOptions } from "../../runs/kernel-choices.ts";
import type { LoadingOptions } from "../../runs/load-images.ts";
import { defaultMemory } from "../../runs/load-images.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { programDigest } from "../../runs/package-info.ts";
import { showSeconds, unlessInterrupted } from "../terminal/progress.ts";
import { reportFinished } from "./report.ts";
import { costTable, timeOf } from "../study-cost.ts";
import { warningLines } from "../../data/inspection/warnings.ts";
import { armWarnings, imagesOf, scarceWarnings, type StudyLoad } from "../study-images.ts";
import { keepPictures, writeReportData } from "../study-pictures.ts";
import { weightsOfSteps } from "../terminal/loss-words.ts";
import { StudyProgress } from "../terminal/study-progress.ts";
import { writeResults } from "../study-results.ts";

export interface StudyOptions extends DeviceOptions, ChoiceOptions, Omit<LoadingOptions, "seed" | "memory"> {
  readonly quiet: boolean;
  readonly out?: string;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly interest?: readonly string[];
  readonly arms?: readonly string[];
  /** Difference in AUC below which two arms count as equal. */
  readonly margin: number;
  /** Specificity on the validation patients that the sensitivity of a segmenter is told at. */
  readonly at?: number;
  readonly preset?: string;
  readonly epochs?: number;
  readonly steps?: number;
  /** Bytes of images to hold at a time. */
  readonly memory?: number;
  /** Number of runs at a time. */
  readonly atOnce?: number;
  readonly dryRun: boolean;
  /** Whether the report shows patients by their names. */
  readonly identify: boolean;
  readonly json: boolean;
}

/** A study that is ready to begin. */
interface Prepared {
  readonly manifest: Manifest;
  readonly settings: TrainingSettings;
  readonly seeds: readonly number[];
  /** Classes and arms that the command line names, where it names any. */
  readonly interest: readonly string[] | undefined;
  readonly arms: readonly string[] | undefined;
  readonly plan: StudyPlan;
  readonly runs: readonly StudyRun[];
  readonly cost: (run: StudyRun) => RunCost;
  readonly images: (seed: number) => Promise<StudyLoad>;
  /** Images of the first seed. */
  readonly first: StudyLoad;
}

/** The options of a command, and how it reports while it works. */
interface CommandOutput {
  readonly options: StudyOptions;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

export async function studyCommand(name: StudyName, file: string, options: StudyOptions): Promise<void> {
  checkChoices(engineOptions(options).device ?? "auto", options);
  const { out, quiet, dryRun } = options;
  if (out === undefined && !dryRun) throw new UsageError("required option '--out <folder>' not specified");
  const folder = out === undefined ? undefined : new StudyFolder(out, name);
  const manifest = await readTrainingManifest(file);
  const say = (text: string): void => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  const complete = await unlessInterrupted(async (signal) => {
    const output = { options, say, signal };
    const prepared = await prepare(name, manifest, output);
    const { plan, runs, cost } = prepared;
    say(costTable(plan, runs, cost));
    for (const note of notesOf(plan)) say(note);
    const engines: Engine[] = [];
    try {
      const choices = await openEngines(engines, prepared, output);
      await tellBeginnings(engines[0], prepared, output);
      if (folder !== undefined && !dryRun) return await carryOut(engines, choices, prepared, folder, output);
      await sayCost(engines, prepared, output);
      return true;
    } finally {
      for (const engine of engines) engine.close();
    }
  }).finally(() => folder?.close());
  if (complete === true) return;
  // A dry run keeps nothing to go on with.
  say(dryRun ? "stopped" : "stopped; the same command goes on, and uses what is finished again");
  process.exitCode = 130;
}

/**
 * Opens an engine for each run at a time, all with the same choice of kernels.
 * @param engines filled while they are opened; the caller closes them
 */
async function openEngines(
  engines: Engine[],
  prepared: Prepared,
  output: CommandOutput,
): Promise<RunChoices> {
  const device = engineOptions(output.options);
  const first = await openEngine(device);
  engines.push(first);
  const choices = choose(first, prepared, { ...output, warn });
  const { atOnce = runsAtOnce(first) } = output.options;
  while (engines.length < Math.min(atOnce, prepared.runs.length)) {
    const engine = await openEngine(device);
    engines.push(engine);
    choose(engine, prepared, { ...output, say: silent, warn: silent });
  }
  return choices;
}

/** Says what each run of the first seed takes of its weights to begin with. @throws ModelError for weights that do not fit */
async function tellBeginnings(
  engine: Engine,
  { runs, seeds, first }: Prepared,
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

/** Warnings are printed with --quiet, too. */
const warn = (text: string): void => void process.stderr.write(`${text}\n`);

/** @throws UsageError for a manifest that the study makes no sense with */
async function prepare(
  name: StudyName,
  manifest: Manifest,
  { options, say, signal }: CommandOutput,
): Promise<Prepared> {
  const { memory = defaultMemory(), margin, preset } = options;
  const read = settingsOf(preset === undefined ? manifest : presetting(name, manifest, preset), 0);
  const withOptions = (settings: TrainingSettings): TrainingSettings => ({
    ...ofLength(settings, options),
    memory,
  });
  const said = withOptions(read);
  const seeds = Array.from({ length: options.seeds }, (_, i) => options.firstSeed + i);
  const images = imagesOf(manifest, { ...options, memory }, { say, warn }, signal);
  const first = await images(seeds[0]);
  const knowledge = knowledgeOf(first.images.given);
  const { classes } = manifest;
  const interest = options.interest && listedNames(options.interest, classes);
  const { given, full } = first.images;
  const settings = inSteps(said, given);
  const whole = planStudy(name, {
    ...{ classes, knowledge, whyNoFullLabels: first.whyNoFullLabels, settings, interest, margin },
    areExclusive: allExclude(given.exclusive ?? [], given.classes.length),
    areExhaustive: given.exhaustive,
    absentIsNegative: full !== undefined && absentIsNegative(given, full),
    init: manifest.train.init,
    asked: askedArms(manifest, (settings) => inSteps(withOptions(settings), given)),
  });
  const arms =
    options.arms &&
    listedNames(
      options.arms,
      whole.arms.map((arm) => arm.name),
    );
  const plan = arms === undefined ? whole : withArms(whole, arms);
  for (const line of warningLines([...scarceWarnings(first), ...armWarnings(plan, first)])) warn(line);
  const beginnings = await beginningsOf(plan, options.dataRoot);
  const runs = runsOf(plan, seeds, settings, { specificity: options.at, beginnings });
  // Before anything is trained, since a run may be hours away.
  for (const run of runs.filter(({ seed }) => seed === seeds[0])) {
    const assembly = assemblyOf(run.planned, first.images);
    taskOf(run.settings).check(assembly, run.settings);
    run.initial?.check({ classes: assembly.classes, image: manifest.image, settings: run.settings });
    describeParts(run.settings, labelSpaceOf(assembly));
  }
  // Computed once, since it is asked for often and is the same for every seed.
  const costs = new Map<StudyRun["planned"], RunCost>();
  const cost = (run: StudyRun): RunCost => {
    const known = costs.get(run.planned);
    if (known !== undefined) return known;
    const { budget, batch } = budgetOfRun(run, assemblyOf(run.planned, first.images));
    const made = costOf(run.settings, budget, batch, run.warmUp?.isFirst === false);
    costs.set(run.planned, made);
    return made;
  };
  const needsTruth = runs.some(({ planned }) => planned.labels === "full");
  const checked = async (seed: number): Promise<StudyLoad> => {
    const load = seed === seeds[0] ? first : await images(seed);
    if (!needsTruth || load.whyNoFullLabels === undefined) return load;
    throw new UsageError(`seed ${seed} has no full labels, as those before it had: ${load.whyNoFullLabels}`);
  };
  return { manifest, settings, seeds, interest, arms, plan, runs, cost, images: checked, first };
}

/** Weights to begin with, by what the plan calls them. @throws ModelError, CheckpointError or DataError for a file that holds none */
async function beginningsOf({ arms }: StudyPlan, dataRoot: string): Promise<Map<string, Beginning>> {
  const names = new Set(arms.flatMap(({ runs }) => runs.flatMap(({ init }) => init ?? [])));
  const found = new Map<string, Beginning>();
  for (const name of names) found.set(name, fitting(await readInitialWeights(resolve(dataRoot, name))));
  return found;
}

/** @throws UsageError for an unknown preset, and for a study whose arms a preset does not reach */
function presetting(study: StudyName, manifest: Manifest, preset: string): Manifest {
  const { arms }: Study = studies[study];
  if (arms === "manifest") {
    throw new UsageError(
      `--preset ${preset}: study ${study} compares the arms of the manifest, which say how they are trained; say preset: ${preset} there`,
    );
  }
  const name = recipeNames.find((each) => each === preset);
  if (name !== undefined) return { ...manifest, train: withPreset(manifest.train, name) };
  throw new UsageError(
    `--preset ${preset}: there is no such preset${suggestion(preset, recipeNames)}; there are ${recipeNames.join(", ")}`,
  );
}

function choose(
  engine: Engine,
  { settings, manifest, first }: Prepared,
  { options, say, warn }: CommandOutput & { readonly warn: (text: string) => void },
): RunChoices {
  const labels = labelSpaceOf(first.images.given);
  const traced = () => traceTraining(engine.traits, settings, manifest.image, labels, settings.batch);
  return takeChoices(engine, options, () => traced().map(({ recording }) => recording), say, warn);
}

/** Prints the arms and their cost, and estimates the time by a trial of a few steps. */
async function sayCost(
  engines: readonly Engine[],
  { plan, seeds, settings, runs, cost, first }: Prepared,
  { options, signal }: CommandOutput,
): Promise<void> {
  const views = runs.reduce((sum, run) => sum + cost(run).views, 0);
  const share = { views: views / engines.length, runs: runs.length / engines.length };
  const trials = engines.map((each) => timeOf(each, first.images, settings, share, signal));
  // All trials end before any engine is closed.
  await Promise.allSettled(trials);
  const seconds = Math.max(...(await Promise.all(trials)));
  const { study } = plan;
  const found = { study, seeds, arms: costByArm(plan.arms, runs, cost), seconds: Math.round(seconds) };
  process.stdout.write(
    options.json
      ? `${JSON.stringify(found, null, 2)}\n`
      : `${runs.length} runs on ${engines[0].traits.name}, ${engines.length} at a time: some ${showSeconds(seconds)}, by a trial of a few steps\n`,
  );
}

/** @returns whether all runs are finished */
async function carryOut(
  engines: readonly Engine[],
  choices: RunChoices,
  { manifest, settings, seeds, interest, arms, plan, runs, cost, images, first }: Prepared,
  folder: StudyFolder,
  { options, say, signal }: CommandOutput,
): Promise<boolean> {
  const { study } = plan;
  const { margin, preset = null } = options;
  const { limit, dataRoot } = options;
  const { adapter, driver } = computedOn(engines[0]);
  const origin = await provenance();
  await folder.begin({
    ...{ study, ...origin, seeds, margin, preset, dataRoot: resolve(dataRoot) },
    ...{ interest: interest ?? null, arms: arms ?? null },
    atOnce: engines.length,
    manifest: { file: manifest.file, text: manifest.text },
    settings: { limit, ...reproducibleSettings(settings) },
    ...{ adapter, driver, ...choices },
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
        if (!reused) await writeScores();
      },
    },
    signal,
  ).finally(() => progress.stop());
  const scores = await writeScores();
  if (scores.scores.length > 0) {
    const table = await writeResults(folder, scores);
    process.stdout.write(options.json ? readFileSync(join(folder.path, "results.json")) : `${table}\n`);
    await keepPictures(folder, plan, results(), shown, options.quiet);
    await reportFinished(folder.path, options.identify, say);
  }
  say(`scores, tables and results are in ${folder.path}`);
  return complete;
}
