// The record, the summary and the report of a training as texts, for a page that has no folder to keep them in.

import { sha256 } from "#sha256";
import { anAssembly, type Assembly } from "../../data/assembly/assembly.ts";
import { coverageOfAssembly } from "../../data/inspection/counts.ts";
import { bringsWebGpu, inNode, runtimeName } from "../../device/home.ts";
import {
  aFlag,
  aNumber,
  aString,
  expectFields,
  madeWith,
  required,
  type OptionChecks,
} from "../../errors/arguments.ts";
import type { TrainingResult } from "../../assemble/train-classifier.ts";
import { trainingSettings } from "../../assemble/settings-argument.ts";
import { reproducibleSettings, type TrainingSettings } from "../../assemble/training-settings.ts";
import { readWeights } from "../../nn/weights.ts";
import type { Engine } from "../../runtime/engine.ts";
import { expectEngine } from "../../runtime/engine-of.ts";
import { computedOn } from "../../runs/computed-on.ts";
import { withoutName } from "../../runs/hidden-names.ts";
import { jsonText } from "../../runs/json-text.ts";
import { parseMetrics } from "../../runs/metrics-lines.ts";
import { mistakeMaps } from "../../runs/mistake-maps.ts";
import type { RunContents } from "../../runs/run-contents.ts";
import type { RunRecord } from "../../runs/run-record.ts";
import { reportDataOf, type RunReportData } from "../../runs/run-report-data.ts";
import { summaryOf } from "../../runs/run-summary.ts";
import { testPredictions } from "../../runs/test-predictions.ts";
import { testResults } from "../../runs/test-results.ts";
import { unfinishedNotes } from "../../runs/unfinished-notes.ts";
import { validatedThresholds } from "../../runs/validated-thresholds.ts";
import { version } from "../../runs/version.ts";

/** A training of a classifier, and what came of it. */
export interface ToldTraining {
  /** What the run is called: the title of its report. */
  readonly name: string;
  readonly assembly: Assembly;
  readonly settings: TrainingSettings;
  /** Of `trainClassifier`; its classifier is not disposed yet. */
  readonly result: TrainingResult;
  /** The lines that `metricsLines` made of the training's steps and epochs. */
  readonly metrics: string;
  /** How long the training took. */
  readonly seconds: number;
  /** What the images are, in words or as a manifest; kept in the record. */
  readonly data?: string | undefined;
  /** Whether the report shows patients by their names; else by hashes that are others in each report. Default: no. */
  readonly identify?: boolean | undefined;
}

/** What a run folder has as files. */
export interface TrainingTexts {
  /** `run.json` */
  readonly record: string;
  /** `summary.json` */
  readonly summary: string;
  /** `report.html` */
  readonly report: string;
}

const told: OptionChecks<ToldTraining> = {
  name: required(aString),
  assembly: required(anAssembly),
  settings: required(trainingSettings),
  result: required(madeWith("what trainClassifier gives", ["classifier", "epochs", "kept"])),
  metrics: required(aString),
  seconds: required(aNumber),
  data: aString,
  identify: aFlag,
};

/**
 * The texts of a training, as `tessera train` writes them into a run folder. What draws the report is loaded when this is called.
 *
 * @param engine that trained
 * @throws UsageError for arguments that are not what they must be; RunFolderError for lines that are no metrics
 */
export async function trainingTexts(engine: Engine, training: ToldTraining): Promise<TrainingTexts> {
  expectEngine("trainingTexts", engine);
  expectFields("trainingTexts", training, told);
  const { name, assembly, settings, result, seconds, data = "", identify = false } = training;
  const { classifier, logits, stopped } = result;
  const { classes, test } = assembly;
  const model = { ...result, model: classifier, overlaps: undefined, located: undefined };
  const environment = { ...computedOn(engine), tuning: null, candidates: {} };
  const record: RunRecord = {
    versions: {
      tessera: version,
      runtime: runtimeName(),
      node: inNode() ? process.versions.node : "none",
      webgpu: bringsWebGpu() ? null : "unknown",
    },
    commit: null,
    manifest: { file: name, sha256: sha256().update(data).hex(), text: data },
    ...{ dataRoot: "", seed: settings.seed, options: { skipBad: false } },
    settings: reproducibleSettings(settings),
    classes: [...classes],
    ...environment,
  };
  const thresholds = stopped ? undefined : await validatedThresholds(engine, classifier, settings, assembly);
  const images = { assembly, decoded: { images: 0, fromCache: 0 }, skipped: [] };
  const tested = testResults(model, assembly);
  const judged = { tested, thresholds, seconds, seed: settings.seed, manifest: name, environment };
  const summary = summaryOf(model, images, judged);
  const predictions = stopped || logits === undefined ? undefined : testPredictions(logits, test, classes);
  const coverage = coverageOfAssembly(assembly);
  const reportData =
    predictions &&
    (await reportDataOf(predictions, test, coverage, undefined, (wrong) =>
      mistakeMaps(engine, classifier, settings.normalisation, test, wrong),
    ));
  const contents: RunContents = {
    ...{ path: "", name, record, classes, summary, predictions },
    metrics: parseMetrics("metrics", training.metrics),
    overlaps: undefined,
    reportData: reportData && (identify ? reportData : hidden(reportData)),
    temperature: undefined,
    queries: rowsOf((await readWeights(classifier)).get("head.queries")),
    missing: unfinishedNotes(summary),
  };
  const { runPage } = await import("./run-page.ts");
  return { record: jsonText(record), summary: jsonText(summary), report: runPage(contents, identify) };
}

/** Mistakes without the names of patients. */
function hidden(data: RunReportData): RunReportData {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const hashOf = (patient: string): string =>
    patient === "" ? "" : sha256().update(salt).update(patient).hex().slice(0, 12);
  return { ...data, mistakes: data.mistakes.map((mistake) => withoutName(mistake, { hashOf })) };
}

/** [K, D] as rows; undefined for a head without queries. */
function rowsOf(
  tensor: { readonly shape: readonly number[]; readonly data: ArrayLike<number> } | undefined,
): readonly ArrayLike<number>[] | undefined {
  if (tensor === undefined || tensor.shape.length !== 2) return undefined;
  const [rows, width] = tensor.shape;
  return Array.from({ length: rows }, (_, i) => Array.from(tensor.data).slice(i * width, (i + 1) * width));
}
