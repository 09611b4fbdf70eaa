// The Label-Assemble floor: classifier, step, trainer, evaluation, run folders.

export { budgetOf, stepsOf, type Budget } from "./budget.ts";
export type { Checkpoints } from "./checkpoint.ts";
export { Classifier } from "./classifier.ts";
export { evaluate, predict, type Evaluation } from "./evaluate.ts";
export { CheckpointError, ModelError, NonFiniteError, RunFolderError } from "./failures.ts";
export { checkGrowth, grownWeights, type GrownModel } from "./grow.ts";
export { checkMemory, ImageReader, type Batch } from "./image-reader.ts";
export { labelSpaceOf, wholeLabelSpace, type LabelSpace } from "./label-space.ts";
export type { Losses } from "./losses.ts";
export {
  classifierOfModel,
  readModel,
  readModelFile,
  type ModelFile,
  type ModelRecord,
} from "./model-file.ts";
export { metricsByClass, probabilitiesOf, type ClassMetrics, type OperatingRates } from "./model-metrics.ts";
export { planTraining, type TrainingPlan } from "./plan.ts";
export type { ImageShape } from "./planned-training.ts";
export { profileTraining, type StepProfile } from "./profile.ts";
export {
  profileFile,
  readRunRecord,
  RunFolder,
  runFiles,
  type Reopened,
  type RunChoices,
  type Summary,
} from "./run-folder.ts";
export { runRecordSchema, type RunRecord } from "./run-record.ts";
export { declaredLabels, ofLength, settingsOf } from "./settings.ts";
export { costByArm, costOf, type RunCost } from "./studies/cost.ts";
export { absentIsNegative, faultOfFull, fullLabels } from "./studies/full-labels.ts";
export { studyNames, type StudyName } from "./studies/names.ts";
export { knowledgeOf, notesOf, withArms, type PlanContext, type StudyPlan } from "./studies/plan.ts";
export {
  assemblyOf,
  budgetOfRun,
  inSteps,
  runsOf,
  runStudy,
  type RunResult,
  type StudyImages,
  type StudyListener,
  type StudyRun,
} from "./studies/run-study.ts";
export type {
  Arm,
  ClassGroup,
  Comparison,
  Course,
  QuerySimilarity,
  Score,
  SimilarityPoint,
  StudyScores,
} from "./studies/scores.ts";
export { studies } from "./studies/studies.ts";
export { StudyFolder, type StudyRecord } from "./studies/study-folder.ts";
export { scoresOf, studyScores } from "./studies/study-scores.ts";
export { modelKind, readTensorFile, type TensorFile } from "./tensor-file.ts";
export {
  evaluationBySource,
  sharesOf,
  testIntervals,
  type SourceEvaluation,
  type SourceShare,
  type TestIntervals,
} from "./test-metrics.ts";
export {
  predictionsText,
  readPredictions,
  testPredictions,
  type PredictedImage,
  type TestPredictions,
} from "./test-predictions.ts";
export { traceTraining, type TracedStep } from "./trace.ts";
export { train, type TrainingResult } from "./trainer.ts";
export { residentBytes, TrainingImages, type ResidentImages, type StepImages } from "./training-images.ts";
export type { EpochReport, EvaluationReport, StepReport, TrainingListener } from "./training-reports.ts";
export {
  classifierOf,
  samplerOf,
  settingsThatCount,
  stepShape,
  type TrainingSettings,
} from "./training-settings.ts";
export { watches } from "./validation-watch.ts";
export { randomView, type Normalisation, type ViewSettings } from "./views.ts";
export { readWeights, type Weights } from "./weights.ts";
