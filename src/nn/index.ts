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
  densenetConfigurations,
  Transition,
  type Composition,
  type Precision,
  type DenseNetConfiguration,
} from "./densenet.ts";
export { Initialiser } from "./initialise.ts";
export {
  MultiHeadAttention,
  type AttendOptions,
  type MultiHeadAttentionOptions,
} from "./layers/attention-layers.ts";
export { Conv2d, type Conv2dLayerOptions } from "./layers/convolution-layers.ts";
export { Linear, type LinearLayerOptions } from "./layers/linear-layer.ts";
export { Embedding, type EmbeddingOptions } from "./layers/embedding-layer.ts";
export { AveragePool2d, GlobalAveragePool, MaxPool2d } from "./layers/pooling-layers.ts";
export { Upsample, type UpsampleOptions } from "./layers/resizing-layers.ts";
export { Dropout, type DropoutLayerOptions } from "./layers/dropout-layer.ts";
export { ConvTranspose2d, type ConvTranspose2dLayerOptions } from "./layers/transposed-convolution-layer.ts";
export {
  BatchNorm,
  GroupNorm,
  InstanceNorm,
  LayerNorm,
  RMSNorm,
  type BatchNormLayerOptions,
  type NormLayerOptions,
} from "./layers/normalisation-layers.ts";
export { Module, type GroupedMode, type Mode, type State } from "./module.ts";
export { ResidualBlock, ResNet, resnetConfigurations, type ResNetConfiguration } from "./resnet.ts";
export { Sequential, type SequentialLayer } from "./sequential.ts";
export { UNet, type UNetConfiguration } from "./unet.ts";
export {
  loadWeights,
  readWeights,
  writeWeights,
  type LoadedWeights,
  type LoadWeightsOptions,
  type NamedTensors,
} from "./weights.ts";
export {
  TransformerBlock,
  type TransformerBlockConfiguration,
  type TransformerBlockOptions,
} from "./transformer.ts";
