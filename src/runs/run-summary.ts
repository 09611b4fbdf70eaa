// What a run came to, put together for summary.json.

import type { TrainedModel } from "../assemble/train-classifier.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import { shownThresholds, type KeptThresholds } from "./kept-thresholds.ts";
import type { RunChoices, RunRecord } from "./run-record.ts";
import type { Summary } from "./summary.ts";
import type { TestResults } from "./test-results.ts";

/** What computes, and with which kernels. */
export type Environment = Pick<RunRecord, "device" | "adapter" | "driver"> & RunChoices;

/** What a run is judged by beside its own result. */
export interface Judged {
  readonly tested: TestResults & Partial<Pick<Summary, "overlapIntervals" | "patients">>;
  readonly thresholds: KeptThresholds | undefined;
  readonly seconds: number;
  readonly seed: number;
  /** The file of the manifest. */
  readonly manifest: string;
  readonly environment: Environment;
}

/** @param images what was learned from, and what was left out of it */
export function summaryOf(
  result: TrainedModel,
  {
    assembly,
    decoded,
    skipped,
  }: {
    readonly assembly: Assembly;
    readonly decoded: Summary["decoded"];
    readonly skipped: readonly string[];
  },
  { tested, thresholds, seconds, seed, manifest, environment }: Judged,
): Summary {
  const { evaluation, kept, validation, reestimated, endedEarly, model } = result;
  const { classes, sources } = assembly;
  const { device, ...made } = environment;
  return {
    meanAuc: evaluation?.meanAuc ?? null,
    auc: evaluation?.auc ?? Object.fromEntries(classes.map((name) => [name, null])),
    ...(evaluation?.overlap === undefined ? {} : { overlap: evaluation.overlap }),
    ...tested,
    ...(thresholds === undefined ? {} : { thresholds: shownThresholds({ classes, thresholds }) }),
    epochs: result.epochs,
    ...{ kept, validation, ...(reestimated === undefined ? {} : { reestimated }), endedEarly },
    interrupted: result.stopped,
    seconds: Math.round(seconds * 10) / 10,
    ...{ seed, device, manifest },
    images: Object.fromEntries(sources.map(({ source, count }) => [source, count])),
    decoded,
    skipped: [...skipped],
    ...(result.skippedSteps.length === 0 ? {} : { skippedSteps: [...result.skippedSteps] }),
    parameters: model.parameterCount,
    ...made,
  };
}
