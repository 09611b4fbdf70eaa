// The optim floor: optimisers and schedules.

export { Adam, type AdamOptions, type AdamState } from "./adam.ts";
export {
  ReduceLROnPlateau,
  StepLR,
  scheduleOf,
  type PlateauOptions,
  type Schedule,
  type ScheduleSettings,
  type ScheduleState,
} from "./schedule.ts";
