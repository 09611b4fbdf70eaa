// `tessera find-rate`: a short training whose learning rate rises at each step, and the rate at which its loss falls fastest.

import { join } from "node:path";
import Table from "cli-table3";
import { labelSpaceOf } from "../../assemble/label-space.ts";
import { declaredLabels, settingsOf } from "../../assemble/manifest-settings.ts";
import { traceTraining } from "../../assemble/planning/traced-steps.ts";
import { taskOf } from "../../assemble/tasks.ts";
import { trainModel } from "../../assemble/train-classifier.ts";
import { readTrainingManifest } from "../../assemble/training-manifest.ts";
import type { TrainingSettings } from "../../assemble/training-settings.ts";
import { chosenImages } from "../../data/assembly/folds.ts";
import type { Assembly } from "../../data/assembly/assembly.ts";
import { UsageError } from "../../errors/errors.ts";
import { NonFiniteError } from "../../errors/training-errors.ts";
import { csvText } from "../../files/csv-text.ts";
import { rateCurve, showRate } from "../../report/figures/rate-curve.ts";
import { pictureText } from "../../report/html/picture.ts";
import { plainTable } from "../../report/tables.ts";
import { fitting } from "../../runs/beginnings.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { readNamedWeights } from "../../runs/initial-weights.ts";
import { checkChoices, takeChoices, type ChoiceOptions } from "../../runs/kernel-choices.ts";
import { defaultMemory, loadImages, type LoadingOptions } from "../../runs/load-images.ts";
import { onEngine } from "../on-engine.ts";
import { DivergenceWatch, rateFinding, type RateFinding, type RateStep } from "../../training/rate-test.ts";
import { describeLoaded } from "../loading.ts";
import { Counter, counting } from "../terminal/counter.ts";
import { makeFolder, writeOutput } from "../terminal/output-files.ts";
import { stopCode, unlessInterrupted } from "../terminal/signals.ts";
import { warn } from "../terminal/warn.ts";

export interface FindRateOptions
  extends DeviceOptions, ChoiceOptions, Omit<LoadingOptions, "memory" | "untested"> {
  readonly out?: string;
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  readonly memory?: number;
  readonly quiet: boolean;
  readonly json: boolean;
}

export async function findRateCommand(file: string, options: FindRateOptions): Promise<void> {
  const { out, from, to, steps, seed, quiet, json, memory = defaultMemory() } = options;
  if (from >= to)
    throw new UsageError(
      `--from ${from} --to ${to}: the rate rises from the first to the second; say a larger --to`,
    );
  const device = engineOptions(options);
  checkChoices(device.device ?? "auto", options);
  const manifest = await readTrainingManifest(file);
  const { init } = manifest.train;
  const initial =
    init === undefined
      ? undefined
      : fitting(await readNamedWeights(manifest, ["train", "init"], init, options));
  const settings = { ...testSettings(settingsOf(manifest, seed), options), memory };
  initial?.check({ ...manifest, settings }, declaredLabels(manifest));
  if (out !== undefined) makeFolder("--out", out);
  const say = (text: string): void => {
    if (!quiet) process.stderr.write(`${text}\n`);
  };
  const done = await unlessInterrupted(async (signal) => {
    const { assembly } = await loadImages(
      manifest,
      { ...options, memory, untested: true },
      { count: counting(quiet), warn, loaded: (selected, decoded) => describeLoaded(selected, decoded, say) },
      signal,
    );
    const taught = taughtAlone(assembly);
    taskOf(settings).check(taught, settings);
    return await onEngine(device, async (engine) => {
      const labels = labelSpaceOf(taught);
      const traced = () => traceTraining(engine.traits, settings, manifest.image, labels, settings.batch);
      takeChoices(engine, options, () => traced().map(({ recording }) => recording), say, warn);
      const begun = await initial?.weights(engine, { ...manifest, settings }, labels);
      begun?.told.forEach(say);
      begun?.warnings.forEach(warn);
      using counter = new Counter("finding the rate", steps, quiet);
      const found = await risingSteps(
        (listener, stop) =>
          trainModel(
            engine,
            taught,
            settings,
            listener,
            AbortSignal.any([signal, stop]),
            undefined,
            begun?.weights,
          ),
        { from, to, steps },
        (taken) => {
          counter.update(taken, steps);
        },
      );
      signal.throwIfAborted();
      return found;
    });
  });
  if (done === undefined) {
    say("stopped");
    process.exitCode = stopCode();
    return;
  }
  const finding = rateFinding(done);
  const ended = endWords(done, options);
  if (out !== undefined) writeFinding(out, finding, ended);
  const { suggested, least } = finding;
  process.stdout.write(
    json
      ? `${JSON.stringify({ suggested, least, steps: done.length, points: finding.points }, null, 2)}\n`
      : `${rateTable(finding)}\n\n${ended}\n${suggestion(finding)}\n`,
  );
  if (out !== undefined)
    say(`the figure is ${join(out, "rates.svg")}, its numbers are in ${join(out, "rates.csv")}`);
}

