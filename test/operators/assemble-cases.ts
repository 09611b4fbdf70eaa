// Cases of Label-Assemble's loss, and what the operator makes of them on every backend.

import { expect } from "vitest";
import { lossOperators, type AssembleLossAttributes } from "../../src/operators/losses/index.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";
import { paper } from "./samples/losses.ts";

/** An engine of each way to compute the loss, for the tests of the file that asks. */
export const useBackends = () =>
  [
    ["the reference", useEngine({ device: "reference" })],
    // At these sizes the rule takes the fused kernel.
    ["WebGPU, by the rule", useEngine({ device: "webgpu" })],
    ["WebGPU, in rows", useEngine({ device: "webgpu", candidates: { assembleLoss: "rows" } })],
  ] as const;

export const [batch, classes, features] = [5, 6, 7];
export const absent = 255;

export interface Case {
  readonly weak: Float64Array;
  readonly strong: Float64Array;
  readonly theta: Float64Array;
  readonly bias: Float64Array;
  readonly states: Uint8Array;
  readonly weights: readonly [number, number];
}

/** Five images of six classes: the last image and the last class have no label, others are mixed. */
export function mixed(): Case {
  const states = Uint8Array.from({ length: batch * classes }, (_, i) => {
    const [image, kind] = [Math.floor(i / classes), i % classes];
    return image === batch - 1 || kind === classes - 1 ? absent : [0, 1, absent][(image + 2 * kind) % 3];
  });
  const drawn = (count: number, seed: number): Float64Array => Float64Array.from(normal([count], seed).data);
  return {
    weak: drawn(batch * features, 1),
    strong: drawn(batch * features, 2),
    theta: drawn(classes * features, 3),
    bias: drawn(classes, 4),
    states,
    weights: [0.7, 1.3],
  };
}

export interface Result {
  readonly total: number;
  readonly parts: readonly number[];
  readonly weakGradient: readonly number[];
  readonly strongGradient: readonly number[];
}

/** The six inputs, in order. */
export function tensorsOf(engine: Engine, given: Case) {
  const kinds = given.bias.length;
  const images = given.states.length / kinds;
  const depth = given.theta.length / kinds;
  return [
    engine.tensor(given.weak, [images, depth]),
    engine.tensor(given.strong, [images, depth]),
    engine.tensor(given.theta, [kinds, depth]),
    engine.tensor(given.bias),
    engine.tensor(given.states, [images, kinds]),
    engine.tensor(given.weights),
  ] as const;
}

/** What the operator gives: the public function keeps the gradients of the logits to itself. */
export async function run(
  engine: Engine,
  given: Case,
  options: Partial<AssembleLossAttributes> = {},
): Promise<Result> {
  const attributes = { ...paper, ...options };
  const outputs = engine.run(lossOperators.assembleLoss, tensorsOf(engine, given), attributes);
  const [total, losses, gradients] = await Promise.all(
    outputs.map(async (tensor) => Array.from(await tensor.read())),
  );
  expect(total).toEqual(losses.slice(0, 1));
  const entries = given.states.length;
  return {
    total: total[0],
    parts: losses.slice(1),
    weakGradient: gradients.slice(0, entries),
    strongGradient: gradients.slice(entries),
  };
}

/** Logits [B, K] are given: as features, of which each class takes its own. */
export function atLogits(
  weak: readonly number[],
  strong: readonly number[],
  states: readonly number[],
  kinds = 1,
): Case {
  return {
    weak: Float64Array.from(weak),
    strong: Float64Array.from(strong),
    theta: Float64Array.from({ length: kinds * kinds }, (_, i) => (i % (kinds + 1) === 0 ? 1 : 0)),
    bias: new Float64Array(kinds),
    states: Uint8Array.from(states),
    weights: [1, 1],
  };
}

export const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
export const sharpened = (a: number, t = 4): number => (a > 0.5 ? a + (1 - a) / t : a - a / t);
