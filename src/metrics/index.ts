// How good predictions are: metrics of scores against label states (0 negative, 1 positive, 100 to 200 a probability, 255
// absent), with intervals. Tests that compare runs are in tessera/studies.

export { absent, isSoft, negative, positive, softState, targetOf } from "../labels/states.ts";
export {
  bootstrapValues,
  percentileEstimate,
  type BootstrapEstimate,
  type BootstrapOptions,
} from "../statistics/bootstrap.ts";
export type { Interval } from "../statistics/interval.ts";
export {
  aucDifferenceIntervals,
  aucIntervals,
  type AucBootstrapOptions,
  type AucIntervals,
} from "./auc-intervals.ts";
export { accuracy } from "./accuracy.ts";
export { auc, aucByClass, meanAuc, undefinedClasses } from "./auc.ts";
export { averagePrecision, averagePrecisionByClass } from "./average-precision.ts";
export {
  brierScore,
  calibrationBins,
  expectedCalibrationError,
  reliabilityPoints,
  type ReliabilityPoint,
} from "./calibration.ts";
export {
  confusionCounts,
  confusionCountsByClass,
  f1Score,
  f1ScoreByClass,
  precision,
  precisionByClass,
  recall,
  recallByClass,
  type ConfusionCounts,
  type Thresholds,
} from "./confusion.ts";
export {
  operatingPoints,
  operatingRules,
  type OperatingOptions,
  type OperatingPoints,
  type OperatingRule,
  type OperatingThreshold,
} from "./operating-points.ts";
export {
  countOverlaps,
  patientOverlap,
  pooledOverlap,
  type FalseArea,
  type Overlaps,
  type OverlapSummary,
  type PatientOverlap,
  type PatientOverlaps,
} from "./overlap.ts";
export {
  overlapIntervals,
  type OverlapBootstrapOptions,
  type OverlapEstimates,
  type OverlapIntervals,
  type OverlapMeasure,
} from "./overlap-intervals.ts";
export type { Patients } from "./patient-indices.ts";
export {
  patientScores,
  thresholdAt,
  type ChosenThreshold,
  type PatientScores,
  type ScoredImages,
} from "./patients.ts";
export { precisionRecallCurve, type PrecisionRecallCurve } from "./precision-recall.ts";
export {
  goesOn,
  ndcg,
  pFound,
  rankedPrecision,
  recallAt,
  reciprocalRank,
  type PFoundForm,
  type RankedQuery,
} from "./ranking.ts";
export {
  rankingMeasures,
  rankingValues,
  summariseRanking,
  type RankingEstimate,
  type RankingIntervalOptions,
  type RankingMeasure,
  type RankingOptions,
  type RankingSummary,
  type RankingValues,
} from "./ranking-summary.ts";
export {
  rocCorners,
  rocCurve,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
  type OperatingPoint,
  type RocCurve,
} from "./roc.ts";
export { classColumn } from "./score-levels.ts";
export { fitTemperature, tempered, type FittedTemperature } from "./temperature.ts";
