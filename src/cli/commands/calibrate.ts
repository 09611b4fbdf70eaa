// `tessera calibrate`: fits a classifier's temperature and chooses its thresholds on validation images, and keeps them in the model file.

import Table from "cli-table3";
import { counted } from "../../errors/counted.ts";
import { UsageError } from "../../errors/errors.ts";
import { concatenate } from "../../data/assembly/assembly.ts";
import type { Part } from "../../data/catalogue/listing.ts";
import { probabilitiesOf } from "../../assemble/model-metrics.ts";
import { negative, positive, statesAmong } from "../../labels/states.ts";
import { expectedCalibrationError } from "../../metrics/calibration.ts";
import { operatingRules, usualRate } from "../../metrics/operating-points.ts";
import { fitTemperature, tempered, type FittedTemperature } from "../../metrics/temperature.ts";
import { plainTable } from "../../report/tables.ts";
import { onEngine } from "../on-engine.ts";
import { engineOptions } from "../../runs/device-options.ts";
import {
  chosenThresholds,
  shownThresholds,
  type KeptThresholds,
  type ShownThresholds,
} from "../../runs/kept-thresholds.ts";
import { readModelFile, rewriteModel, type ModelFile } from "../../runs/model-file.ts";
import { classifierOfModel } from "../../runs/model-record.ts";
import type { CalibrateOptions } from "../calibrate-options.ts";
import { loadParts, manifestFor, matchClasses, predictParts, say } from "../model-images.ts";
import { notesOf } from "../patient-table.ts";
import { unlessInterrupted } from "../terminal/progress.ts";

/** @param file a manifest; default: the run's own */
export async function calibrateCommand(
  run: string,
  file: string | undefined,
  options: CalibrateOptions,
): Promise<void> {
  const where = engineOptions(options);
  checkTogether(file, options);
  const { part = "validation", only, at = usualRate } = options;
  const model = await readModelFile(run);
  if (model.record.task === "segmentation") {
    throw new UsageError(`${run}: is a segmenter, and calibrate is about classifiers`);
  }
  // The logits are those of before any temperature.
  const { temperature: former, ...record } = model.record;
  const raw: ModelFile = { ...model, record };
  if (options.remove) {
    if (former === undefined) throw new UsageError(`${model.file}: has no temperature to remove`);
    await rewriteModel(model, record);
    say(
      options,
      `the temperature ${former.value.toPrecision(4)} is out of ${model.file}; predictions are as they were trained`,
    );
    return;
  }
  if (part !== "validation") {
    process.stderr.write(
      `warning: --part ${part}: what is chosen on images that ${part === "test" ? "tell results" : "trained the model"} makes results look ` +
        "better than they are; the model, its card and --decide will say so\n",
    );
  }
  const named = await manifestFor(run, file, options);
  const { classes } = record;
  matchClasses(classes, named.manifest.classes, options);
  const found = await unlessInterrupted(async (signal) => {
    const { parts } = await loadParts(named, [part], record, options, signal);
    const each = await onEngine(where, (engine) =>
      predictParts(engine, classifierOfModel(engine, raw), raw, parts, options, signal),
    );
    const set = concatenate(
      part,
      parts.map((part) => part.set),
    );
    return { set, logits: Float32Array.from(each.flatMap((own) => [...own])) };
  });
  if (found === undefined) {
    process.exitCode = 130;
    return;
  }
  const { set, logits } = found;
  const states = statesAmong(set.states, named.manifest.classes, classes);
  const from = part === "validation" ? {} : { part };
  const chosen = {
    ...chosenThresholds(logits, { states, patients: set.patients }, classes.length, at),
    ...from,
  };
  const fitted = only === "thresholds" ? undefined : temperatureOf(logits, states, part, chosen);
  const temperature = fitted && {
    ...{ value: fitted.temperature, entries: fitted.entries },
    ...{ before: fitted.before, after: fitted.after, ...from },
  };
  const thresholds = only === "temperature" ? record.thresholds : chosen;
  const keptTemperature = only === "thresholds" ? former : temperature;
  const kept = {
    ...record,
    ...(keptTemperature === undefined ? {} : { temperature: keptTemperature }),
    ...(thresholds === undefined ? {} : { thresholds }),
  };
  await rewriteModel(model, kept);
  const shown = kept.thresholds && shownThresholds({ ...kept, thresholds: kept.thresholds });
  if (options.json) {
    const result = {
      model: model.file,
      part,
      images: set.count,
      temperature: keptTemperature ?? null,
    };
    process.stdout.write(`${JSON.stringify({ ...result, thresholds: shown ?? null }, null, 2)}\n`);
    return;
  }
  if (fitted !== undefined) process.stdout.write(`${temperatureLines(fitted, logits, states)}\n`);
  if (only !== "temperature" && shown !== undefined)
    process.stdout.write(`${thresholdTable(shown, classes)}\n`);
  say(options, `kept in ${model.file}, which predict, evaluate and export read`);
}

