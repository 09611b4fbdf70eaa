// A task of a dozen weights, two terms and two variants: a line through noisy points.

import { Module, type Mode } from "../../src/nn/module.ts";
import { Dropout } from "../../src/nn/layers/dropout-layer.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { add, affine, multiply, subtract } from "../../src/functions/elementwise.ts";
import { concat, reshape } from "../../src/functions/movement.ts";
import { mean } from "../../src/functions/reduction.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Judgement, Task } from "../../src/training/task.ts";

export class Line extends Module {
  readonly linear: Linear;
  readonly drop: Dropout | undefined;

  /** @param drop of the coordinates, in training; 0 makes no layer */
  constructor(engine: Engine, drop = 0) {
    super(engine);
    const init = new Initialiser(engine, 5);
    this.linear = this.child("linear", new Linear(engine, init, 3, 1));
    this.drop = drop === 0 ? undefined : this.child("drop", new Dropout(engine, init, { rate: drop }));
  }

  forward(x: Tensor, mode: Mode = "inference"): Tensor {
    return this.linear.forward(this.drop?.forward(x, mode) ?? x);
  }
}

export interface LineInputs {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

type LineTask = Task<LineInputs, Judgement<{ readonly closeness: number }>, Line>;

const batch = 8;

/** Points of a step, which follow from its number. */
function points(step: number): LineInputs {
  const random = randomStream(1, "points", step);
  const x = Float32Array.from({ length: 3 * batch }, () => random.between(-1, 1));
  const y = Float32Array.from({ length: batch }, (_, i) => {
    return 2 * x[3 * i] - x[3 * i + 1] + 0.5 + random.between(-0.1, 0.1);
  });
  return { x, y };
}

/** Squares alone up to step `alone`, then with a part of the predictions' squares. */
export function lineTask(engine: Engine, { alone = 4, stepsPerEpoch = 6, drop = 0 } = {}): LineTask {
  const module = new Line(engine, drop);
  return {
    module,
    twin: () => new Line(engine, drop),
    terms: ["total", "squares", "size"],
    watchedTerm: "squares",
    stepsPerEpoch,
    variantAt: (step) => (step <= alone ? "alone" : "both"),
    silentTerms: (variant) => (variant === "alone" ? ["size"] : []),
    losses(variant, inputs) {
      const x = engine.feed(() => inputs().x, [batch, 3]);
      const y = engine.feed(() => inputs().y, [batch, 1]);
      const guess = module.forward(x, "training");
      const apart = subtract(guess, y);
      const squares = mean(multiply(apart, apart));
      const size = mean(multiply(guess, guess));
      const total = variant === "alone" ? squares : add(squares, affine(size, 0.01));
      return {
        total,
        losses: concat(
          [total, squares, size].map((each) => reshape(each, [1])),
          0,
        ),
      };
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- the contract is that of data which is read from a disk
    async *inputs(first, count) {
      for (let step = first; step < first + count; step++) yield points(step);
    },
    parts: ["validation", "test"],
    async judge(line, part) {
      const { x, y } = points(part === "test" ? 1e6 : 2e6);
      using guess = engine.scope(() => line.forward(engine.tensor(x, [batch, 3])));
      const values = await guess.read();
      const error = y.reduce((sum, value, i) => sum + Math.abs(value - values[i]), 0) / batch;
      const closeness = 1 / (1 + error);
      return { score: closeness, report: { closeness } };
    },
    settings: { batch, alone },
    data: "points of stream 1",
  };
}
