// The training loop where there are no files: in a browser, and in its workers. index.ts adds what needs Node.

export { CheckpointError, NonFiniteError } from "../errors/training-errors.ts";
export { batchedOutputs } from "./batched-outputs.ts";
export { budgetOf, stepsOf, type Budget } from "./budget.ts";
export type { Checkpoint } from "./checkpoint-record.ts";
export type { Checkpoints } from "./checkpoint.ts";
export { checkpointBytes, checkpointOfBytes, storedCheckpoints } from "./stored-checkpoints.ts";
export type { ByteStorage } from "../files/byte-storage.ts";
export { opfsStorage } from "../files/opfs-storage.ts";
export type { Losses } from "./loss-terms.ts";
export type { LoopSettings } from "./loop-settings.ts";
export type { JudgedPart, Judgement, JudgeOptions, StepLosses, Task } from "./task.ts";
export { train, type LoopResult, type TrainOptions } from "./trainer.ts";
export type { EpochReport, EvaluationReport, StepReport, TrainingListener } from "./training-reports.ts";
