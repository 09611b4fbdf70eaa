// Temperature scaling (Guo, Pleiss, Sun and Weinberger, 2017): one number that all logits are divided by, so that probabilities mean
// what they say. It changes no order, and so no AUC.

import { bytes, described, expectArgument, numbersInOrder, type Requirement } from "../errors/arguments.ts";
import { ShapeError, UsageError } from "../errors/errors.ts";
import { targetOf } from "../labels/states.ts";

export interface FittedTemperature {
  readonly temperature: number;
  /** Labelled entries that it was fitted on. */
  readonly entries: number;
  /** Their mean negative log likelihood at temperature 1, and at this one. */
  readonly before: number;
  readonly after: number;
}

const f32Numbers: Requirement = {
  words: "a Float32Array",
  fits: (value) => value instanceof Float32Array,
};

/** Further out nothing is calibrated: all probabilities are one half, or 0 and 1. */
const limits = [1 / 64, 64] as const;

/**
 * The temperature that makes the mean negative log likelihood of the labelled entries, log(1 + exp(z / T)) - y z / T, the smallest. An
 * absent entry counts for nothing, a soft label y as it is. The likelihood is convex in 1 / T, so that there is one answer. It is one
 * temperature for all classes: a class that few images are labelled of could not fit its own, and classes that stand below others keep
 * their order.
 *
 * @param logits [N] of any images and classes
 * @param states [N] label states
 * @throws UsageError where no temperature from 1/64 to 64 is the best: without labels, where the logits are on the wrong side more
 *   often than on the right one, and where every label is on the right side of zero
 */
export function fitTemperature(logits: ArrayLike<number>, states: Uint8Array): FittedTemperature {
  const what = "fitTemperature";
  expectArgument(what, "the logits", logits, numbersInOrder);
  expectArgument(what, "the label states", states, bytes);
  if (logits.length !== states.length)
    throw new ShapeError(`${what}: ${logits.length} logits for ${states.length} label states`);
  const known: { readonly z: number; readonly y: number }[] = [];
  for (let i = 0; i < logits.length; i++) {
    const y = targetOf(states[i]);
    if (y !== undefined) known.push({ z: logits[i], y });
  }
  if (known.length === 0) throw new UsageError("no temperature fits: no entry is labelled");
  const loss = (inverse: number): number =>
    known.reduce((sum, { z, y }) => sum + softplus(inverse * z) - y * inverse * z, 0) / known.length;
  /** Of the loss, by 1 / T: it rises from left to right. */
  const slope = (inverse: number): number =>
    known.reduce((sum, { z, y }) => sum + z * (1 / (1 + Math.exp(-inverse * z)) - y), 0);
  let [low, high] = [1 / limits[1], 1 / limits[0]];
  if (slope(low) >= 0) {
    throw new UsageError(
      "no temperature fits: the logits say nothing of these labels, or the opposite; train longer, or look at the labels",
    );
  }
  if (slope(high) <= 0) {
    throw new UsageError(
      `no temperature fits: the ${known.length} labelled entries are all on the right side, so that any sharper one is better; ` +
        "take more validation images",
    );
  }
  // Halves the interval in ratio: 60 times leave less than two neighbouring numbers.
  for (let i = 0; i < 60; i++) {
    const middle = Math.sqrt(low * high);
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  const inverse = Math.sqrt(low * high);
  return { temperature: 1 / inverse, entries: known.length, before: loss(1), after: loss(inverse) };
}

/** log(1 + exp(x)) without overflow. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/**
 * Logits divided by a temperature, as f32: their order stays, and a temperature of 1 changes no bit.
 * @throws UsageError for a temperature that is no positive number
 */
export function tempered(logits: Float32Array, temperature: number): Float32Array {
  expectArgument("tempered", "the logits", logits, f32Numbers);
  if (typeof temperature !== "number" || !(temperature > 0 && temperature < Infinity)) {
    throw new UsageError(`tempered: a temperature is a positive number, not ${described(temperature)}`);
  }
  return temperature === 1 ? logits : logits.map((z) => z / temperature);
}
