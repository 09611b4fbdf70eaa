// The second part of a run: its steps on an engine, and on another one when the device is lost, and what the run folder has in the end.

import "../errors/disposal.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { counted } from "../errors/counted.ts";
import type { ModelJudgement } from "../assemble/assembly-task.ts";
import type { Evaluation } from "../assemble/evaluation.ts";
import { labelSpaceOf } from "../assemble/label-space.ts";
import { hasUnsupervisedLosses } from "../assemble/assemble-terms.ts";
import { trainModel, type TrainedModel } from "../assemble/train-classifier.ts";
import { Classifier } from "../assemble/classifier.ts";
import { Segmenter } from "../assemble/segmenter.ts";
import { partOf, reproducibleSettings } from "../assemble/training-settings.ts";
import { taskOf } from "../assemble/tasks.ts";
import { untaughtNote } from "../assemble/untaught.ts";
import { warmedBudgetOf } from "../assemble/warm-up.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import { stepsPerEpoch } from "../data/assembly/sampler.ts";
import { notesOfClasses } from "../labels/wording.ts";
import { DeviceLostError } from "../errors/errors.ts";
import { RunFolderError } from "../errors/training-errors.ts";
import { readWeights } from "../nn/weights.ts";
import type { Engine } from "../runtime/engine.ts";
import { LastingEngine } from "../runtime/lasting-engine.ts";
import { asOfLength, defaultInterval, type Checkpoints } from "../training/checkpoint.ts";
import { bothListeners, type TrainingListener } from "../training/training-reports.ts";
import {
  describeBalance,
  describeReestimation,
  describeStart,
  describeWatch,
  partsWarnings,
  splitWarning,
} from "./course-words.ts";
import { type Loaded } from "./load-images.ts";
import { modelRecordOf } from "./model-of-run.ts";
import { shownThresholds, type KeptThresholds } from "./kept-thresholds.ts";
import { type RunFolder } from "./run-folder.ts";
import { runFiles } from "./run-files.ts";
import { silent, type RunObserver } from "./run-observer.ts";
import { mistakeMaps } from "./mistake-maps.ts";
import { overlayPictures } from "./overlay-pictures.ts";
import type { OverlayPicture } from "./overlay-record.ts";
import { computedOn } from "./computed-on.ts";
import { predictionsText } from "./predictions-table.ts";
import { reportDataOf, type MistakeHeat } from "./run-report-data.ts";
import { compareRuns, recordOf } from "./run-start.ts";
import { summaryOf, type Environment } from "./run-summary.ts";
import type { Summary } from "./summary.ts";
import { overlapsText } from "./test-overlaps.ts";
import { testPredictions } from "./test-predictions.ts";
import { segmentationResults } from "./segmentation-results.ts";
import { testResults } from "./test-results.ts";
import { validatedThresholds } from "./validated-thresholds.ts";
import { openRunEngine, isStreamed, sizesOf, type LoadedRun } from "./loaded-run.ts";

/** The second part of a run: an engine, and the run folder that it writes. */
export class RunSession implements Disposable {
  readonly #run: LoadedRun;
  readonly #observer: RunObserver;
  readonly #engine: LastingEngine;
  readonly #environment: Environment;
  /** Checkpoints so far: what a run has gained when its device is lost. */
  #saved = 0;

