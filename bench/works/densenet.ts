// A training step of a small DenseNet: forward, backward, Adam. The same weights, images and labels for everyone.

import { softmaxCrossEntropy, valueAndGradients, type Engine, type Tensor } from "tessera";
import { DenseNet, Initialiser, Linear, type Composition, type DenseNetConfiguration } from "tessera/nn";
import { Adam } from "tessera/optim";
import { normal, type HostInput } from "../harness/data.ts";
import type { Bound, Numbers } from "../harness/equality.ts";
import type { Subject } from "../harness/work.ts";

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
export const adamOptions = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/**
 * Of the loss, and of the change of the weights: Adam divides by the gradient's size, so that where it is nearly 0
 * rounding decides, and all changes together count.
 */
export const densenetBounds: readonly Bound[] = [
  { kind: "values", relative: 1e-5 },
  { kind: "norm", relative: 1e-2 },
];

/** Weights, images and one-hot labels on an engine. */
interface Problem {
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly forward: (images: Tensor) => Tensor;
  readonly images: HostInput;
  readonly targets: HostInput;
}

async function problemOn(engine: Engine, composition: Composition = "fused"): Promise<Problem> {
  const init = new Initialiser(engine, 7);
  const features = new DenseNet(engine, init, configuration);
  features.composition = composition;
  const classifier = new Linear(engine, init, features.features, classes);
  const parameters = new Map([
    ...features.parameters(),
    ...[...classifier.parameters()].map(([name, tensor]) => [`classifier.${name}`, tensor] as const),
  ]);
  const { images, targets } = await examples();
  return {
    parameters,
    forward: (x) => classifier.forward(features.forward(x, "training")),
    images,
    targets,
  };
}

/** Images and one-hot labels, the class of image i being i % 10. */
export async function examples(): Promise<{ readonly images: HostInput; readonly targets: HostInput }> {
  const data = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i++) data[i * classes + (i % classes)] = 1;
  return {
    images: await normal([batch, size, size, 1], 30),
    targets: { shape: [batch, classes], dtype: "f32", data },
  };
}

/** The initial weights by their names, for implementations that are not Tessera. */
export async function initialWeights(reference: Engine): Promise<Map<string, HostInput>> {
  const { parameters } = await problemOn(reference);
  const weights = new Map<string, HostInput>();
  for (const [name, tensor] of parameters) {
    weights.set(name, { shape: tensor.shape, dtype: "f32", data: Float32Array.from(await tensor.read()) });
    tensor.dispose();
  }
  return weights;
}

/** A network in training. */
interface Training {
  /** One step. @returns the loss before it */
  step(): Promise<number>;
  readonly parameters: ReadonlyMap<string, Tensor>;
  dispose(): void;
}

/** The step is recorded once and replayed; images and labels go to the device anew in every step. */
async function trainingOn(engine: Engine, composition?: Composition): Promise<Training> {
  const { parameters, forward, images, targets } = await problemOn(engine, composition);
  const trained = [...parameters.values()];
  const optimiser = new Adam(trained, adamOptions);
  const program = await engine.record(() => {
    const x = engine.feed(() => images.data, images.shape);
    const labels = engine.feed(() => targets.data, targets.shape);
    const { value, gradients } = valueAndGradients(() => softmaxCrossEntropy(forward(x), labels), trained);
    optimiser.step(gradients);
    return value;
  });
  return {
    parameters,
    async step() {
      program.run();
      const [loss] = await program.result.read();
      return loss;
    },
    dispose() {
      program.dispose();
      optimiser.dispose();
      for (const tensor of trained) tensor.dispose();
    },
  };
}

/** The change of every weight in the first step, one after the other; `before` and `after` have the same order. */
export function changeOf(before: readonly Numbers[], after: readonly Numbers[]): Float64Array {
  const change: number[] = [];
  before.forEach((weights, i) => {
    for (let j = 0; j < weights.length; j++) change.push(after[i][j] - weights[j]);
  });
  return Float64Array.from(change);
}

const read = (tensors: Iterable<Tensor>): Promise<Numbers[]> =>
  Promise.all([...tensors].map((tensor) => tensor.read()));

/** Training steps on an engine. */
export async function densenetOn(engine: Engine, composition?: Composition): Promise<Subject> {
  const training = await trainingOn(engine, composition);
  return {
    async results() {
      const before = await read(training.parameters.values());
      const loss = await training.step();
      return [[loss], changeOf(before, await read(training.parameters.values()))];
    },
    async run() {
      await training.step();
    },
    dispose: () => training.dispose(),
  };
}

/** The loss of the first step, for the measurement of the first step alone. */
export async function firstLossOn(engine: Engine, composition?: Composition): Promise<number> {
  const training = await trainingOn(engine, composition);
  return training.step();
}
