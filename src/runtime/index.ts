// The runtime floor: the engine and the operator contract.

export type { Backend, BackendKind, BackendMemory, Operand } from "./backend.ts";
export {
  Engine,
  deviceChoices,
  engineOf,
  openEngine,
  type CallObserver,
  type DeviceChoice,
  type EngineMemory,
  type EngineOptions,
  type OperatorCall,
} from "./engine.ts";
export {
  input,
  output,
  temporary,
  type Candidate,
  type Launch,
  type Operator,
  type Slot,
} from "./operator.ts";
export { WebGpuBackend } from "./webgpu/backend.ts";