  /**
   * @throws DeviceUnavailableError; UsageError for kernels that cannot be chosen; TesseraError when a run would go on with
   *   other kernels than it was begun with
   */
  static async open(run: LoadedRun, observer: RunObserver): Promise<RunSession> {
    const { say = silent, warn = silent } = observer;
    const { start, settings, images } = run;
    try {
      expectSamePixels(run);
    } catch (error) {
      run.opened.take()?.close();
      throw error;
    }
    start.folder.keepLast(start.options.keepCheckpoints ?? 0);
    let environment: Environment | undefined;
    const open = async (again: boolean): Promise<Engine> => {
      const { engine, choices } = await (again
        ? openRunEngine(run, silent, warn, "webgpu")
        : openRunEngine(run, say, warn));
      try {
        const now = { ...computedOn(engine), ...choices };
        if (environment !== undefined) compareRuns(environment, now, warn);
        environment ??= now;
        return engine;
      } catch (error) {
        engine.close();
        throw error;
      }
    };
    const lost = (loss: DeviceLostError): void => {
      const next = describeStart(start.folder.rewind());
      warn(`warning: ${loss.reason}; another takes its place: ${next}`);
    };
    const engine = await LastingEngine.open(open, { lost });
    try {
      if (environment === undefined) throw new Error("an engine was opened, and nobody looked at it");
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
          pixels: images.pixels,
          ...environment,
        });
      }
      return new RunSession(run, observer, engine, environment);
    } catch (error) {
      engine[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(
    run: LoadedRun,
    observer: RunObserver,
    engine: LastingEngine,
    environment: Environment,
  ) {
    this.#run = run;
    this.#observer = observer;
    this.#engine = engine;
    this.#environment = environment;
  }

  /**
   * Takes the steps and writes what they came to. When the device is lost on the way, another is opened and the run goes on from its
   * last checkpoint, with the bits that it would have had.
   * @param take calls what it is given, to take the steps: once, and once more for each lost device
   * @returns with the model, which the caller disposes
   * @throws DeviceLostError when three devices were lost without a checkpoint between them; RunFolderError or CheckpointError when a
   *   file cannot be written
   */
  async complete(
    take: (train: (signal?: AbortSignal) => Promise<TrainedModel>) => Promise<TrainedModel>,
  ): Promise<{ readonly result: TrainedModel; readonly summary: Summary }> {
    const { folder, options } = this.#run.start;
    let attempts = 0;
    const work = async (engine: Engine) => {
      const isFirst = attempts++ === 0;
      const from = folder.rewind();
      const result = await take((signal) => this.#train(engine, from, isFirst, signal));
      try {
        return { result, summary: await this.#finish(engine, result) };
      } catch (error) {
        result.model.dispose();
        throw error;
      }
    };
    try {
      return await this.#engine.run(work, () => this.#saved);
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw error;
      const { out } = options;
      const next = existsSync(join(out, runFiles.record)) ? `go on with --resume ${out}` : "begin again";
      throw new DeviceLostError(`${error.message}; when it works again, ${next}`, { cause: error });
    }
  }

  async #train(
    engine: Engine,
    from: Checkpoints["from"],
    isFirst: boolean,
    signal: AbortSignal | undefined,
  ): Promise<TrainedModel> {
    const { start, settings, images, parts } = this.#run;
    const { say = silent, warn = silent } = isFirst ? this.#observer : {};
    const { assembly } = images;
    const { folder, options, initial, manifest } = start;
    const { total, batch } = sizesOf(assembly, settings);
    say(
      `${counted(total, "image")} to train on, ${isStreamed(assembly) ? "streamed from the cache" : "in memory"}; ` +
        `${counted(assembly.test.count, "test image")}; on ${engine.traits.name}`,
    );
    say(describeWatch(assembly, settings));
    const balance = describeBalance(assembly, settings);
    if (balance !== undefined) say(balance);
    if (start.record !== undefined) say(describeStart(from, start.isLengthened));
    // A checkpoint has the weights that the run began with in it.
    const begun =
      isFirst || from === undefined
        ? await initial?.weights(engine, { ...manifest, settings }, labelSpaceOf(assembly))
        : undefined;
    begun?.told.forEach(say);
    begun?.warnings.forEach(warn);
    const budget = warmedBudgetOf(settings, stepsPerEpoch(total, batch));
    if (parts !== undefined) say(parts);
    partsWarnings(settings, budget, start).forEach(warn);
    const divided = splitWarning(settings, batch);
    if (divided !== undefined) warn(divided);
    const untaught = untaughtNote(assembly, settings, budget);
    if (untaught !== undefined) say(untaught);
    if (budget.warmup === budget.steps && hasUnsupervisedLosses(settings)) {
      say(
        "warning: warm-up takes the whole run: given labels alone teach, and the unsupervised losses never join in; " +
          "train longer, or make train.warmupEpochs or train.warmupSteps smaller",
      );
    }
    const watcher = this.#observer.training?.({ budget, batch, settings });
    const words: TrainingListener<Evaluation> = {
      searching: ({ step, from }) => {
        const again = step - from > 1 ? `takes the steps from ${from + 1} on once more, and ` : "";
        this.#observer.say?.(
          `step ${step} has a number that is not finite; Tessera ${again}looks for where that begins`,
        );
      },
      skipped: ({ reason, from }) => {
        this.#observer.warn?.(
          `warning: ${reason.split("; ")[0]}: this step is left out, and the run goes on behind step ${from}`,
        );
      },
    };
    const result = await trainModel(
      engine,
      assembly,
      settings,
      bothListeners<Evaluation>(bothListeners<Evaluation>(folder.listener(), words), watcher),
      signal,
      {
        // Whoever asked for this length may have been killed before its first checkpoint.
        from: from && { ...from, checkpoint: asOfLength(from.checkpoint, settings) },
        every: options.checkpointEvery ?? defaultInterval,
        save: async (checkpoint) => {
          await folder.save(checkpoint);
          this.#saved++;
        },
      },
      begun?.weights,
    );
    if (result.reestimated !== undefined)
      this.#observer.say?.(describeReestimation(result.reestimated, settings));
    return result;
  }

  /** Writes what the run came to. */
  async #finish(engine: Engine, result: TrainedModel): Promise<Summary> {
    const { start, images } = this.#run;
    const { count, warn = silent } = this.#observer;
    const { manifest, options, folder } = start;
    const { assembly } = images;
    const tested = {
      ...testResults(result, assembly, count),
      ...(await segmentationResults(
        result,
        assembly,
        (set) => this.#judge(engine, result.model, set),
        count,
      )),
    };
    const { seconds } = folder;
    const { kept, model: trained } = result;
    const thresholds = result.stopped ? undefined : await this.#thresholds(engine, trained);
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
    const overlays = (): Promise<OverlayPicture[] | undefined> => this.#overlays(engine, result);
    await folder.finish(
      summary,
      model,
      await reportInputs(result, images, { engine, overlays, heat: this.#heat(engine, result) }, warn),
    );
    return summary;
  }

  async #judge(engine: Engine, model: TrainedModel["model"], set: ImageSet): Promise<ModelJudgement> {
    const { settings, images } = this.#run;
    const { classes } = images.assembly;
    return await taskOf(settings).judge(engine, model, settings, {
      set,
      part: "validation",
      classes,
      batch: partOf(settings.batch, settings),
    });
  }

  /** Chosen on the validation images; undefined where there are none, and of a segmenter. */
  async #thresholds(engine: Engine, model: TrainedModel["model"]): Promise<KeptThresholds | undefined> {
    const { settings, images } = this.#run;
    const { classes } = images.assembly;
    const found = await validatedThresholds(engine, model, settings, images.assembly);
    if (found === undefined) return undefined;
    const { byClass } = shownThresholds({ classes, thresholds: found });
    const notes = notesOfClasses(classes, (name) => byClass[name].note);
    const { say = silent } = this.#observer;
    if (notes.length > 0) say(`thresholds for predict --decide: ${notes.join("; ")}`);
    return found;
  }

  /** Pictures for the report; undefined for a classifier. */
  async #overlays(
    engine: Engine,
    { model, logits, overlaps }: TrainedModel,
  ): Promise<OverlayPicture[] | undefined> {
    if (!(model instanceof Segmenter) || logits === undefined || overlaps === undefined) return undefined;
    const { settings, images } = this.#run;
    const { classes, test } = images.assembly;
    const batch = partOf(settings.batch, settings);
    const reading = { ...settings, batch, exclusive: model.exclusive, exhaustive: model.exhaustive };
    const predicted = testPredictions(logits, test, classes);
    return await overlayPictures(engine, model, reading, test, predicted, overlaps);
  }

  /** Where it looked in its mistakes, for the report; undefined for a segmenter. */
  #heat(engine: Engine, { model }: TrainedModel): MistakeHeat | undefined {
    if (!(model instanceof Classifier)) return undefined;
    const { settings, images } = this.#run;
    return (wrong) => mistakeMaps(engine, model, settings, images.assembly.test, wrong);
  }

  [Symbol.dispose](): void {
    this.#run.start.folder.close();
    this.#engine[Symbol.dispose]();
  }
}

/** @throws RunFolderError where a run would go on with images that show something else than those it was begun with */
function expectSamePixels({ start: { record, options }, images }: LoadedRun): void {
  if (record?.pixels === undefined || record.pixels === images.pixels) return;
  throw new RunFolderError(
    `--resume ${options.out}: the pixels of its images, or their label maps, are not those that the run was begun with; put these ` +
      "back, or begin another run with --out",
  );
}

/** Predictions and data for the report; nothing for a run that was stopped. */
async function reportInputs(
  { logits, overlaps, located, stopped }: TrainedModel,
  { assembly: { classes, test }, coverage }: Loaded,
  pictures: {
    readonly engine: Engine;
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
    if ((await pictures.engine.backend.loss?.()) !== undefined) throw error;
    // Images may be gone from the cache by now, which should not cost the run its results.
    const [reason] = (error as Error).message.split("\n");
    warn(`warning: the report will show no mistakes and no labels (${reason})`);
    return texts;
  }
}
