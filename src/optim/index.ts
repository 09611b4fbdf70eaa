// Optimisers and schedules; adam and sgd are one step each, on tensors that the caller keeps.

export { adam, sgd } from "../functions/optimisers.ts";
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
