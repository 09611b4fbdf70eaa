// Given labels by other losses than their cross entropy: the formulae of their papers, both ends of the logits, and what an
// unused option leaves alone.

import { describe, expect, test } from "vitest";
import { assembleLoss } from "../../src/functions/losses.ts";
import { lossOperators, type LabelAttributes } from "../../src/operators/losses/index.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { absent, atLogits, mixed, sigmoid, tensorsOf, type Case } from "./assemble-cases.ts";
import { paper } from "./samples/losses.ts";
import { asymmetric, plainLabels } from "./samples/shaped-losses.ts";

const backends = [
  ["the reference", useEngine({ device: "reference" })],
  ["WebGPU", useEngine({ device: "webgpu" })],
] as const;

/** The supervised loss and the gradients of the weak view's logits. */
async function taught(
  engine: Engine,
  given: Case,
  labels: LabelAttributes,
  positiveWeights: readonly number[] = given.theta.length === 1 ? [1] : [1, 1],
) {
  const inputs = [...tensorsOf(engine, given), ...(labels.weighted ? [engine.tensor(positiveWeights)] : [])];
  const outputs = engine.run(lossOperators.assembleLoss, inputs, { ...paper, labels });
  const [, losses, gradients] = await Promise.all(
    outputs.map(async (tensor) => Array.from(await tensor.read())),
  );
  return { bce: losses[1], losses, gradients };
}

const alone = (logits: readonly number[], states: readonly number[], kinds = 1): Case => ({
  ...atLogits(logits, logits, states, kinds),
  weights: [0, 0],
});

describe.each(backends)("given labels by other losses on %s", (_, engine) => {
  test("focal loss is (1 - p)^gamma (-log p) of the probability of the right answer", async () => {
    const logits = [1.2, -0.4, 0.3, -2];
    const { bce } = await taught(engine(), alone(logits, [1, 0, 0, 1]), {
      ...plainLabels,
      positiveFocus: 2,
      negativeFocus: 2,
    });
    const right = [sigmoid(1.2), sigmoid(0.4), sigmoid(-0.3), sigmoid(-2)];
    const sum = right.reduce((total, p) => total - (1 - p) ** 2 * Math.log(p), 0);
    expect(bce).toBeCloseTo(sum / 4, 6);
  });

  test("asymmetric loss takes the shift from a negative's probability, and nothing is left of a sure one", async () => {
    const labels = { ...plainLabels, positiveFocus: 1, negativeFocus: 4, shift: 0.05 };
    const logits = [1.5, -0.5, -4, 0.7];
    const { bce, gradients } = await taught(engine(), alone(logits, [0, 0, 0, 1]), labels);
    const negatives = [1.5, -0.5].map((z) => sigmoid(z) - 0.05);
    const p = sigmoid(0.7);
    const sum = negatives.reduce((total, b) => total - b ** 4 * Math.log(1 - b), -(1 - p) * Math.log(p));
    expect(bce).toBeCloseTo(sum / 4, 6);
    expect(gradients[2]).toBe(0);
  });

  test("weights multiply what positives teach, a soft label's by its share, and the divisor stays", async () => {
    const { bce, gradients } = await taught(
      engine(),
      alone([0, 0, 0, 0], [1, 0, 140, absent], 2),
      { ...plainLabels, weighted: true },
      [5, 3],
    );
    // Class 0: a positive, 5 ln 2, and .4 of one, 5 .4 ln 2 + .6 ln 2; class 1: a negative, ln 2. Three entries.
    expect(bce).toBeCloseTo(((5 + 2.6 + 1) * Math.LN2) / 3, 6);
    const expected = [-2.5 / 3, 0.5 / 3, (-5 * 0.4 + 0.6) / 2 / 3, 0];
    gradients.slice(0, 4).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
  });

  test("smoothing by e asks for 1 - e / 2 and e / 2", async () => {
    const logits = [2, -1, 0.5];
    const [smoothed, soft] = [
      await taught(engine(), alone(logits, [1, 0, 150]), { ...plainLabels, smoothing: 0.2 }),
      await taught(engine(), alone(logits, [190, 110, 150]), plainLabels),
    ];
    expect(smoothed.bce).toBeCloseTo(soft.bce, 6);
    smoothed.gradients.forEach((value, i) => expect(value).toBeCloseTo(soft.gradients[i], 6));
  });

  test("without weights, powers, shift and smoothing it is cross entropy, and the other losses are what they were", async () => {
    const given = mixed();
    const ones = new Array<number>(given.bias.length).fill(1);
    const shaped = await taught(engine(), given, { ...plainLabels, weighted: true }, ones);
    const outputs = engine().run(lossOperators.assembleLoss, tensorsOf(engine(), given), paper);
    const plain = Array.from(await outputs[1].read());
    shaped.losses.forEach((value, i) => expect(value).toBeCloseTo(plain[i], 5));
  });

  test("labels that do not teach leave the unsupervised losses alone", async () => {
    const given = mixed();
    const without = await taught(engine(), given, { ...plainLabels, taught: false });
    const [total, bce, pseudo, consistency] = without.losses;
    expect(bce).toBe(0);
    expect(pseudo).toBeGreaterThan(0);
    expect(total).toBeCloseTo(0.7 * pseudo + 1.3 * consistency, 5);
    given.states.forEach((state, i) => {
      if (state !== absent) expect(without.gradients[i]).toBe(0);
    });
  });

  test.each([0, 0.05])(
    "logits of 10,000 give finite losses and slopes, with a shift of %d",
    async (shift) => {
      const logits = [1e4, -1e4, 1e4, -1e4, 1e4, -1e4, 100, -100];
      const states = [1, 1, 0, 0, 130, 170, 0, 1];
      for (const power of [0, 0.5, 2]) {
        const labels = { ...asymmetric, positiveFocus: power, negativeFocus: power, shift };
        const { losses, gradients } = await taught(engine(), alone(logits, states), labels, [100]);
        expect([...losses, ...gradients].filter((value) => !Number.isFinite(value))).toEqual([]);
        // The wrong ones are taught, unless a shift lets go of what is surely wrong, as it does of what is surely right.
        expect(gradients[1]).toBeLessThan(0);
        if (shift === 0) expect(gradients[2]).toBeGreaterThan(0);
      }
    },
  );
});

