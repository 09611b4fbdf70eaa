// `tessera train`: from a manifest to a run folder.

import { join } from "node:path";
import { budgetOf } from "../../training/budget.ts";
import { checkGrowth, grownWeights } from "../../runs/grow.ts";
import { declaredLabels, ofLength, settingsOf } from "../../assemble/manifest-settings.ts";
import { labelSpaceOf } from "../../assemble/label-space.ts";
import { predictionsText, testPredictions } from "../../runs/test-predictions.ts";
import { profileFile, type RunFolder } from "../../runs/run-folder.ts";
import { readWeights } from "../../nn/weights.ts";
import { reproducibleSettings, type TrainingSettings } from "../../assemble/training-settings.ts";
import { traceTraining } from "../../assemble/planning/traced-steps.ts";
import { train, type TrainingResult } from "../../training/trainer.ts";
import { watches } from "../../training/validation-watch.ts";
import { StoredPixels } from "../../data/cache/stored-pixels.ts";
import { stepsPerEpoch } from "../../data/assembly/sampler.ts";
import type { Assembly } from "../../data/assembly/assembly.ts";
import { reportDataOf } from "../../runs/run-report-data.ts";
import { openEngine, type EngineOptions } from "../../runtime/open-engine.ts";
import type { Engine } from "../../runtime/engine.ts";
import { begin, compareRuns, recordOf, type ResumePoint, type TrainOptions } from "../begin.ts";
import { checkChoices, takeChoices } from "../choices.ts";
import { loadForTraining, type Loaded } from "../loading.ts";
import { defaultMemory, engineOptions } from "../terminal/options.ts";
import { checkProfiled, profileRun } from "../profile-output.ts";
import { Progress, sayWhenStopped, unlessInterrupted, untilInterrupted } from "../terminal/progress.ts";
import { reportFinished } from "./report.ts";
import { testResults, testTable } from "../test-results.ts";
import { untaughtNote } from "../untaught.ts";

const silent = (): void => undefined;

/** Beside the checkpoints that every epoch ends with. */
const usualInterval = { seconds: 5 * 60 };

/** @param given names of the options that were given, defaults aside */
export async function trainCommand(
  file: string | undefined,
  asked: TrainOptions,
  given: readonly string[],
): Promise<void> {
  checkedDevice(asked); // what the command line alone says is refused before a file is read
  const begun = await begin(file, asked, given);
  const { manifest, options, folder } = begun;
  const where = checkedDevice(options);
  const read = settingsOf(manifest, options.seed);
  const memory = options.memory ?? defaultMemory();
  const settings = { ...ofLength(read, options), memory };
  const { initial } = begun;
  if (initial !== undefined) checkGrowth(initial, { ...manifest, settings });
  const say = (text: string): void => {
    if (!options.quiet) process.stderr.write(`${text}\n`);
  };
  const warn = (text: string): void => void process.stderr.write(`${text}\n`);

  const loaded = await unlessInterrupted((signal) =>
    loadForTraining(manifest, { ...options, memory }, say, signal),
  );
  if (loaded === undefined) {
    say("stopped before training; what was decoded is in the cache");
    process.exitCode = 130;
    return;
  }
  const { assembly, skipped, decoded } = loaded;
  const images = Object.fromEntries(assembly.sources.map(({ source, count }) => [source, count]));
  const total = assembly.sources.reduce((sum, { count }) => sum + count, 0);
  const batch = Math.min(settings.batch, total);
  const streamed = assembly.sources.some(({ pixels }) => pixels instanceof StoredPixels);
  const inMemory = streamed ? undefined : total;
  const recordings = ({ traits }: Engine): ReturnType<typeof traceTraining> =>
    traceTraining(traits, settings, manifest.image, declaredLabels(manifest), batch, inMemory);
  const choose = (on: Engine, tell: typeof say, warn: typeof say): ReturnType<typeof takeChoices> =>
    takeChoices(on, options, () => recordings(on).map(({ recording }) => recording), tell, warn);
  if (options.profile !== undefined) {
    // On a device of its own, so that the run finds all memory free.
    using engine = await openEngine(where);
    choose(engine, silent, silent);
    const trace = options.profile === true ? join(options.out, profileFile) : options.profile;
    await profileRun(engine, assembly, settings, trace, options.quiet);
  }
  using engine = await openEngine(where);
  const choices = choose(engine, say, warn);
  const made = { adapter: engine.traits.name, driver: engine.traits.description, ...choices };
  if (begun.record !== undefined) compareRuns(begun.record, made, warn);
  else {
    folder.begin({
      ...(await recordOf(begun)),
      settings: reproducibleSettings(settings),
      device: engine.backend.kind === "webgpu" ? "webgpu" : "reference",
      ...made,
    });
  }
  try {
    say(
      `${total} images to train on, ${streamed ? "streamed from the cache" : "in memory"}; ` +
        `${assembly.test.count} test images; on ${engine.traits.name}`,
    );
    say(describeWatch(assembly, settings));
    if (begun.record !== undefined) say(describeStart(begun.from));
    const grown =
      initial && (await grownWeights(engine, initial, { ...manifest, settings }, labelSpaceOf(assembly)));
    const budget = budgetOf(settings, stepsPerEpoch(total, batch));
    const untaught = untaughtNote(assembly, settings, budget);
    if (untaught !== undefined) say(untaught);
    if (budget.warmup === budget.steps && settings.lambdaPseudo + settings.lambdaConsistency > 0) {
      say(
        "warning: warm-up takes the whole run: given labels alone teach, and the unsupervised losses never join in; " +
          "train longer, or make train.warmupEpochs or train.warmupSteps smaller",
      );
    }
    const progress = new Progress({ title: "train", budget, batch, quiet: options.quiet });
    const lines = folder.listener();
    const bar = progress.listener();
    const result = await untilInterrupted((signal) =>
      train(
        engine,
        assembly,
        settings,
        {
          step: (report) => {
            lines.step?.(report);
            bar.step?.(report);
          },
          evaluated: (report) => bar.evaluated?.(report),
          epoch: (report) => {
            lines.epoch?.(report);
            bar.epoch?.(report);
          },
        },
        signal,
        {
          from: begun.from,
          every: options.checkpointEvery ?? usualInterval,
          save: (checkpoint) => folder.save(checkpoint),
        },
        grown,
      ),
    ).finally(() => progress.stop());

    const goOn = `go on with: tessera train --resume ${options.out}`;
    // The thread is held while intervals are drawn, so that Ctrl-C cannot be waited for.
    sayWhenStopped(`stopped before the results were written; ${goOn}`);
    const tested = testResults(result, assembly, options.quiet);
    const { seconds } = folder;
    const { evaluation } = result;
    const { classes } = assembly;
    const none = Object.fromEntries(classes.map((name) => [name, null]));
    const { network, normalisation } = settings;
    const head = result.classifier.head.settings;
    const { kept, validation, endedEarly } = result;
    const model = result.stopped
      ? undefined
      : {
          record: { classes, image: manifest.image, network, head, normalisation, epoch: kept },
          tensors: await readWeights(result.classifier),
        };
    const summary = {
      meanAuc: evaluation?.meanAuc ?? null,
      auc: evaluation?.auc ?? none,
      ...tested,
      epochs: result.epochs,
      ...{ kept, validation, endedEarly },
      interrupted: result.stopped,
      seconds: Math.round(seconds * 10) / 10,
      seed: options.seed,
      device: engine.backend.kind,
      manifest: manifest.file,
      images,
      decoded,
      skipped,
      parameters: result.classifier.parameterCount,
      ...made,
    };
    await folder.finish(summary, model, await shownOf(result, loaded, warn));
    sayWhenStopped("");
    if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    else if (evaluation !== undefined) process.stdout.write(`${testTable(result, tested, classes)}\n`);
    if (options.report && !result.stopped) await reportFinished(options.out, say);
    if (kept < result.epochs) say(`the weights of epoch ${kept} were kept, the best by validation`);
    const next = result.stopped ? `; ${goOn}` : "";
    say(
      `${result.stopped ? "stopped" : "done"} after ${seconds.toFixed(0)} s; the run is in ${options.out}${next}`,
    );
    if (result.stopped) process.exitCode = 130;
    result.classifier.dispose();
  } finally {
    folder.close();
  }
}

