// `tessera train`: from a manifest to a run folder.

import { join } from "node:path";
import { RunFolder, stepsPerEpoch, traceTraining, train, type TrainingSettings } from "../assemble/index.ts";
import { readManifest, StoredPixels, type Manifest } from "../data/index.ts";
import { aucTable, showAuc } from "../report/index.ts";
import { openEngine, type Engine } from "../runtime/index.ts";
import { checkChoices, takeChoices, type ChoiceOptions } from "./choices.ts";
import { loadForTraining } from "./loading.ts";
import { defaultMemory, engineOptions, type DeviceOptions } from "./options.ts";
import { checkProfiled, profileRun } from "./profile.ts";
import { Progress, untilInterrupted } from "./progress.ts";

export interface TrainOptions extends DeviceOptions, ChoiceOptions {
  readonly dataRoot: string;
  readonly out: string;
  readonly limit?: number;
  readonly epochs?: number;
  readonly seed: number;
  /** Bytes of images to hold at a time. */
  readonly memory?: number;
  /** Folder of decoded images. */
  readonly cache?: string;
  readonly skipBad: boolean;
  readonly force: boolean;
  readonly quiet: boolean;
  /** Where the trace goes; true: into the run folder. */
  readonly profile?: string | true;
}

/** The trainer's settings as a manifest has them. */
export function settingsOf(
  { image, model, train: section, augment }: Manifest,
  seed: number,
): TrainingSettings {
  return {
    network: {
      inputChannels: image.channels,
      stem: model.stem,
      blocks: model.blocks,
      growth: model.growth,
      bottleneck: model.bottleneck,
      compression: model.compression,
    },
    normalisation: { mean: image.mean, deviation: image.deviation },
    weak: augment.weak,
    strong: augment.strong,
    batch: section.batch,
    sampling: section.sampling,
    epochs: section.epochs,
    warmupEpochs: section.warmupEpochs,
    learningRate: section.learningRate,
    schedule: section.schedule,
    lambdaPseudo: section.lambdaPseudo,
    lambdaConsistency: section.lambdaConsistency,
    threshold: section.tau,
    temperature: section.temperature,
    stopGradient: section.stopGradient,
    unsupervisedOn: section.unsupervisedOn,
    normalise: section.normalise,
    head: section.head,
    seed,
  };
}

const silent = (): void => undefined;

export async function trainCommand(file: string, options: TrainOptions): Promise<void> {
  const started = performance.now();
  const where = engineOptions(options);
  checkChoices(where.device ?? "auto", options);
  if (options.profile !== undefined) checkProfiled(where.device ?? "auto");
  const manifest = await readManifest(file);
  const read = settingsOf(manifest, options.seed);
  const memory = options.memory ?? defaultMemory();
  const settings = { ...read, epochs: options.epochs ?? read.epochs, memory };
  const say = (text: string): void => {
    if (!options.quiet) process.stderr.write(`${text}\n`);
  };

  const folder = new RunFolder(options.out, options.force);
  const loaded = await untilInterrupted((signal) =>
    loadForTraining(manifest, { ...options, memory }, say, signal).catch((error: unknown) => {
      if (error !== signal.reason) throw error;
      return undefined;
    }),
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
    traceTraining(traits, settings, manifest.image, manifest.classes.length, batch, inMemory);
  const choose = (on: Engine, tell: typeof say, warn: typeof say): ReturnType<typeof takeChoices> =>
    takeChoices(on, options, () => recordings(on).map(({ recording }) => recording), tell, warn);
  if (options.profile !== undefined) {
    // On a device of its own, so that the run finds all memory free.
    using engine = await openEngine(where);
    choose(engine, silent, silent);
    const trace = options.profile === true ? join(options.out, "profile.json") : options.profile;
    await profileRun(engine, assembly, settings, trace, options.quiet);
  }
  using engine = await openEngine(where);
  const choices = choose(engine, say, (text) => void process.stderr.write(`${text}\n`));
  try {
    say(
      `${total} images to train on, ${streamed ? "streamed from the cache" : "in memory"}; ` +
        `${assembly.test.count} test images; on ${engine.traits.name}`,
    );
    const steps = stepsPerEpoch(total, batch);
    const { epochs } = settings;
    const progress = new Progress({ title: "train", epochs, steps, batch, quiet: options.quiet });
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
          epoch: (report) => {
            lines.epoch?.(report);
            bar.epoch?.(report);
          },
        },
        signal,
      ),
    ).finally(() => progress.stop());

    const seconds = (performance.now() - started) / 1000;
    const { evaluation } = result;
    const none = Object.fromEntries(assembly.classes.map((name) => [name, null]));
    folder.finish({
      meanAuc: evaluation?.meanAuc ?? null,
      auc: evaluation?.auc ?? none,
      epochs: result.epochs,
      interrupted: result.stopped,
      seconds: Math.round(seconds * 10) / 10,
      seed: options.seed,
      device: engine.backend.kind,
      adapter: engine.traits.name,
      driver: engine.traits.description,
      manifest: file,
      images,
      decoded,
      skipped,
      parameters: result.classifier.parameterCount,
      ...choices,
    });
    if (evaluation !== undefined) {
      const column = {
        name: "AUC",
        cell: (name: string) => showAuc(evaluation.auc[name]),
        mean: showAuc(evaluation.meanAuc),
      };
      process.stdout.write(`${aucTable(assembly.classes, [column])}\n`);
    }
    say(`${result.stopped ? "stopped" : "done"} after ${seconds.toFixed(0)} s; the run is in ${options.out}`);
    if (result.stopped) process.exitCode = 130;
    result.classifier.dispose();
  } finally {
    folder.close();
  }
}
