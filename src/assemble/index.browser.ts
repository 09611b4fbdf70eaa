// Label-Assemble where there are no files: one classifier from several partially labelled datasets, in a browser and its workers.
// Heads, recipes, views, training, evaluation, plans of a training. index.ts adds what needs Node.

export { ModelError, RunFolderError } from "../errors/training-errors.ts";
export type { WarmedBudget } from "./warm-up.ts";
export { metricsLines } from "../runs/metrics-lines.ts";
export { trainingTexts, type ToldTraining, type TrainingTexts } from "../report/run/training-texts.ts";
export { classifierOfBytes, modelBytes, segmenterOfBytes, type TrainedWith } from "../runs/model-bytes.ts";
export {
  classifierOfModel,
  segmenterOfModel,
  type ModelContent,
  type ModelRecord,
} from "../runs/model-record.ts";
export { activationMaps, type ActivationMaps, type MapKind } from "./activation-maps.ts";
export { AssembleTask } from "./assemble-task.ts";
export type { Model, ModelJudgement } from "./assembly-task.ts";
export { absentPolicies, taughtSources, type AbsentPolicy } from "./absent-policy.ts";
export { viewPresetNames, viewPresets, type ViewPreset } from "./augmentation.ts";
export { Classifier } from "./classifier.ts";
export { embed } from "./embedding.ts";
export {
  evaluate,
  predict,
  type AveragedViews,
  type Evaluation,
  type EvaluationOptions,
  type PredictionOptions,
} from "./evaluation.ts";
export { DynamicHead } from "./heads/dynamic-head.ts";
export {
  headBiases,
  headKinds,
  type Head,
  type HeadBias,
  type HeadChoice,
  type HeadFactors,
  type HeadSettings,
} from "./heads/head.ts";
export { headOf } from "./heads/heads.ts";
export { LinearHead } from "./heads/linear-head.ts";
export { PerSourceHead } from "./heads/per-source-head.ts";
export { QueryHead } from "./heads/query-head.ts";
export { labelSpaceOf, wholeLabelSpace, type LabelSpace } from "./label-space.ts";
export { predictActivations, type ActivationOptions, type ImageActivations } from "./predict-activations.ts";
export { metricsByClass, probabilitiesOf, type ClassMetrics, type OperatingRates } from "./model-metrics.ts";
export {
  predictPixels,
  type PixelOptions,
  type PixelPredictions,
  type PixelSettings,
} from "./pixel-predictions.ts";
export { predictMasks, type MaskOptions, type PredictedMask } from "./predict-masks.ts";
export {
  completedMap,
  pixelOrigins,
  wholeMap,
  type CompletedMap,
  type MapSize,
  type NetworkSize,
  type WholeMapChoice,
} from "./whole-maps.ts";
export type { ImageShape } from "./planning/planned-training.ts";
export { profileTraining, type StepProfile } from "./planning/profiled-step.ts";
export { traceTraining, type TracedStep } from "./planning/traced-steps.ts";
export { planTraining, type TrainingPlan } from "./planning/training-plan.ts";
export { recipeNames, recipes, type RecipeName } from "./recipes.ts";
export {
  evaluationBySource,
  sharesOf,
  testIntervals,
  type SourceEvaluation,
  type SourceShare,
  type TestIntervals,
} from "./test-metrics.ts";
export { classifierOf, samplerOf, type TrainingSettings } from "./training-settings.ts";
export type { Recipe } from "./recipe.ts";
export {
  trainClassifier,
  trainModel,
  trainSegmenter,
  type SegmentationResult,
  type TrainedModel,
  type TrainingResult,
} from "./train-classifier.ts";
export { Segmenter, type SegmenterOptions } from "./segmenter.ts";
export { segmenterOf } from "./segmentation-task.ts";
export { pixelViews, randomView, viewLabels, type Normalisation, type Views } from "./views.ts";