/** Given labels alone teach, as in a warm-up, since a loss that joins in later has another height. */
function testSettings(
  settings: TrainingSettings,
  { from, to, steps }: Pick<FindRateOptions, "from" | "to" | "steps">,
): TrainingSettings {
  return {
    ...settings,
    ...{
      learningRate: from,
      schedule: { by: "geometric", final: to },
      steps,
      stepsPerEpoch: steps,
      warmupSteps: steps,
    },
    ...{ earlyStopping: null, keep: "final", ema: null, evaluate: "end" },
  };
}

/** The images to train on, with as good as none to be judged by, which is no part of finding a rate. */
function taughtAlone({ validation: _, ...assembly }: Assembly): Assembly {
  return { ...assembly, test: chosenImages(assembly.test, [0]) };
}

type Listener = NonNullable<Parameters<typeof trainModel>[3]>;

/** Trains until all steps are taken, or the loss diverges. */
async function risingSteps(
  train: (listener: Listener, stop: AbortSignal) => ReturnType<typeof trainModel>,
  { from, to, steps }: Pick<FindRateOptions, "from" | "to" | "steps">,
  told: (taken: number) => void,
): Promise<RateStep[]> {
  const found: RateStep[] = [];
  const watch = new DivergenceWatch();
  const stop = new AbortController();
  const listener: Listener = {
    step: ({ step, losses }) => {
      // Steps that were under way when it diverged come after it.
      if (stop.signal.aborted) return;
      found.push({
        rate: from * (to / from) ** ((step - 1) / Math.max(1, steps - 1)),
        loss: losses["total"],
      });
      told(step);
      if (watch.hasDiverged(losses["total"])) stop.abort();
    },
  };
  try {
    (await train(listener, stop.signal)).model.dispose();
  } catch (error) {
    // A loss that is no finite number has diverged, too.
    if (!(error instanceof NonFiniteError) || found.length === 0) throw error;
  }
  return found;
}

const endWords = (found: readonly RateStep[], { steps }: Pick<FindRateOptions, "steps">): string => {
  const last = found[found.length - 1].rate;
  return found.length < steps
    ? `The loss diverged at ${showRate(last)}, after ${found.length} of ${steps} steps.`
    : `All ${steps} steps were taken, up to a rate of ${showRate(last)}.`;
};

function writeFinding(out: string, finding: RateFinding, ended: string): void {
  writeOutput("--out", join(out, "rates.svg"), pictureText(rateCurve(finding, ended)));
  const rows = finding.points.map(({ rate, loss, smoothed }) => [rate, loss, smoothed]);
  writeOutput("--out", join(out, "rates.csv"), csvText([["rate", "loss", "smoothed"], ...rows]));
}

/** Rows of a table on a terminal. */
const mostRows = 16;

function rateTable({ points, suggested, least }: RateFinding): string {
  const table = new Table({
    ...plainTable,
    head: ["learning rate", "loss, smoothed", ""],
    colAligns: ["right", "right", "left"],
  });
  const each = Math.max(1, Math.ceil(points.length / mostRows));
  const shown = points.filter(({ rate }, i) => i % each === 0 || rate === suggested || rate === least);
  for (const { rate, smoothed } of shown) {
    const words = rate === suggested ? "falls fastest" : rate === least ? "least" : "";
    table.push([showRate(rate), smoothed.toFixed(4), words]);
  }
  return table.toString();
}

const suggestion = ({ suggested, least }: RateFinding): string =>
  suggested === null
    ? "No rate is suggested: the loss fell by no more than the noise of single steps. Take more steps, or a larger --to."
    : `Suggested: learningRate: ${showRate(suggested)}, where the smoothed loss falls fastest over the logarithm of the rate. A tenth of the ` +
      `rate with the least loss, another common rule, is ${showRate(least / 10)}.`;
