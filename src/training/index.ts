// The training loop: budgets in steps, checkpoints, and what it reports on the way; and runs of it that are kept in files.

export * from "./index.browser.ts";
export { fileStorage } from "../files/file-storage.ts";
export { fitWeights, type FitOptions, type FittedWeights } from "../interchange/fit-weights.ts";
export { loadWeightFile } from "../interchange/load-weight-file.ts";
export { writeReport } from "../report/write-report.ts";
export type { WeightFile, WeightFileOptions, WeightFileTensor } from "../interchange/weight-bytes.ts";
export { readWeightFile } from "../interchange/weight-file.ts";
export { readTaskModel, type TaskModelRecord } from "../runs/task-model.ts";
export { trainTask, type TaskRun, type TaskRunOptions } from "../runs/train-task.ts";
