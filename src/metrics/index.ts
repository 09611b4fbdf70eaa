// The metrics floor.

export {
  aucDifferenceIntervals,
  aucIntervals,
  type AucBootstrapOptions,
  type AucIntervals,
} from "./auc-intervals.ts";
export { auc, aucByClass, meanAuc, undefinedClasses } from "./auc.ts";
export { averagePrecision, averagePrecisionByClass } from "./average-precision.ts";
export {
  bootstrapValues,
  percentileEstimate,
  type BootstrapEstimate,
  type BootstrapOptions,
} from "./bootstrap.ts";
export {
  brierScore,
  calibrationBins,
  expectedCalibrationError,
  reliabilityPoints,
  type ReliabilityPoint,
} from "./calibration.ts";
export { pearson, type Correlation, type CorrelationMade, type CorrelationNotMade } from "./correlation.ts";
export { normalQuantile, studentTQuantile } from "./distributions.ts";
export {
  pairedEquivalence,
  welchEquivalence,
  type EquivalenceMade,
  type EquivalenceTest,
} from "./equivalence.ts";
export { holmAdjusted } from "./holm.ts";
export type { Interval } from "./interval.ts";
export { absent, isSoft, negative, positive, softState, targetOf } from "./label-states.ts";
export {
  rocCorners,
  rocCurve,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
  type OperatingPoint,
  type RocCurve,
} from "./roc.ts";
export { meanInterval, type MeanEstimate } from "./sample.ts";
export { classColumn } from "./score-levels.ts";
export {
  pairedTTest,
  pooledTTest,
  welchTTest,
  type TestNotMade,
  type TTest,
  type TTestMade,
} from "./t-tests.ts";
