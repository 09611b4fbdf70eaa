// A training step of a network: forward, backward, Adam. The same weights, images and labels for everyone.

import { valueAndGradients, type Engine, type Tensor } from "tessera";
import { Adam } from "tessera/optim";
import type { HostInput } from "../harness/data.ts";
import type { Bound, Numbers } from "../harness/equality.ts";
import type { PeerModule, Subject } from "../harness/work.ts";

/**
 * The epsilon is as large as gradients are here: with a small one, the first step of a weight is the sign of its gradient, which
 * rounding decides where the gradient is nearly 0.
 */
export const adamOptions = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-3 };

/** Of the loss, and of the change of all weights together. */
export const stepBounds: readonly Bound[] = [
  { kind: "values", relative: 1e-5 },
  { kind: "norm", relative: 1e-2 },
];

/** What is trained: weights on an engine, and images and labels on the host. */
export interface Problem {
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly loss: (images: Tensor, targets: Tensor) => Tensor;
  readonly images: HostInput;
  readonly targets: HostInput;
}

/** A network in training. */
export interface Training {
  /** One step. @returns the loss before it */
  step(): Promise<number>;
  readonly parameters: ReadonlyMap<string, Tensor>;
  dispose(): void;
}

/** The step is recorded once and replayed; images and labels go to the device anew in every step. */
export async function trainingOn(
  engine: Engine,
  { parameters, loss, images, targets }: Problem,
): Promise<Training> {
  const trained = [...parameters.values()];
  const optimiser = new Adam(trained, adamOptions);
  const program = await engine.record(() => {
    const x = engine.feed(() => images.data, images.shape);
    const labels = engine.feed(() => targets.data, targets.shape);
    const { value, gradients } = valueAndGradients(() => loss(x, labels), trained);
    optimiser.step(gradients);
    return value;
  });
  return {
    parameters,
    async step() {
      program.run();
      const [value] = await program.result.read();
      return value;
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
export async function stepsOn(engine: Engine, problem: Problem): Promise<Subject> {
  const training = await trainingOn(engine, problem);
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

/** What a peer needs to train the same network: images, labels and weights, and their names. */
export async function stepForPeers({
  parameters,
  images,
  targets,
}: Problem): Promise<[HostInput[], Readonly<Record<string, unknown>>]> {
  const weights: HostInput[] = [];
  for (const tensor of parameters.values()) {
    weights.push({ shape: tensor.shape, dtype: "f32", data: Float32Array.from(await tensor.read()) });
    tensor.dispose();
  }
  return [[images, targets, ...weights], { names: [...parameters.keys()], adam: adamOptions }];
}

/** The step of a network by a peer that knows it by this name. */
export async function stepsOf(peer: PeerModule, work: string, problem: Problem): Promise<Subject> {
  return peer.open(work, ...(await stepForPeers(problem)));
}
