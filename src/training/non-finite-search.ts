// Where a number that is not finite begins: in the data, in the weights, in the forward pass or in a gradient, found by taking the step
// once more, operator by operator.

import { noGradient } from "../autograd/functions.ts";
import type { NonFiniteOrigin } from "../errors/training-errors.ts";
import { sum } from "../functions/reduction.ts";
import { readWeights } from "../nn/weights.ts";
import { nonFiniteIn } from "../tensor/held.ts";
import type { Module } from "../nn/module.ts";
import type { Engine, InspectedCall } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { showShape } from "../tensor/shape.ts";
import { optimisationStep } from "./optimisation-step.ts";
import type { StepLosses } from "./task.ts";

/** A step that can be taken once more, from the weights that it was taken with. */
export interface SearchedStep {
  readonly module: Module;
  readonly terms: readonly string[];
  readonly parameters: readonly (Tensor | undefined)[];
  readonly lossScale: number;
  readonly losses: () => StepLosses;
}

/** What was found: of which kind, in words, and in which rows of the batch. */
export interface NonFiniteOrigins {
  readonly origin: NonFiniteOrigin;
  readonly words: string;
  /** Of the batch, where the number is in some rows of it alone. */
  readonly rows: readonly number[];
}

/** Takes the step once more, without changing a weight. @returns undefined where all its numbers are finite */
export async function searchStep(step: SearchedStep): Promise<NonFiniteOrigins | undefined> {
  const begin = nonFiniteIn(await readWeights(step.module));
  if (begin !== undefined) return { origin: "weights", words: begin, rows: [] };
  // A sum tells whether all is finite in four bytes; one that is too large without that is looked at as a whole, and passed over.
  for (const [index, { tensor, total, words, origin }] of watch(step).entries()) {
    if (Number.isFinite((await total)[0])) continue;
    const whole = await readWhole(step, index);
    const first = whole.findIndex((value) => !Number.isFinite(value));
    if (first >= 0) return { origin, words: `${words} has ${whole[first]}`, rows: rowsOf(whole, tensor) };
  }
  return undefined;
}

interface Seen {
  readonly tensor: { readonly shape: readonly number[] };
  readonly total: Promise<ArrayLike<number>>;
  readonly words: string;
  readonly origin: NonFiniteOrigin;
}

/** Every f32 tensor that a step reads or makes, in their order, with the sum of its values. */
function watch(step: SearchedStep): Seen[] {
  const { engine } = step.module;
  const seen: Seen[] = [];
  each(step, (tensor, words, origin) => {
    const total = totalOf(engine, tensor);
    total.catch(() => undefined); // whoever looks at it sees the error
    seen.push({ tensor: { shape: tensor.shape }, total, words, origin });
  });
  return seen;
}

function totalOf(engine: Engine, tensor: Tensor): Promise<ArrayLike<number>> {
  const total = noGradient(engine, () => sum(tensor));
  const values = total.read();
  total.dispose();
  return values;
}

/** All values of the tensor that was looked at as number `index`. */
async function readWhole(step: SearchedStep, index: number): Promise<Float32Array> {
  let values: Promise<ArrayLike<number>> | undefined;
  let at = 0;
  each(step, (tensor) => {
    if (at++ === index) values = tensor.read();
  });
  return Float32Array.from((await values) ?? []);
}

/** Tells of the tensors of a step once each, in their order: inputs that no operator made before those that one makes. */
function each(
  step: SearchedStep,
  tell: (tensor: Tensor, words: string, origin: NonFiniteOrigin) => void,
): void {
  const own = new Set<Tensor>();
  const { engine } = step.module;
  // What weights had a part in: all else follows from the data alone.
  const learned = new Set<unknown>([...step.module.state().values()].map(({ tensor }) => tensor.storage));
  const inspect = ({ operator, inputs, outputs, phase }: InspectedCall): void => {
    engine.inspector = undefined;
    for (const tensor of inputs) {
      if (tensor.dtype !== "f32" || own.has(tensor) || learned.has(tensor.storage)) continue;
      own.add(tensor);
      tell(tensor, `what ${operator.name} ${showShape(tensor.shape)} takes in`, "data");
    }
    const isLearned = inputs.some(({ storage }) => learned.has(storage));
    const origin = !isLearned ? "data" : phase === "forward" ? "loss" : "gradient";
    for (const tensor of outputs) {
      own.add(tensor);
      if (isLearned) learned.add(tensor.storage);
      if (tensor.dtype === "f32")
        tell(tensor, `what ${operator.name} gives, ${showShape(tensor.shape)},`, origin);
    }
    engine.inspector = inspect;
  };
  engine.inspector = inspect;
  try {
    const keepsWeights = { step: () => undefined };
    const { module, terms, losses, parameters, lossScale } = step;
    optimisationStep(module, keepsWeights, terms, losses, parameters, lossScale).dispose();
  } finally {
    engine.inspector = undefined;
  }
}

/** The rows of a batch where a tensor is not finite; none where it is in all of them, or the tensor has none. */
function rowsOf(values: Float32Array, { shape }: Seen["tensor"]): number[] {
  const [rows = 1] = shape;
  const width = values.length / rows;
  const bad = Array.from({ length: rows }, (_, row) => row).filter(
    (row) => !values.subarray(row * width, (row + 1) * width).every((value) => Number.isFinite(value)),
  );
  return shape.length < 2 || bad.length === rows ? [] : bad;
}
