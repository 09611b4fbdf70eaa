// The AUC-margin loss: its min-max form, classes without both kinds, and both ends of the logits.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { aucMargin } from "../../src/functions/losses.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { absent, sigmoid } from "./assemble-cases.ts";

const backends = [
  ["the reference", useEngine({ device: "reference" })],
  ["WebGPU", useEngine({ device: "webgpu" })],
] as const;

/** The loss at logits of one or more classes, and its slopes. */
async function at(
  engine: Engine,
  logits: readonly number[],
  states: readonly number[],
  kinds = 1,
  margin = 1,
) {
  const features = engine.tensor(logits, [logits.length / kinds, kinds]);
  const identity = Array.from({ length: kinds * kinds }, (_, i) => (i % (kinds + 1) === 0 ? 1 : 0));
  const theta = engine.tensor(identity, [kinds, kinds]);
  const labels = engine.tensor(Uint8Array.from(states), [states.length / kinds, kinds], "u8");
  const loss = () => aucMargin(features, theta, engine.zeros([kinds]), labels, { margin });
  const { value, gradients } = valueAndGradients(loss, [features]);
  return { loss: (await value.read())[0], slopes: Array.from(await gradients[0].read()) };
}

/** LibAUC's loss of given a, b and alpha, per kind: what its optimiser lowers in a and b and raises in alpha. */
const ofParameters = (
  positives: readonly number[],
  negatives: readonly number[],
  a: number,
  b: number,
  alpha: number,
) => {
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const gap = 1 + mean(negatives) - mean(positives);
  return (
    mean(positives.map((h) => (h - a) ** 2)) +
    mean(negatives.map((h) => (h - b) ** 2)) +
    2 * alpha * gap -
    alpha ** 2
  );
};

describe.each(backends)("the AUC margin on %s", (_, engine) => {
  const logits = [0.4, -0.2, 1.3, -1.1, 0.1];
  const states = [1, 0, 1, 0, 0];

  test("is LibAUC's loss at its best a, b and alpha", async () => {
    const { loss } = await at(engine(), logits, states);
    const h = logits.map(sigmoid);
    const [positives, negatives] = [1, 0].map((kind) => h.filter((__, i) => states[i] === kind));
    const mean = (list: readonly number[]): number =>
      list.reduce((sum, value) => sum + value, 0) / list.length;
    const [a, b] = [mean(positives), mean(negatives)];
    const best = 1 + b - a;
    expect(loss).toBeCloseTo(ofParameters(positives, negatives, a, b, best), 5);
    for (const step of [-0.05, 0.05]) {
      expect(ofParameters(positives, negatives, a + step, b, best)).toBeGreaterThan(loss);
      expect(ofParameters(positives, negatives, a, b + step, best)).toBeGreaterThan(loss);
      expect(ofParameters(positives, negatives, a, b, best + step)).toBeLessThan(loss);
    }
  });

  test("a class without both kinds counts for nothing, and absent labels change no bit", async () => {
    const alone = await at(engine(), logits, states);
    const rows = logits.flatMap((z, i) => [z, 3 * z, [7, -7][i % 2]]);
    const three = await at(
      engine(),
      rows,
      states.flatMap((state) => [state, 1, absent]),
      3,
    );
    expect(three.loss).toBeCloseTo(alone.loss, 6);
    three.slopes.forEach((slope, i) => {
      if (i % 3 === 0) expect(slope).toBeCloseTo(alone.slopes[i / 3], 6);
      else expect(slope).toBe(0);
    });
    const more = await at(engine(), [...logits, 5], [...states, absent]);
    expect(more.loss).toBe(alone.loss);
    expect(await at(engine(), [1, 2], [1, absent])).toEqual({ loss: 0, slopes: [0, 0] });
  });

  test("past the margin only the spread is left", async () => {
    const apart = [3, -3, 4, -4];
    const { loss } = await at(engine(), apart, [1, 0, 1, 0], 1, 0.5);
    const spread = ((sigmoid(4) - sigmoid(3)) / 2) ** 2;
    expect(loss).toBeCloseTo(2 * spread, 6);
  });

  test("logits of 10,000 give a finite loss and finite slopes", async () => {
    const { loss, slopes } = await at(engine(), [1e4, -1e4, 1e4, -1e4, 0], [1, 1, 0, 0, 140]);
    expect([loss, ...slopes].every(Number.isFinite)).toBe(true);
    // Surely right: what is left of the loss has the digits of 1 - h.
    const sure = await at(engine(), [12, -12], [1, 0]);
    expect(sure.loss / (4 * sigmoid(-12) ** 2)).toBeCloseTo(1, 4);
  });
});
