// The optim floor: optimisers and schedules.

export { Adam, type AdamOptions } from "./adam.ts";
export {
  ReduceLROnPlateau,
  StepLR,
  scheduleOf,
  type PlateauOptions,
  type Schedule,
  type ScheduleSettings,
} from "./schedule.ts";
