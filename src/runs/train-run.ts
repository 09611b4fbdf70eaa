// Trains on a manifest's images, from the manifest to the run folder: what `tessera train` does, as a function, but for
// report.html and --profile.

import "../errors/disposal.ts";
import {
  aFunction,
  aSignal,
  expectArgument,
  expectOptions,
  madeWith,
  type OptionChecks,
} from "../errors/arguments.ts";
<<<<<<< HEAD
import { type RunObserver } from "./run-observer.ts";
import { type RunStart } from "./run-start.ts";
import type { Summary } from "./summary.ts";
import { loadRun } from "./loaded-run.ts";
import { RunSession } from "./run-session.ts";
=======
import { describeParts } from "../assemble/asked-parts.ts";
import type { ModelJudgement } from "../assemble/assembly-task.ts";
import type { Evaluation } from "../assemble/evaluation.ts";
import { labelSpaceOf } from "../assemble/label-space.ts";
import { hasUnsupervisedLosses } from "../assemble/assemble-terms.ts";
import { declaredLabels, ofLength, settingsOf } from "../assemble/manifest-settings.ts";
import { traceTraining } from "../assemble/planning/traced-steps.ts";
import { trainModel, type TrainedModel } from "../assemble/train-classifier.ts";
import { Classifier } from "../assemble/classifier.ts";
import { Segmenter } from "../assemble/segmenter.ts";
import { reproducibleSettings, type TrainingSettings } from "../assemble/training-settings.ts";
import { taskOf } from "../assemble/tasks.ts";
import { untaughtNote } from "../assemble/untaught.ts";
import { warmedBudgetOf } from "../assemble/warm-up.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import { stepsPerEpoch } from "../data/assembly/sampler.ts";
import { PixelsOnDemand } from "../data/cache/pixel-rows.ts";
import { notesOfClasses } from "../labels/wording.ts";
import { readWeights } from "../nn/weights.ts";
import type { Engine } from "../runtime/engine.ts";
import { openEngine } from "../runtime/open-engine.ts";
import type { Recording } from "../runtime/recording.ts";
import { asOfLength, defaultInterval } from "../training/checkpoint.ts";
import { bothListeners } from "../training/training-reports.ts";
import {
  describeBalance,
  describeReestimation,
  describeStart,
  describeWatch,
  partsWarnings,
} from "./course-words.ts";
import { engineOptions, type NamedDevice } from "./device-options.ts";
import { checkChoices, takeChoices } from "./kernel-choices.ts";
import { defaultMemory, loadImages, type Loaded } from "./load-images.ts";
import { modelRecordOf } from "./model-of-run.ts";
import { shownThresholds, type KeptThresholds } from "./kept-thresholds.ts";
import type { RunFolder } from "./run-folder.ts";
import { silent, type RunObserver } from "./run-observer.ts";
import { mistakeMaps } from "./mistake-maps.ts";
import { overlayPictures, type OverlayPicture } from "./overlay-pictures.ts";
import { computedOn } from "./computed-on.ts";
import type { RunChoices } from "./run-record.ts";
import { reportDataOf, type MistakeHeat } from "./run-report-data.ts";
import { compareRuns, recordOf, type RunStart } from "./run-start.ts";
import { summaryOf, type Environment } from "./run-summary.ts";
import type { Summary } from "./summary.ts";
import { validatedThresholds } from "./validated-thresholds.ts";
import { overlapsText } from "./test-overlaps.ts";
import { predictionsText } from "./predictions-table.ts";
import { testPredictions } from "./test-predictions.ts";
import { segmentationResults } from "./segmentation-results.ts";
import { testResults } from "./test-results.ts";

/** A run whose images are there. */
export interface LoadedRun {
  readonly start: RunStart;
  readonly settings: TrainingSettings;
  readonly images: Loaded;
  /** What is trained when, where not all of the model is in every epoch. */
  readonly parts: string | undefined;
}
>>>>>>> h-files

const aStart = madeWith("what beginRun or resumeRun gives", ["manifest", "options", "folder"]);
const observerFields: OptionChecks<RunObserver> = {
  say: aFunction,
  warn: aFunction,
  count: aFunction,
  loaded: aFunction,
  training: aFunction,
};

