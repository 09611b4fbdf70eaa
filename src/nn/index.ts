// The nn floor: modules and their initial values.

export * from "./densenet.ts";
export { DynamicHead } from "./dynamic-head.ts";
export {
  headBiases,
  headKinds,
  type Head,
  type HeadBias,
  type HeadChoice,
  type HeadFactors,
  type HeadSettings,
} from "./head.ts";
export { headOf } from "./heads.ts";
export { Initialiser } from "./initialise.ts";
export { BatchNorm, Conv2d, Linear, type Conv2dLayerOptions } from "./layers.ts";
export { LinearHead } from "./linear-head.ts";
export { Module, type Mode, type State } from "./module.ts";
export { PerSourceHead } from "./per-source-head.ts";
export { QueryHead } from "./query-head.ts";
