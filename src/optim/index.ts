// The optim floor: optimisers and schedules.

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
  decayedChoices,
  optimiserNames,
  optimiserOf,
  optimisers,
  type OptimiserChoice,
  type OptimiserName,
  type OptimiserSettings,
} from "./optimiser-table.ts";
export type { Optimiser, OptimiserState } from "./optimiser.ts";
export type { Schedule, Scheduled, ScheduleState } from "./schedule.ts";
export {
  scheduleNames,
  scheduleOf,
  schedules,
  type ScheduleName,
  type ScheduleSettings,
} from "./schedule-table.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
export { CosineRate, WarmUp } from "./step-schedules.ts";
