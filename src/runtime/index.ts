// The runtime floor: the engine and the operator contract.

export type { Backend, BackendKind, BackendMemory } from "./backend.ts";
export type { Operand } from "./operand.ts";
export { Engine, engineOf, type CallObserver, type EngineMemory, type OperatorCall } from "./engine.ts";
export { deviceChoices, openEngine, type DeviceChoice, type EngineOptions } from "./open-engine.ts";
export {
  input,
  output,
  temporary,
  updatesOf,
  type Candidate,
  type Launch,
  type Operator,
  type Slot,
} from "../operators/operator.ts";
export { PlanningBackend } from "./planning-backend.ts";
export { median, type LaunchTimer, type RunTimes, type TimedLaunch } from "./launch-timer.ts";
export { Program } from "./program.ts";
export type { Readings } from "./readings.ts";
export type { RecordedCall, Recording } from "./recording.ts";
export { sideBySide } from "./side-by-side.ts";
export { launchesOf, type BufferPlan, type Purpose, type StepPlan } from "./step-plan.ts";
export { WebGpuBackend } from "./webgpu/webgpu-backend.ts";
export { pipelineKey } from "./webgpu/pipelines.ts";
export { CandidateChoice, workKey, type CandidateNames } from "./webgpu/choice.ts";