/**
 * Trains, and leaves all of it in the run folder: metrics, checkpoints, and in the end summary, model and predictions.
 *
 *     const summary = await trainRun(await beginRun("sources.yaml", { dataRoot: "data", out: "runs/first" }));
 *
 * @param start of `beginRun` or `resumeRun`
 * @param observer told what happens; a program that needs nothing of it leaves it out
 * @param signal stops the run after the steps under way; `interrupted` is true in the summary then, and `resumeRun` goes on.
 *   While images are loaded it throws the signal's reason
 * @throws DataError or ManifestError for images and labels that cannot be used; UsageError for options that do not fit;
 *   DeviceUnavailableError; ModelError for a model that cannot grow; RunFolderError or CheckpointError when a file cannot be
 *   written, or the checkpoint is of another run; NonFiniteError when the run diverges; TesseraError when it would go on with
 *   other kernels than it was begun with
 */
export async function trainRun(
  start: RunStart,
  observer: RunObserver = {},
  signal?: AbortSignal,
): Promise<Summary> {
  expectArgument("trainRun", "the start", start, aStart);
  expectOptions("trainRun", observer, observerFields);
  if (signal !== undefined) expectArgument("trainRun", "the signal", signal, aSignal);
  const loaded = await loadRun(start, observer, signal);
  using session = await RunSession.open(loaded, observer);
<<<<<<< HEAD
  const { summary, result } = await session.complete((train) => train(signal));
  result.model.dispose();
  return summary;
=======
  const result = await session.train(signal);
  try {
    return await session.finish(result);
  } finally {
    result.model.dispose();
  }
}

/**
 * The first part of a run: everything that needs no device.
 * @throws ModelError when the model to begin with cannot grow; what `loadImages` throws
 */
export async function loadRun(
  start: RunStart,
  observer: RunObserver,
  signal: AbortSignal | undefined,
): Promise<LoadedRun> {
  const { manifest, options, initial } = start;
  const { dataRoot, limit, seed, skipBad, cache, memory = defaultMemory() } = options;
  checkedEngineOptions(start);
  const settings = { ...ofLength(settingsOf(manifest, seed), options), memory };
  const labels = declaredLabels(manifest);
  initial?.check({ ...manifest, settings }, labels);
  const parts = describeParts(settings, labels);
  const loading = { dataRoot, limit, seed, skipBad, cache, memory };
  return { start, settings, parts, images: await loadImages(manifest, loading, observer, signal) };
}

/** @throws UsageError for options that do not fit the device */
function checkedEngineOptions({ options }: RunStart): NamedDevice {
  const where = engineOptions(options);
  checkChoices(where.device ?? "auto", options);
  return where;
}

/** Opens the engine of a run, which takes the kernels that its options choose. */
export async function openRunEngine(
  { start, settings, images: { assembly } }: LoadedRun,
  say: (text: string) => void,
  warn: (text: string) => void,
): Promise<{ readonly engine: Engine; readonly choices: RunChoices }> {
  const engine = await openEngine(checkedEngineOptions(start));
  try {
    const { manifest, options } = start;
    const { total, batch } = sizesOf(assembly, settings);
    const inMemory = isStreamed(assembly) ? undefined : total;
    const steps = (): ReturnType<typeof traceTraining> =>
      traceTraining(engine.traits, settings, manifest.image, declaredLabels(manifest), batch, inMemory);
    const traced = (): readonly Recording[] => steps().map(({ recording }) => recording);
    return { engine, choices: takeChoices(engine, options, traced, say, warn) };
  } catch (error) {
    engine.close();
    throw error;
  }
}

/** Images to train on, and those of a step. */
function sizesOf(
  { sources }: Loaded["assembly"],
  settings: TrainingSettings,
): { readonly total: number; readonly batch: number } {
  const total = sources.reduce((sum, { count }) => sum + count, 0);
  return { total, batch: Math.min(settings.batch, total) };
}

const isStreamed = ({ sources }: Loaded["assembly"]): boolean =>
  sources.some(({ pixels }) => pixels instanceof PixelsOnDemand);

