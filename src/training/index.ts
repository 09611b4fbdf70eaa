// The training loop: budgets in steps, checkpoints, and what it reports on the way.

export { fitWeights, type FitOptions, type FittedWeights } from "../interchange/fit-weights.ts";
export { loadWeightFile } from "../interchange/load-weight-file.ts";
export { writeReport } from "../report/write-report.ts";
export { CheckpointError, NonFiniteError } from "../errors/training-errors.ts";
export {
  readWeightFile,
  type WeightFile,
  type WeightFileOptions,
  type WeightFileTensor,
} from "../interchange/weight-file.ts";
export { readTaskModel, type TaskModelRecord } from "../runs/task-model.ts";
export { trainTask, type TaskRun, type TaskRunOptions } from "../runs/train-task.ts";
export { batchedOutputs } from "./batched-outputs.ts";
export { budgetOf, stepsOf, type Budget } from "./budget.ts";
export type { Checkpoint, Checkpoints } from "./checkpoint.ts";
export type { Losses } from "./loss-terms.ts";
export type { LoopSettings } from "./loop-settings.ts";
export type { JudgedPart, Judgement, JudgeOptions, StepLosses, Task } from "./task.ts";
export { train, type LoopResult, type TrainOptions } from "./trainer.ts";
export type { EpochReport, EvaluationReport, StepReport, TrainingListener } from "./training-reports.ts";
