// What begins, resumes, trains, judges and predicts refuses wrong arguments and unknown options in one line that names it.

import { expect, test } from "vitest";
import { evaluate, predict } from "../../src/assemble/evaluation.ts";
import { trainClassifier, trainModel, trainSegmenter } from "../../src/assemble/train-classifier.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { beginRun, resumeRun } from "../../src/runs/run-start.ts";
import { readModel, readModelFile, readSegmenter } from "../../src/runs/model-file.ts";
import { readRun } from "../../src/runs/read-run.ts";
import { trainRun } from "../../src/runs/train-run.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";
import { useEngine } from "../engines.ts";

const engine = useEngine({ device: "reference" });
const { test: set } = smallAssembly(4);
const { normalisation } = smallSettings;
const classifier = { head: { classes: 6 }, features: {} };
const run = { dataRoot: ".", out: "new" };

type Call = (...args: readonly unknown[]) => Promise<unknown>;
const calls: readonly (readonly [
  Call: (...args: never[]) => Promise<unknown>,
  args: () => unknown[],
  message: string,
])[] = [
  [
    beginRun,
    () => ["m.yaml", { ...run, sed: 1 }],
    'beginRun: there is no option "sed"; did you mean "seed"?',
  ],
  [beginRun, () => ["m.yaml", { ...run, force: 1 }], "beginRun: force must be true or false, got 1"],
  [beginRun, () => ["m.yaml", { out: "new" }], 'beginRun: the option "dataRoot" is missing'],
  [beginRun, () => [undefined, run], "beginRun: the manifest's file must be a string, got undefined"],
  [resumeRun, () => ["run", { memroy: 1 }], 'resumeRun: there is no option "memroy"; did you mean "memory"?'],
  [resumeRun, () => [7], "resumeRun: the run folder must be a string, got 7"],
  [trainRun, () => [{}], "trainRun: the start must be what beginRun or resumeRun gives"],
  [
    trainRun,
    () => [{ manifest: {}, options: {}, folder: {} }, { cuont: () => undefined }],
    'trainRun: there is no option "cuont"; did you mean "count"?',
  ],
  [
    predict,
    () => [engine(), classifier, set, normalisation, 2, { sginal: 1 }],
    'predict: there is no option "sginal"; did you mean "signal"?',
  ],
  [
    predict,
    () => [engine(), classifier, set, normalisation, 0],
    "predict: the batch must be a whole number from 1, got 0",
  ],
  [
    predict,
    () => [engine(), {}, set, normalisation, 2],
    "predict: the classifier must be a classifier, got an object",
  ],
  [
    evaluate,
    () => [engine(), classifier, set, "x", normalisation, 2],
    "evaluate: the names of classes must be",
  ],
  [trainClassifier, () => [engine(), {}, smallSettings], "trainClassifier: the assembly must be an assembly"],
  [
    trainClassifier,
    () => [engine(), smallAssembly(4), {}],
    "trainClassifier: the settings must be the settings of",
  ],
  [trainModel, () => [engine(), {}, smallSettings], "trainModel: the assembly must be an assembly"],
  [
    trainSegmenter,
    () => [engine(), smallAssembly(4), {}],
    "trainSegmenter: the settings must be the settings of",
  ],
  [readSegmenter, () => [undefined, "run"], "readSegmenter: takes an engine, got undefined"],
  [
    readModelFile,
    () => [undefined],
    "readModelFile: the model's file or run folder must be a string, got undefined",
  ],
  [readModel, () => [undefined, "run"], "readModel: takes an engine, got undefined"],
  [readRun, () => [undefined], "readRun: the run folder must be a string, got undefined"],
];

test.each(calls)("%o", async (call, args, message) => {
  const error: unknown = await (call as Call)(...args()).then(
    () => "nothing was refused",
    (each: unknown) => each,
  );
  expect(error).toBeInstanceOf(UsageError);
  expect((error as Error).message).toContain(message);
  expect((error as Error).message).not.toContain("\n");
});