/** The second part of a run: an engine, and the run folder that it writes. */
export class RunSession implements Disposable {
  readonly #run: LoadedRun;
  readonly #observer: RunObserver;
  readonly #engine: Engine;
  readonly #environment: Environment;

  /**
   * @throws DeviceUnavailableError; UsageError for kernels that cannot be chosen; TesseraError when a run would go on with
   *   other kernels than it was begun with
   */
  static async open(run: LoadedRun, observer: RunObserver): Promise<RunSession> {
    const { say = silent, warn = silent } = observer;
    const { engine, choices } = await openRunEngine(run, say, warn);
    const { start, settings, images } = run;
    const environment = { ...computedOn(engine), ...choices };
    try {
      if (start.record !== undefined) {
        compareRuns(start.record, environment, warn);
        if (start.isLengthened === true) {
          start.folder.begin({ ...start.record, settings: reproducibleSettings(settings) });
        }
      } else {
        start.folder.begin({
          ...(await recordOf(start)),
          settings: reproducibleSettings(settings),
          classes: [...images.assembly.classes],
          ...environment,
        });
      }
    } catch (error) {
      engine.close();
      throw error;
    }
    return new RunSession(run, observer, engine, environment);
  }

  private constructor(run: LoadedRun, observer: RunObserver, engine: Engine, environment: Environment) {
    this.#run = run;
    this.#observer = observer;
    this.#engine = engine;
    this.#environment = environment;
  }

  /** Takes the steps. @returns the model, which the caller disposes */
  async train(signal?: AbortSignal): Promise<TrainedModel> {
    const { start, settings, images, parts } = this.#run;
    const { say = silent, warn = silent } = this.#observer;
    const { assembly } = images;
    const { folder, options, from, initial, manifest } = start;
    const engine = this.#engine;
    const { total, batch } = sizesOf(assembly, settings);
    say(
      `${counted(total, "image")} to train on, ${isStreamed(assembly) ? "streamed from the cache" : "in memory"}; ` +
        `${counted(assembly.test.count, "test image")}; on ${engine.traits.name}`,
    );
    say(describeWatch(assembly, settings));
    const balance = describeBalance(assembly, settings);
    if (balance !== undefined) say(balance);
    if (start.record !== undefined) say(describeStart(from, start.isLengthened));
    const begun = await initial?.weights(engine, { ...manifest, settings }, labelSpaceOf(assembly));
    begun?.told.forEach(say);
    begun?.warnings.forEach(warn);
    const budget = warmedBudgetOf(settings, stepsPerEpoch(total, batch));
    if (parts !== undefined) say(parts);
    partsWarnings(settings, budget, start).forEach(warn);
    const untaught = untaughtNote(assembly, settings, budget);
    if (untaught !== undefined) say(untaught);
    if (budget.warmup === budget.steps && hasUnsupervisedLosses(settings)) {
      say(
        "warning: warm-up takes the whole run: given labels alone teach, and the unsupervised losses never join in; " +
          "train longer, or make train.warmupEpochs or train.warmupSteps smaller",
      );
    }
    const watcher = this.#observer.training?.({ budget, batch, settings });
    const result = await trainModel(
      engine,
      assembly,
      settings,
      bothListeners<Evaluation>(folder.listener(), watcher),
      signal,
      {
        // Whoever asked for this length may have been killed before its first checkpoint.
        from: from && { ...from, checkpoint: asOfLength(from.checkpoint, settings) },
        every: options.checkpointEvery ?? defaultInterval,
        save: (checkpoint) => folder.save(checkpoint),
      },
      begun?.weights,
    );
    if (result.reestimated !== undefined) say(describeReestimation(result.reestimated, settings));
    return result;
  }

