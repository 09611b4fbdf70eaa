// The profiling room: times of a recorded step's launches, what the adapter could do, and a timeline of both.

export { measureCeilings, type Ceilings } from "./ceilings.ts";
export {
  profile,
  type KernelProfile,
  type LaunchProfile,
  type PhaseProfile,
  type Profile,
  type ProfileOptions,
  type Rates,
} from "./profile.ts";
export { chromeTrace, type ChromeTrace, type TraceEvent } from "./trace.ts";
