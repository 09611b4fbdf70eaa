// Optimisers and schedules; adam and sgd are one step each, on tensors that the caller keeps.

export { adam, clipByNorm, sgd } from "../functions/optimisers.ts";
export { Adam, AdamW, type AdamOptions } from "./adam.ts";
export { ConstantRate, ReduceLROnPlateau, StepLR, type PlateauOptions } from "./epoch-schedules.ts";
export {
  FlatOptimiser,
  optimiserOptions,
  type FlatStep,
  type SharedOptions,
  type UpdateRule,
} from "./flat-optimiser.ts";
export {
  optimiserNames,
  optimiserOf,
  type OptimiserChoice,
  type OptimiserName,
  type OptimiserSettings,
} from "./optimiser-table.ts";
export type { Optimiser, OptimiserState, ParameterGroup, Trainable } from "./optimiser.ts";
export type { Schedule, Scheduled, ScheduleState } from "./schedule.ts";
export { scheduleNames, scheduleOf, type ScheduleName, type ScheduleSettings } from "./schedule-table.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
export { CosineRate, GeometricRate, WarmUp } from "./step-schedules.ts";
