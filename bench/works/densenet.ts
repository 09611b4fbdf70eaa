// A training step of a small DenseNet.

import { softmaxCrossEntropy, type Engine } from "tessera";
import { DenseNet, Initialiser, Linear, type Composition, type DenseNetConfiguration } from "tessera/nn";
import { normal } from "../harness/data.ts";
import type { Problem } from "./training-step.ts";

/** Stem 3x3 of 24, three blocks of four 3x3 layers that add 12 channels, transitions that halve the channels. */
export const configuration: DenseNetConfiguration = {
  inputChannels: 1,
  stem: { features: 24, kernel: 3, stride: 1, pool: false },
  blocks: [4, 4, 4],
  growth: 12,
  bottleneck: null,
  compression: 0.5,
};
export const batch = 32;
export const size = 28;
export const classes = 10;

/** Images and one-hot labels, the class of image i being i % 10. */
export async function densenetOn(engine: Engine, composition: Composition = "fused"): Promise<Problem> {
  const init = new Initialiser(engine, 7);
  const features = new DenseNet(engine, init, configuration);
  features.composition = composition;
  const classifier = new Linear(engine, init, features.features, classes);
  const parameters = new Map([
    ...features.parameters(),
    ...[...classifier.parameters()].map(([name, tensor]) => [`classifier.${name}`, tensor] as const),
  ]);
  const data = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) data[i * classes + (i % classes)] = 1;
  return {
    parameters,
    loss: (x, labels) => softmaxCrossEntropy(classifier.forward(features.forward(x, "training")), labels),
    images: await normal([batch, size, size, 1], 30),
    targets: { shape: [batch, classes], dtype: "f32", data },
  };
}
