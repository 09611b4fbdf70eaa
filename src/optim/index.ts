// The optim floor: optimisers and schedules.

export { Adam, type AdamOptions } from "./adam.ts";
export { ReduceLROnPlateau, type PlateauOptions } from "./schedule.ts";
