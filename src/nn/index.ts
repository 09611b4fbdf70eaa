// Modules: layers, networks, their initial values and their weights.

export type { HeldTensor, Weights } from "../tensor/held.ts";
export type { Backbone, StemConfiguration } from "./backbone.ts";
export {
  createBackbone,
  type BackboneConfiguration,
  type BackboneConfigurations,
  type BackboneKind,
} from "./backbones.ts";
export {
  DenseBlock,
  DenseLayer,
  DenseNet,
  densenet121,
  densenet121Configuration,
  Transition,
  type Composition,
  type DenseNetConfiguration,
} from "./densenet.ts";
export { Initialiser } from "./initialise.ts";
export { Conv2d, type Conv2dLayerOptions } from "./layers/convolution-layers.ts";
export { Linear } from "./layers/linear-layer.ts";
export {
  BatchNorm,
  GroupNorm,
  InstanceNorm,
  LayerNorm,
  RMSNorm,
  type NormLayerOptions,
} from "./layers/normalisation-layers.ts";
export { Module, type Mode, type State } from "./module.ts";
export { ResidualBlock, ResNet, resnetConfigurations, type ResNetConfiguration } from "./resnet.ts";
export { readWeights, writeWeights } from "./weights.ts";
