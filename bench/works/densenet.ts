// A training step of a small DenseNet.

import { softmaxCrossEntropy, type Engine } from "@tessera-gpu/tessera";
import {
  DenseNet,
  Initialiser,
  Linear,
  type Composition,
  type DenseNetConfiguration,
} from "@tessera-gpu/tessera/nn";
import { normal, oneHotClasses } from "../harness/data.ts";
import { byAdam, type Problem } from "./training-step.ts";

/** Stem 3x3 of 24, three blocks of four 3x3 layers that add 12 channels, transitions that halve the channels. */
const configuration: DenseNetConfiguration = {
  inputChannels: 1,
  stem: { features: 24, kernel: 3, stride: 1, pool: false },
  blocks: [4, 4, 4],
  growth: 12,
  bottleneck: null,
  compression: 0.5,
};
const [batch, size, classes] = [32, 28, 10];

/** Images and one-hot labels. */
export async function densenetOn(engine: Engine, composition: Composition = "fused"): Promise<Problem> {
  const init = new Initialiser(engine, 7);
  const features = new DenseNet(engine, init, configuration);
  features.composition = composition;
  const classifier = new Linear(engine, init, features.features, classes);
  const parameters = new Map([
    ...features.parameters(),
    ...[...classifier.parameters()].map(([name, tensor]) => [`classifier.${name}`, tensor] as const),
  ]);
  return {
    parameters,
    loss: ([x, labels]) => softmaxCrossEntropy(classifier.forward(features.forward(x, "training")), labels),
    inputs: [await normal([batch, size, size, 1], 30), oneHotClasses(batch, classes)],
    update: byAdam,
  };
}