test("options out of range are named", () => {
  const { assembleLoss: operator } = lossOperators;
  const f32 = (...shape: number[]) => ({ shape, dtype: "f32" }) as const;
  const given = [f32(4, 5), f32(4, 5), f32(3, 5), f32(3), { shape: [4, 3], dtype: "u8" } as const, f32(2)];
  const inferred = (labels: Partial<LabelAttributes>) => () =>
    operator.infer(given, { ...paper, labels: { ...plainLabels, ...labels } });
  expect(inferred({ smoothing: 1.5 })).toThrow("assembleLoss: labelSmoothing must be in [0, 1], got 1.5");
  expect(inferred({ shift: 1 })).toThrow("assembleLoss: focus.shift must be in [0, 1), got 1");
  expect(inferred({ negativeFocus: -1 })).toThrow(
    "assembleLoss: focus.negative must be 0 or above, and finite",
  );
  const weighted = { ...paper, labels: { ...plainLabels, weighted: true } };
  expect(() => operator.infer([...given, f32(2)], weighted)).toThrow("positiveWeights must be f32 [3]");
});

describe("as functions", () => {
  const engine = useEngine({ device: "reference" });

  test("options of the function are those of the operator", async () => {
    const [weak, strong, theta, bias, states, weights] = tensorsOf(engine(), mixed());
    const at = (options: Parameters<typeof assembleLoss>[6]) =>
      assembleLoss(weak, strong, theta, bias, states, weights, options).total.read();
    const plain = await at({});
    expect(await at({ focus: {}, labelSmoothing: 0, supervised: true })).toEqual(plain);
    for (const other of [
      { focus: { negative: 2 } },
      { labelSmoothing: 0.1 },
      { supervised: false },
      { positiveWeights: engine().tensor([1, 2, 3, 4, 5, 6]) },
    ]) {
      expect(await at(other)).not.toEqual(plain);
    }
  });

  test("a power that nobody knows is refused", () => {
    const tensors = tensorsOf(engine(), mixed());
    const focus = { gamma: 2 } as object;
    expect(() => assembleLoss(...tensors, { focus })).toThrow(/assembleLoss: focus.*gamma/u);
  });
});
