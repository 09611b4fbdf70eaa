// The tuning room: which candidate of an operator is the fastest on this adapter, found out by measuring.

export {
  tune,
  type CandidateTime,
  type TunedWork,
  type TuneOptions,
  type TuneProgress,
  type Tuning,
} from "./tuner.ts";
export { hasChoice, worksOf, type Work } from "./works.ts";
