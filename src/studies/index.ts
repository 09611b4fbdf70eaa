// Studies: many runs of a manifest in several arms, with several seeds, and the tests that compare them. Needs Node.

export {
  pearson,
  spearman,
  type Correlation,
  type CorrelationMade,
  type CorrelationNotMade,
} from "../statistics/correlation.ts";
export { detectableDifference } from "../statistics/detectable-difference.ts";
export { normalQuantile, studentTCdf, studentTQuantile } from "../statistics/distributions.ts";
export {
  pairedEquivalence,
  welchEquivalence,
  type EquivalenceMade,
  type EquivalenceTest,
} from "../statistics/equivalence.ts";
export {
  detections,
  type Detection,
  type DetectionOptions,
  type Detections,
  type Proportion,
} from "../metrics/detections.ts";
export { exactInterval } from "../statistics/proportions.ts";
export { holmAdjusted } from "../statistics/holm.ts";
export type { Interval } from "../statistics/interval.ts";
export { meanInterval, type MeanEstimate } from "../statistics/sample.ts";
export {
  pairedTTest,
  pooledTTest,
  welchTTest,
  type TestNotMade,
  type TTest,
  type TTestMade,
} from "../statistics/t-tests.ts";
export { analyse } from "./analysis.ts";
export { compareRankings } from "./compare-rankings.ts";
export { absentIsNegative, fullLabels } from "./full-labels.ts";
export type { PlannedRun } from "./planned-run.ts";
export { readStudy, type StudyContents } from "./read-study.ts";
export type {
  ClassResult,
  ComparisonResult,
  EquivalenceResult,
  GroupResult,
  StudyAnalysis,
  Tested,
} from "./results.ts";
export { runStudy, type StudyListener, type StudyStore } from "./run-study.ts";
export { inSteps, runsOf } from "./runs-of-plan.ts";
export type {
  Arm,
  ClassGroup,
  Comparison,
  Course,
  QuerySimilarity,
  Score,
  SimilarityPoint,
  StudyScores,
} from "./scores.ts";
export { similarityOf, type ClassSimilarity, type SimilarityAnalysis } from "./similarity.ts";
export { planStudy } from "./plan-study.ts";
export { studies, studyNames, type Study, type StudyName } from "./studies.ts";
export type { StudyCheck } from "./study-checks.ts";
export { StudyFolder, type StudyRecord } from "./study-folder.ts";
export {
  knowledgeOf,
  withArms,
  type PlanContext,
  type PlannedArm,
  type StudyContext,
  type StudyPlan,
} from "./study-plan.ts";
export type { LoadedImages, RunResult, StudyImages, StudyRun } from "./study-run.ts";
export { scoresOf, studyScores } from "./study-scores.ts";
