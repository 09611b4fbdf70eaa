// A training step of a small convolutional network without batch norm, which jax-js has none of ready-made.

import { relu, softmaxCrossEntropy, type Engine } from "@tessera-gpu/tessera";
import { Conv2d, Initialiser, Linear, Sequential } from "@tessera-gpu/tessera/nn";
import { normal, oneHotClasses } from "../harness/data.ts";
import type { Problem } from "./training-step.ts";

const [batch, size, classes] = [64, 28, 10];
const channels = [16, 32] as const;

/** 3x3 to 16 channels, ReLU, 3x3 with stride 2 to 32, ReLU, and a linear layer on all their pixels. */
export async function convnetOn(engine: Engine): Promise<Problem> {
  const init = new Initialiser(engine, 7);
  const [first, second] = channels;
  const pixels = (size / 2) ** 2;
  const net = new Sequential(engine, {
    conv1: new Conv2d(engine, init, 1, first, { kernel: 3, bias: true }),
    relu1: relu,
    conv2: new Conv2d(engine, init, first, second, { kernel: 3, stride: 2, bias: true }),
    relu2: (maps) => relu(maps).reshape([batch, pixels * second]),
    classifier: new Linear(engine, init, pixels * second, classes),
  });
  return {
    parameters: net.parameters(),
    loss: ([x, labels]) => softmaxCrossEntropy(net.forward(x, "training"), labels),
    inputs: [await normal([batch, size, size, 1], 32), oneHotClasses(batch, classes)],
    update: { sgd: { learningRate: 0.05 } },
  };
}