/** What the report is made from later; of a run that was stopped, nothing. */
async function shownOf(
  { logits, stopped }: TrainingResult,
  { assembly: { classes, test }, coverage }: Loaded,
  warn: (text: string) => void,
): Promise<Parameters<RunFolder["finish"]>[2]> {
  if (stopped || logits === undefined) return {};
  const predicted = testPredictions(logits, test, classes);
  const predictions = predictionsText(predicted);
  try {
    return {
      predictions,
      reportData: `${JSON.stringify(await reportDataOf(predicted, test, coverage))}\n`,
    };
  } catch (error) {
    // Images may be gone from the cache by now; the run is worth more than their pictures.
    warn(`warning: the report will show no mistakes and no labels (${firstLine(error)})`);
    return { predictions };
  }
}

const firstLine = (error: unknown): string => (error as Error).message.split("\n")[0];

/** @throws UsageError for options that do not fit the device */
function checkedDevice(options: TrainOptions): EngineOptions {
  const where = engineOptions(options);
  checkChoices(where.device ?? "auto", options);
  if (options.profile !== undefined) checkProfiled(where.device ?? "auto");
  return where;
}

/** What validation decides in a run, in one line. */
function describeWatch(
  assembly: Assembly,
  { keep, earlyStopping, schedule }: Pick<TrainingSettings, "keep" | "earlyStopping" | "schedule">,
): string {
  const { validation } = assembly;
  if (!watches(assembly)) {
    const why =
      validation === undefined ? "no validation images" : "no class has validation images of both kinds";
    const rate =
      (schedule?.by ?? "plateau") === "plateau" ? "the learning rate follows the training loss, " : "";
    return `${why}: ${rate}nothing stops the run early, the last weights are kept`;
  }
  const stops =
    earlyStopping == null ? "" : `, training ends after ${earlyStopping} epochs without a better one`;
  const weights = keep === "final" ? "the last weights" : "the best epoch's weights";
  return `${validation?.count ?? 0} validation images: ${weights} are kept${stops}`;
}

function describeStart(from: ResumePoint["from"]): string {
  if (from === undefined) return "the run has no checkpoint yet; it begins again";
  const { epochs, steps } = from.checkpoint.record;
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
  return `goes on after ${count(epochs, "epoch")}${steps === 0 ? "" : ` and ${count(steps, "step")}`}`;
}