  /** Writes what the run came to. @throws RunFolderError or CheckpointError when a file cannot be written */
  async finish(result: TrainedModel): Promise<Summary> {
    const { start, images } = this.#run;
    const { count, warn = silent } = this.#observer;
    const { manifest, options, folder } = start;
    const { assembly } = images;
    const tested = {
      ...testResults(result, assembly, count),
      ...(await segmentationResults(result, assembly, (set) => this.#judge(result.model, set), count)),
    };
    const { seconds } = folder;
    const { kept, model: trained } = result;
    const thresholds = result.stopped ? undefined : await this.#thresholds(trained);
    const model = result.stopped
      ? undefined
      : {
          record: await modelRecordOf(trained, this.#run, { kept, thresholds, warn }),
          tensors: await readWeights(trained),
        };
    const summary = summaryOf(result, images, {
      ...{ tested, thresholds, seconds, seed: options.seed, manifest: manifest.file },
      environment: this.#environment,
    });
    const overlays = (): Promise<OverlayPicture[] | undefined> => this.#overlays(result);
    await folder.finish(
      summary,
      model,
      await reportInputs(result, images, { overlays, heat: this.#heat(result) }, warn),
    );
    return summary;
  }

  async #judge(model: TrainedModel["model"], set: ImageSet): Promise<ModelJudgement> {
    const { settings, images } = this.#run;
    const { classes } = images.assembly;
    return await taskOf(settings).judge(this.#engine, model, settings, {
      set,
      part: "validation",
      classes,
      batch: settings.batch,
    });
  }

  /** Chosen on the validation images; undefined where there are none, and of a segmenter. */
  async #thresholds(model: TrainedModel["model"]): Promise<KeptThresholds | undefined> {
    const { settings, images } = this.#run;
    const found = await validatedThresholds(this.#engine, model, settings, images.assembly);
    if (found === undefined) return undefined;
    const { classes } = images.assembly;
    const { byClass } = shownThresholds({ classes, thresholds: found });
    const notes = notesOfClasses(classes, (name) => byClass[name].note);
    const { say = silent } = this.#observer;
    if (notes.length > 0) say(`thresholds for predict --decide: ${notes.join("; ")}`);
    return found;
  }

  /** Pictures for the report; undefined for a classifier. */
  async #overlays({ model, logits, overlaps }: TrainedModel): Promise<OverlayPicture[] | undefined> {
    if (!(model instanceof Segmenter) || logits === undefined || overlaps === undefined) return undefined;
    const { settings, images } = this.#run;
    const { classes, test } = images.assembly;
    const reading = { ...settings, exclusive: model.exclusive, exhaustive: model.exhaustive };
    const predicted = testPredictions(logits, test, classes);
    return await overlayPictures(this.#engine, model, reading, test, predicted, overlaps);
  }

  /** Where it looked in its mistakes, for the report; undefined for a segmenter. */
  #heat({ model }: TrainedModel): MistakeHeat | undefined {
    if (!(model instanceof Classifier)) return undefined;
    const { settings, images } = this.#run;
    const { normalisation } = settings;
    return (wrong) => mistakeMaps(this.#engine, model, normalisation, images.assembly.test, wrong);
  }

  [Symbol.dispose](): void {
    this.#run.start.folder.close();
    this.#engine.close();
  }
}

/** Predictions and data for the report; nothing for a run that was stopped. */
async function reportInputs(
  { logits, overlaps, located, stopped }: TrainedModel,
  { assembly: { classes, test }, coverage }: Loaded,
  pictures: {
    readonly overlays: () => Promise<OverlayPicture[] | undefined>;
    readonly heat: MistakeHeat | undefined;
  },
  warn: (text: string) => void,
): Promise<Parameters<RunFolder["finish"]>[2]> {
  if (stopped || logits === undefined) return {};
  const predicted = testPredictions(logits, test, classes);
  const texts = {
    predictions: predictionsText(predicted),
    ...(overlaps === undefined || located === undefined
      ? {}
      : { overlaps: overlapsText(predicted, { ...overlaps, located }) }),
  };
  try {
    return {
      ...texts,
      reportData: `${JSON.stringify(await reportDataOf(predicted, test, coverage, await pictures.overlays(), pictures.heat))}\n`,
    };
  } catch (error) {
    // Images may be gone from the cache by now, which should not cost the run its results.
    const [reason] = (error as Error).message.split("\n");
    warn(`warning: the report will show no mistakes and no labels (${reason})`);
    return texts;
  }
>>>>>>> h-files
}
