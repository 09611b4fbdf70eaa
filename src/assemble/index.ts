// Label-Assemble: one classifier from several partially labelled datasets. Heads, recipes, views, evaluation, plans of a
// training, and the manifests and run folders that hold what it came to.

export * from "./index.browser.ts";
export { writeReport } from "../report/write-report.ts";
export { checkGrowth, grownWeights, type GrownModel } from "../runs/grow.ts";
export { readModel, readModelFile, readSegmenter, type ModelFile } from "../runs/model-file.ts";
export type { RunContents } from "../runs/run-contents.ts";
export { readRun } from "../runs/read-run.ts";
export { RunFolder, type Reopened } from "../runs/run-folder.ts";
export { runFiles } from "../runs/run-files.ts";
export type { CountWork, RunObserver, WorkCounter } from "../runs/run-observer.ts";
export type { RunChoices, RunRecord } from "../runs/run-record.ts";
export type { Summary } from "../runs/summary.ts";
export { beginRun, resumeRun, type FreeOptions, type RunStart, type RunOptions } from "../runs/run-start.ts";
export { trainRun } from "../runs/train-run.ts";
export { predictionsText, readPredictions } from "../runs/predictions-table.ts";
export { testPredictions, type PredictedImage, type TestPredictions } from "../runs/test-predictions.ts";
export { settingsOf } from "./manifest-settings.ts";
export { parseTrainingManifest, readTrainingManifest, type Manifest } from "./training-manifest.ts";
export { withPreset } from "./train-section.ts";
