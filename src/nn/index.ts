// The nn floor: modules and their initial values.

export type { Backbone, StemConfiguration } from "./backbone.ts";
export {
  backboneKind,
  createBackbone,
  type BackboneConfiguration,
  type BackboneConfigurations,
  type BackboneKind,
} from "./backbones.ts";
export * from "./densenet.ts";
export { DynamicHead } from "../assemble/heads/dynamic-head.ts";
export {
  headBiases,
  headKinds,
  type Head,
  type HeadBias,
  type HeadChoice,
  type HeadFactors,
  type HeadSettings,
} from "../assemble/heads/head.ts";
export { headOf } from "../assemble/heads/heads.ts";
export { Initialiser } from "./initialise.ts";
export { BatchNorm, Conv2d, Linear, type Conv2dLayerOptions } from "./layers.ts";
export { LinearHead } from "../assemble/heads/linear-head.ts";
export { Module, type Mode, type State } from "./module.ts";
export { PerSourceHead } from "../assemble/heads/per-source-head.ts";
export * from "./resnet.ts";
export { QueryHead } from "../assemble/heads/query-head.ts";
