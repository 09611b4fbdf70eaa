// Training steps of the paper's network, DenseNet-121 on one-channel images of 224 x 224: with one view, and with both and the
// whole of Label-Assemble's losses.

import { assembleLoss, softmaxCrossEntropy, type Engine } from "@tessera-gpu/tessera";
import {
  DenseNet,
  densenet121Configuration,
  Initialiser,
  Linear,
  type Composition,
} from "@tessera-gpu/tessera/nn";
import { bytes, normal, oneHotClasses, values, type HostInput } from "../harness/data.ts";
import { byAdam, type Problem } from "./training-step.ts";

const [batch, size, classes] = [4, 224, 14];

function networkOn(
  engine: Engine,
  composition: Composition,
): Pick<Problem, "parameters"> & {
  readonly features: DenseNet;
  readonly classifier: Linear;
} {
  const init = new Initialiser(engine, 7);
  const features = new DenseNet(engine, init, { ...densenet121Configuration, inputChannels: 1 });
  features.composition = composition;
  const classifier = new Linear(engine, init, features.features, classes);
  const parameters = new Map([
    ...features.parameters(),
    ...[...classifier.parameters()].map(([name, tensor]) => [`classifier.${name}`, tensor] as const),
  ]);
  return { parameters, features, classifier };
}

const images = (stream: number): Promise<HostInput> => normal([batch, size, size, 1], stream);

/** One view, cross entropy. */
export async function densenet121On(engine: Engine, composition: Composition = "fused"): Promise<Problem> {
  const { parameters, features, classifier } = networkOn(engine, composition);
  return {
    parameters,
    inputs: [await images(33), oneHotClasses(batch, classes)],
    loss: ([x, labels]) => softmaxCrossEntropy(classifier.forward(features.forward(x, "training")), labels),
    update: byAdam,
  };
}

/** Both views, each with batch statistics of its own; a third of the labels is absent. */
export async function densenet121AssembleOn(
  engine: Engine,
  composition: Composition = "fused",
): Promise<Problem> {
  const { parameters, features, classifier } = networkOn(engine, composition);
  const { weight, bias } = classifier;
  if (bias === undefined) throw new Error("a linear layer has a bias unless it is told otherwise");
  const drawn = await bytes([batch, classes], 35, 3);
  const states = { ...drawn, data: drawn.data.map((state: number) => (state === 2 ? 255 : state)) };
  return {
    parameters,
    inputs: [await images(33), await images(34), states, values([0.7, 1.3])],
    loss: ([weak, strong, labels, lambdas]) => {
      const weakFeatures = features.forward(weak, "training");
      const strongFeatures = features.forward(strong, "untracked");
      return assembleLoss(weakFeatures, strongFeatures, weight, bias, labels, lambdas).total;
    },
    update: byAdam,
  };
}
