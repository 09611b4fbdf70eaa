// The nn floor: modules and their initial values.

export * from "./densenet.ts";
export { Initialiser } from "./initialise.ts";
export { BatchNorm, Conv2d, Linear, type Conv2dLayerOptions } from "./layers.ts";
export { Module, type Mode, type State } from "./module.ts";
export { QueryHead, type HeadBias } from "./query-head.ts";
