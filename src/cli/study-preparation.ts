// A study that is ready to begin: its images, its plan and its runs, looked at before anything is trained.

import { describeParts } from "../assemble/asked-parts.ts";
import { labelSpaceOf } from "../assemble/label-space.ts";
import { taskOf } from "../assemble/tasks.ts";
import type { Manifest } from "../assemble/training-manifest.ts";
import { checkBatchParts, type TrainingSettings } from "../assemble/training-settings.ts";
import { UsageError } from "../errors/errors.ts";
import { fitting, type Beginning } from "../runs/beginnings.ts";
import { describeBalance, partsWarnings } from "../runs/course-words.ts";
import type { DeviceOptions } from "../runs/device-options.ts";
import { readNamedWeights } from "../runs/initial-weights.ts";
import type { ChoiceOptions } from "../runs/kernel-choices.ts";
import type { LoadingOptions } from "../runs/load-images.ts";
import { costOf, type RunCost } from "../studies/cost.ts";
import { assemblyOf } from "../studies/planned-run.ts";
import { budgetOfRun, runsOf } from "../studies/runs-of-plan.ts";
import type { StudyScores } from "../studies/scores.ts";
import type { StudyFolder } from "../studies/study-folder.ts";
import type { StudyPlan } from "../studies/study-plan.ts";
import type { RunResult, StudyRun } from "../studies/study-run.ts";
import type { StudyLoad } from "./study-images.ts";

/** Options of every command that carries a study out. */
export interface StudyWorkOptions
  extends DeviceOptions, ChoiceOptions, Omit<LoadingOptions, "seed" | "memory" | "untested"> {
  readonly quiet: boolean;
  readonly out?: string;
  /** Specificity on the validation patients that the sensitivity of a segmenter is told at. */
  readonly at?: number;
  readonly epochs?: number;
  readonly steps?: number;
  /** Bytes of images to hold at a time. */
  readonly memory?: number;
  /** Number of runs at a time. */
  readonly atOnce?: number;
  readonly dryRun: boolean;
  /** Whether other processes take runs of the study at the same time. */
  readonly join?: boolean;
  /** Whether the report shows patients by their names. */
  readonly identify: boolean;
  readonly json: boolean;
}

/** The options of a command, and how it reports while it works. */
export interface CommandOutput<Options extends StudyWorkOptions = StudyWorkOptions> {
  readonly options: Options;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What a command decides of a study. */
export interface DecidedStudy {
  readonly manifest: Manifest;
  readonly plan: StudyPlan;
  /** Of the manifest's own training, in steps. */
  readonly settings: TrainingSettings;
  readonly seeds: readonly number[];
  readonly images: (seed: number) => Promise<StudyLoad>;
  /** Images of the first seed. */
  readonly first: StudyLoad;
  /** What `study.json` has of the command line beside the settings; another study may go on in the same folder with other ones. */
  readonly asked: Readonly<Record<string, unknown>>;
  /** And what it has among the settings, so that no other may. */
  readonly fixed?: Readonly<Record<string, unknown>>;
  /** What is found over all finished runs together, beside the scores of each. */
  readonly together?: (
    scores: StudyScores,
    results: readonly RunResult[],
    folder: StudyFolder,
  ) => Promise<StudyScores>;
}

/** A study that is ready to begin. */
export interface PreparedStudy extends DecidedStudy {
  readonly runs: readonly StudyRun[];
  readonly cost: (run: StudyRun) => RunCost;
  /** What is to be said of runs of the first seed, and warned of, before they begin; each line names its run. */
  readonly remarks: { readonly told: readonly string[]; readonly warnings: readonly string[] };
}

/** @throws UsageError for a run that keeps parts of a network as its seed draws them */
function expectBegun({ settings, initial }: StudyRun, file: string): void {
  const field = (["freeze", "unfreeze"] as const).find((name) => settings[name] !== undefined);
  if (field === undefined || initial !== undefined) return;
  throw new UsageError(
    `${file}: train.${field} is for runs that begin with weights, and one begins with what its seed draws; give it init, or leave it out`,
  );
}

/** The runs of a study, checked, and what each takes. @throws UsageError, DataError or ModelError for a run that cannot be made */
export async function preparedStudy(
  decided: DecidedStudy,
  options: Pick<StudyWorkOptions, "dataRoot" | "followLinks" | "at">,
): Promise<PreparedStudy> {
  const { plan, seeds, settings, manifest, first, images } = decided;
  const beginnings = await beginningsOf(decided, options);
  const runs = runsOf(plan, seeds, settings, { specificity: options.at, beginnings });
  const told: string[] = [];
  const warnings: string[] = [];
  // Before anything is trained, since a run may be hours away.
  for (const run of runs.filter(({ seed }) => seed === seeds[0])) {
    const assembly = assemblyOf(run.planned, first.images);
    taskOf(run.settings).check(assembly, run.settings);
    checkBatchParts(run.settings);
    const labels = labelSpaceOf(assembly);
    run.initial?.check({ classes: assembly.classes, image: manifest.image, settings: run.settings }, labels);
    const parts = describeParts(run.settings, labels);
    expectBegun(run, manifest.file);
    const named = (line: string): string => `${run.planned.name}: ${line}`;
    told.push(...[describeBalance(assembly, run.settings) ?? [], parts ?? []].flat().map(named));
    warnings.push(...partsWarnings(run.settings, budgetOfRun(run, assembly).budget, run).map(named));
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
  return { ...decided, runs, cost, images: checked, remarks: { told, warnings } };
}

/** Weights to begin with, by what the plan calls them. @throws ModelError, CheckpointError or DataError for a file that holds none */
async function beginningsOf(
  { plan, manifest }: Pick<DecidedStudy, "plan" | "manifest">,
  where: Pick<StudyWorkOptions, "dataRoot" | "followLinks">,
): Promise<Map<string, Beginning>> {
  const names = new Set(plan.arms.flatMap(({ runs }) => runs.flatMap(({ init }) => init ?? [])));
  const found = new Map<string, Beginning>();
  for (const name of names) {
    const field = manifest.train.init === name ? ["train", "init"] : ["arms"];
    found.set(name, fitting(await readNamedWeights(manifest, field, name, where)));
  }
  return found;
}