/** @throws UsageError for options that mean nothing beside others */
function checkTogether(file: string | undefined, { remove, only, part, at }: CalibrateOptions): void {
  const given = [
    ...(file === undefined ? [] : [`the manifest ${file}`]),
    ...(part === undefined ? [] : [`--part ${part}`]),
    ...(only === undefined ? [] : [`--only ${only}`]),
    ...(at === undefined ? [] : [`--at ${at}`]),
  ];
  if (remove && given.length > 0) {
    throw new UsageError(
      `--remove takes the temperature out and looks at no images: leave it out, or ${given.join(", ")}`,
    );
  }
  if (only === "temperature" && at !== undefined)
    throw new UsageError(`--at ${at} is about thresholds: leave it out, or --only temperature`);
}

/** @throws UsageError that says what the part has, and what can be chosen on it still */
function temperatureOf(
  logits: Float32Array,
  states: Uint8Array,
  part: Part,
  { byClass }: KeptThresholds,
): FittedTemperature {
  try {
    return fitTemperature(logits, states);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const of = (state: number): number => states.filter((each) => each === state).length;
    const rules = operatingRules.filter((rule) => byClass.some((points) => points[rule] !== null));
    throw new UsageError(
      `${error.message}; part ${part} has ${counted(of(positive), "positive label")} and ${of(negative).toLocaleString("en")} negative, over all ` +
        `classes; ${rules.length === 0 ? "nor are there thresholds on it: ten patients of a kind are needed" : `--only thresholds works: it has some by ${rules.join(", ")}`}`,
      { cause: error },
    );
  }
}

function temperatureLines(
  { temperature, entries, before, after }: ReturnType<typeof fitTemperature>,
  logits: Float32Array,
  states: Uint8Array,
): string {
  const error = (of: ArrayLike<number>): string =>
    expectedCalibrationError(probabilitiesOf(of), states)?.toFixed(4) ?? "-";
  return (
    `temperature ${temperature.toPrecision(4)}, of ${counted(entries, "labelled entry", "labelled entries")}: negative log likelihood ` +
    `${before.toFixed(4)} before, ${after.toFixed(4)} after; calibration error over all classes ${error(logits)} before, ${error(tempered(logits, temperature))} after`
  );
}

/** Thresholds as probabilities, with what they come to in the patients who chose them. */
function thresholdTable({ at, patients, byClass }: ShownThresholds, classes: readonly string[]): string {
  const held = `${Number((100 * at).toPrecision(12))} %`;
  const words = { youden: "Youden", sensitivity: `sens. ${held}`, specificity: `spec. ${held}` };
  const head = [
    "class",
    "with",
    "without",
    ...operatingRules.flatMap((rule) => [words[rule], "sens.", "spec."]),
  ];
  const colAligns = head.map((_, i) => (i === 0 ? ("left" as const) : ("right" as const)));
  const table = new Table({ ...plainTable, head, colAligns });
  const rate = (value: number | null | undefined): string => value?.toFixed(3) ?? "-";
  for (const name of classes) {
    const points = byClass[name];
    table.push([
      ...[name, points.positives, points.negatives],
      ...operatingRules.flatMap((rule) => [
        points[rule]?.threshold.toPrecision(3) ?? "-",
        rate(points[rule]?.sensitivity),
        rate(points[rule]?.specificity),
      ]),
    ]);
  }
  return [
    `Thresholds of ${counted(patients, "patient")}: a probability above one is positive; a patient's is the largest of the images'.`,
    table.toString(),
    ...notesOf(classes, (name) => byClass[name].note),
  ].join("\n");
}
