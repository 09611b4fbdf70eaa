// Golden trajectories of the other networks: 20 recorded training steps of a small transformer and of a small U-Net, GPU
// against the float64 reference, and the same steps without a recording. (The DenseNet's is test/training/trajectory.test.ts.)

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { add, relu } from "../../src/functions/elementwise.ts";
import { crossEntropy } from "../../src/functions/losses.ts";
import { concatChannels } from "../../src/functions/movement.ts";
import { mean } from "../../src/functions/reduction.ts";
import * as nn from "../../src/nn/index.ts";
import { Adam } from "../../src/optim/adam.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const steps = 20;

/** A network, and its loss on the batch of a step, which reaches it through `engine.feed`. */
abstract class Learner extends nn.Module {
  abstract loss(step: () => number): Tensor;
}

const [texts, tokens, words, width, topics] = [6, 11, 23, 16, 5];

/** Words of text `b` in a step: the first `lengthOf` count, and number 0 fills up the rest. */
const lengthOf = (step: number, text: number): number => 3 + ((5 * step + 7 * text) % (tokens - 2));
const wordOf = (step: number, text: number, token: number): number =>
  token < lengthOf(step, text) ? 1 + ((step * 131 + text * 37 + token * token * 7) % (words - 1)) : 0;
const topicOf = (step: number, text: number): number => wordOf(step, text, 0) % topics;

/** Embedding, dropout, two blocks with a mask of what fills up, and a linear head on the mean of the tokens. */
class TextClassifier extends Learner {
  readonly #init = new nn.Initialiser(this.engine, 5);
  readonly #words = this.child(
    "words",
    new nn.Embedding(this.engine, this.#init, words, width, { padding: 0 }),
  );
  readonly #places = this.child("places", new nn.Embedding(this.engine, this.#init, tokens, width));
  readonly #dropout = this.child("dropout", new nn.Dropout(this.engine, this.#init, { rate: 0.2 }));
  readonly #first = this.child(
    "first",
    new nn.TransformerBlock(this.engine, this.#init, { width, heads: 4, hidden: 24, activation: "gelu" }),
  );
  readonly #second = this.child(
    "second",
    new nn.TransformerBlock(this.engine, this.#init, { width, heads: 2, hidden: 24, normFirst: true }),
  );
  readonly #head = this.child("head", new nn.Linear(this.engine, this.#init, width, topics));

  loss(step: () => number): Tensor {
    const { engine } = this;
    const table = (value: (text: number, token: number) => number): number[] =>
      Array.from({ length: texts * tokens }, (_, i) => value(Math.floor(i / tokens), i % tokens));
    const numbers = engine.feed(
      () => Uint32Array.from(table((text, token) => wordOf(step(), text, token))),
      [texts, tokens],
      "u32",
    );
    const mask = engine.feed(
      () => Float32Array.from(table((text, token) => (token < lengthOf(step(), text) ? 0 : -Infinity))),
      [texts, 1, 1, tokens],
    );
    const classes = engine.feed(
      () => Uint32Array.from({ length: texts }, (_, text) => topicOf(step(), text)),
      [texts],
      "u32",
    );
    const logits = this.forward(numbers, "training", mask);
    return crossEntropy(logits, classes, { labelSmoothing: 0.1 });
  }

  override forward(numbers: Tensor, mode: nn.Mode, mask?: Tensor): Tensor {
    const order = this.engine.feed(() => Uint32Array.from({ length: tokens }, (_, i) => i), [tokens], "u32");
    const embedded = add(this.#words.forward(numbers), this.#places.forward(order));
    const options = mask === undefined ? {} : { mask };
    const first = this.#first.forward(this.#dropout.forward(embedded, mode), mode, options);
    const second = this.#second.forward(first, mode, options);
    return this.#head.forward(mean(second, { axes: [1] }));
  }
}

const [images, side, kinds, outside] = [2, 12, 3, 255];

/** Pixels brighter than their image is dark are of class 1 or 2; those along an edge are not labelled. */
const kindOf = (value: number, pixel: number): number => {
  const [row, column] = [Math.floor(pixel / side) % side, pixel % side];
  if (row === 0 || column === side - 1) return outside;
  return value > 0.5 ? 2 : value > -0.5 ? 1 : 0;
};

/** Two levels down and up again: one way up is a transposed convolution, the other bilinear resizing; and their skips. */
class SmallUnet extends Learner {
  readonly #init = new nn.Initialiser(this.engine, 8);
  readonly #top = this.child(
    "top",
    new nn.Sequential(this.engine, [
      new nn.Conv2d(this.engine, this.#init, 1, 6, { kernel: 3, bias: true }),
      new nn.BatchNorm(this.engine, 6),
      relu,
    ]),
  );
  readonly #middle = this.child(
    "middle",
    new nn.Sequential(this.engine, [
      new nn.MaxPool2d(this.engine, { window: 2 }),
      new nn.Conv2d(this.engine, this.#init, 6, 8, { kernel: 3, bias: true }),
      new nn.GroupNorm(this.engine, 4, 8),
      relu,
    ]),
  );
  readonly #bottom = this.child(
    "bottom",
    new nn.Sequential(this.engine, [
      new nn.MaxPool2d(this.engine, { window: 2 }),
      new nn.Conv2d(this.engine, this.#init, 8, 8, { kernel: 3, groups: 8, bias: true }),
      relu,
      new nn.Upsample(this.engine, { scale: 2, method: "bilinear" }),
    ]),
  );
  readonly #up = this.child(
    "up",
    new nn.ConvTranspose2d(this.engine, this.#init, 16, 6, { kernel: 2, bias: true }),
  );
  readonly #out = this.child(
    "out",
    new nn.Conv2d(this.engine, this.#init, 12, kinds, { kernel: 1, bias: true }),
  );

