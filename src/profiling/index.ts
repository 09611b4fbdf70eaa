// How long the launches of a step take, what the adapter could do, and which candidates are the fastest on it: measuring
// and tuning are one entry, since both time kernels on an open engine. (@tessera-gpu/tessera/operators cannot hold them: it needs none.)

export type { LaunchTimer, RunTimes, TimedLaunch } from "../runtime/launch-timer.ts";
export type { RecordedCall, Recording } from "../runtime/recording.ts";
export { worksOf, type Work } from "../tuning/works.ts";
export {
  tune,
  type CandidateTime,
  type TunedWork,
  type TuneOptions,
  type TuneProgress,
  type Tuning,
} from "../tuning/tuner.ts";
export { measureCeilings, type Ceilings } from "./ceilings.ts";
export type { LayerClass } from "./layer-classes.ts";
export {
  profile,
  type ClassProfile,
  type KernelProfile,
  type LaunchProfile,
  type PhaseProfile,
  type Profile,
  type ProfileOptions,
  type Rates,
} from "./profile.ts";
export { chromeTrace, type ChromeTrace, type TraceEvent } from "./trace.ts";
