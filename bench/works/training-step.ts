// A training step of a network: forward, backward, update. The same weights, images and labels for everyone.

import { valueAndGradients, type Engine, type Tensor } from "@tessera-gpu/tessera";
import { Adam, SGD } from "@tessera-gpu/tessera/optim";
import type { HostInput } from "../harness/data.ts";
import type { Bound, Numbers } from "../harness/equality.ts";
import type { PeerModule, Subject } from "../harness/work.ts";

/**
 * Of Adam, whose epsilon is as large as gradients are here: with a small one, the first step of a weight is the sign of its
 * gradient, which rounding decides where the gradient is nearly 0. With it, and more so without any moments, the change of a weight
 * says what its gradient was.
 */
const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-3 };

/** How weights are updated. */
export type Update = { readonly adam: typeof adam } | { readonly sgd: { readonly learningRate: number } };

export const byAdam: Update = { adam };

/** What is trained: weights on an engine; images, labels and what else the loss takes on the host. */
export interface Problem {
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** The images first. */
  readonly inputs: readonly HostInput[];
  /** Of the inputs, in their order. */
  readonly loss: (inputs: readonly Tensor[]) => Tensor;
  readonly update: Update;
}

/**
 * Of the loss, of the root mean square of each weight's change, and of all changes together.
 * @param together how far all changes may be from the reference's, in the Euclidean norm
 */
export const stepBounds = (together: number): readonly Bound[] => [
  { kind: "values", relative: 1e-5 },
  { kind: "values", relative: 5e-3 },
  { kind: "norm", relative: together },
];

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
  { parameters, inputs, loss, update }: Problem,
): Promise<Training> {
  const trained = [...parameters.values()];
  const optimiser =
    "adam" in update ? new Adam(trained, update.adam) : new SGD(trained, { ...update.sgd, momentum: 0 });
  const program = await engine.record(() => {
    const fed = inputs.map(({ data, shape, dtype }) => engine.feed(() => data, shape, dtype));
    const { value, gradients } = valueAndGradients(() => loss(fed), trained);
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

const read = (tensors: Iterable<Tensor>): Promise<Numbers[]> =>
  Promise.all([...tensors].map((tensor) => tensor.read()));

/** What is compared of a step: the loss, and what became of the weights (see `stepBounds`). */
export function comparedOf(loss: Numbers, changes: readonly Numbers[]): Numbers[] {
  const squares = changes.map((change) => {
    let sum = 0;
    for (let i = 0; i < change.length; i++) sum += change[i] ** 2;
    return sum;
  });
  const all = new Float64Array(changes.reduce((size, { length }) => size + length, 0));
  let place = 0;
  for (const change of changes) {
    all.set(change, place);
    place += change.length;
  }
  return [loss, squares.map((sum, i) => Math.sqrt(sum / changes[i].length)), all];
}

/** Training steps on an engine. */
export async function stepsOn(engine: Engine, problem: Problem): Promise<Subject> {
  const training = await trainingOn(engine, problem);
  return {
    async results() {
      const before = await read(training.parameters.values());
      const loss = await training.step();
      const after = await read(training.parameters.values());
      const changes = before.map((weights, i) => Float64Array.from(weights, (was, j) => after[i][j] - was));
      return comparedOf([loss], changes);
    },
    async run() {
      await training.step();
    },
    dispose: () => training.dispose(),
  };
}

/** What a peer needs to train the same network: what the loss takes, then the weights; and the names of these. */
export async function stepForPeers({
  parameters,
  inputs,
  update,
}: Problem): Promise<[HostInput[], Readonly<Record<string, unknown>>]> {
  const weights: HostInput[] = [];
  for (const tensor of parameters.values()) {
    weights.push({ shape: tensor.shape, dtype: "f32", data: Float32Array.from(await tensor.read()) });
    tensor.dispose();
  }
  return [[...inputs, ...weights], { inputs: inputs.length, names: [...parameters.keys()], ...update }];
}

/** The step of a network by a peer that knows it by this name. */
export async function stepsOf(peer: PeerModule, work: string, problem: Problem): Promise<Subject> {
  const subject = await peer.open(work, ...(await stepForPeers(problem)));
  return {
    ...subject,
    async results() {
      const [loss, ...changes] = await subject.results();
      return comparedOf(loss, changes);
    },
  };
}
