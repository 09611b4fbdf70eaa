// The Label-Assemble floor: classifier, step, trainer, evaluation, run folders.

export { budgetOf, stepsOf, type Budget } from "../training/budget.ts";
export type { Checkpoints } from "../training/checkpoint.ts";
export { Classifier } from "./classifier.ts";
export { evaluate, predict, type Evaluation } from "./evaluation.ts";
export { CheckpointError, ModelError, NonFiniteError, RunFolderError } from "../errors/training-errors.ts";
export { checkGrowth, grownWeights, type GrownModel } from "../runs/grow.ts";
export { checkMemory, ImageReader, type Batch } from "../data/assembly/image-reader.ts";
export { labelSpaceOf, wholeLabelSpace, type LabelSpace } from "./label-space.ts";
export type { Losses } from "../training/loss-terms.ts";
export {
  classifierOfModel,
  readModel,
  readModelFile,
  type ModelFile,
  type ModelRecord,
} from "../runs/model-file.ts";
export { metricsByClass, probabilitiesOf, type ClassMetrics, type OperatingRates } from "./model-metrics.ts";
export { planTraining, type TrainingPlan } from "./planning/training-plan.ts";
export type { ImageShape } from "./planning/planned-training.ts";
export { profileTraining, type StepProfile } from "./planning/profiled-step.ts";
export {
  profileFile,
  readRunRecord,
  RunFolder,
  runFiles,
  type Reopened,
  type RunChoices,
  type Summary,
} from "../runs/run-folder.ts";
export { runRecordSchema, type RunRecord } from "../runs/run-record.ts";
export { declaredLabels, ofLength, settingsOf } from "./manifest-settings.ts";
export { costByArm, costOf, type RunCost } from "../studies/cost.ts";
export { absentIsNegative, fullLabelsProblem, fullLabels } from "../studies/full-labels.ts";
export { knowledgeOf, notesOf, withArms, type PlanContext, type StudyPlan } from "../studies/study-plan.ts";
export { assemblyOf } from "../studies/planned-run.ts";
export {
  budgetOfRun,
  inSteps,
  runsOf,
  runStudy,
  type RunResult,
  type StudyImages,
  type StudyListener,
  type StudyRun,
} from "../studies/run-study.ts";
export type {
  Arm,
  ClassGroup,
  Comparison,
  Course,
  QuerySimilarity,
  Score,
  SimilarityPoint,
  StudyScores,
} from "../studies/scores.ts";
export { planStudy, studies, studyNames, type Study, type StudyName } from "../studies/studies.ts";
export { StudyFolder, type StudyRecord } from "../studies/study-folder.ts";
export { scoresOf, studyScores } from "../studies/study-scores.ts";
export { modelKind, readTensorFile, type TensorFile } from "../interchange/safetensors.ts";
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
} from "../runs/test-predictions.ts";
export { traceTraining, type TracedStep } from "./planning/traced-steps.ts";
export { trainClassifier, type TrainingResult } from "./train-classifier.ts";
export {
  residentBytes,
  TrainingImages,
  type ResidentImages,
  type StepImages,
} from "../training/training-images.ts";
export type {
  EpochReport,
  EvaluationReport,
  StepReport,
  TrainingListener,
} from "../training/training-reports.ts";
export {
  classifierOf,
  samplerOf,
  reproducibleSettings,
  stepShape,
  type TrainingSettings,
} from "./training-settings.ts";
export { watches } from "./evaluation.ts";
export { randomView, type Normalisation, type ViewSettings } from "./views.ts";
export { readWeights } from "../nn/weights.ts";
export { type Weights } from "../tensor/held.ts";