  loss(step: () => number): Tensor {
    const shape = [images, side, side, 1];
    const pixels = (): Float32Array => Float32Array.from(normal(shape, 100 + step()).data);
    const x = this.engine.feed(pixels, shape);
    const labels = this.engine.feed(() => Uint32Array.from(pixels(), kindOf), [images, side, side], "u32");
    return crossEntropy(this.forward(x, "training"), labels, { ignore: outside });
  }

  override forward(x: Tensor, mode: nn.Mode): Tensor {
    const skip = this.#top.forward(x, mode);
    const middle = this.#middle.forward(skip, mode);
    const below = concatChannels([middle, this.#bottom.forward(middle, mode)]);
    return this.#out.forward(concatChannels([skip, this.#up.forward(below)]));
  }
}

interface Trajectory {
  readonly losses: number[];
  /** Parameters, running statistics and counters after the last step. */
  readonly state: Map<string, number[]>;
}

async function trajectory(
  engine: Engine,
  make: (engine: Engine) => Learner,
  { count, recorded, epsilon = 1e-8 }: { count: number; recorded: boolean; epsilon?: number },
): Promise<Trajectory> {
  const net = make(engine);
  const parameters = [...net.parameters().values()];
  using optimiser = new Adam(parameters, { learningRate: 2e-3, epsilon });
  let index = 0;
  const step = (): Tensor => {
    const { value, gradients } = valueAndGradients(() => net.loss(() => index), parameters);
    optimiser.step(gradients);
    return value;
  };
  using program = recorded ? await engine.record(step) : undefined;
  const losses: number[] = [];
  for (; index < count; index++) {
    program?.run();
    using loss = program === undefined ? engine.scope(step) : undefined;
    losses.push((await (loss ?? program?.result)?.item()) ?? NaN);
  }
  const state = new Map<string, number[]>();
  for (const [name, { tensor }] of net.state()) state.set(name, Array.from(await tensor.read()));
  net.dispose();
  return { losses, state };
}

describe.each([
  ["a transformer", (engine: Engine) => new TextClassifier(engine)],
  ["a U-Net", (engine: Engine) => new SmallUnet(engine)],
] as const)("%s", (_, make) => {
  const gpu = useEngine({ device: "webgpu" });
  const reference = useEngine({ device: "reference" });

  test("after one step everything on the GPU is the reference's, to rounding", async () => {
    // Adam's usual epsilon would leave the signs of the gradients alone. This one is of their size, so that a factor shows too.
    const way = { count: 1, recorded: true, epsilon: 1e-2 };
    const [found, wanted] = [await trajectory(gpu(), make, way), await trajectory(reference(), make, way)];
    expect([...found.state.keys()]).toEqual([...wanted.state.keys()]);
    for (const [name, golden] of wanted.state) {
      // Measured on lavapipe in November 2026: at most 1.3e-7. A gradient of half its size would show as 3e-4.
      golden.forEach((value, i) => {
        expect(Math.abs(value - (found.state.get(name)?.[i] ?? NaN)), `${name}[${i}]`).toBeLessThan(
          2e-6 * Math.max(1, Math.abs(value)),
        );
      });
    }
  });

  test("the losses of 20 recorded steps on the GPU follow the float64 reference, and direct steps have the same bits", async () => {
    const way = { count: steps, recorded: true };
    const [found, wanted] = [await trajectory(gpu(), make, way), await trajectory(reference(), make, way)];
    expect(new Set(found.losses).size).toBe(steps);
    found.losses.forEach((loss, step) => {
      const golden = wanted.losses[step] ?? NaN;
      // Measured on lavapipe in November 2026: 1.1e-7 at the first step, 5e-7 at the worst.
      expect(Math.abs(loss - golden) / golden, `step ${step + 1}`).toBeLessThan(step === 0 ? 2e-6 : 1e-5);
    });
    expect(await trajectory(gpu(), make, { count: steps, recorded: false })).toEqual(found);
  });
});
