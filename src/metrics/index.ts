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
} from "../statistics/bootstrap.ts";
export {
  brierScore,
  calibrationBins,
  expectedCalibrationError,
  reliabilityPoints,
  type ReliabilityPoint,
} from "./calibration.ts";
export {
  pearson,
  type Correlation,
  type CorrelationMade,
  type CorrelationNotMade,
} from "../statistics/correlation.ts";
export { normalQuantile, studentTQuantile } from "../statistics/distributions.ts";
export {
  pairedEquivalence,
  welchEquivalence,
  type EquivalenceMade,
  type EquivalenceTest,
} from "../statistics/equivalence.ts";
export { holmAdjusted } from "../statistics/holm.ts";
export type { Interval } from "../statistics/interval.ts";
export { absent, isSoft, negative, positive, softState, targetOf } from "../labels/states.ts";
export {
  rocCorners,
  rocCurve,
  sensitivityAtSpecificity,
  specificityAtSensitivity,
  type OperatingPoint,
  type RocCurve,
} from "./roc.ts";
export { meanInterval, type MeanEstimate } from "../statistics/sample.ts";
export { classColumn } from "./score-levels.ts";
export {
  pairedTTest,
  pooledTTest,
  welchTTest,
  type TestNotMade,
  type TTest,
  type TTestMade,
} from "../statistics/t-tests.ts";
