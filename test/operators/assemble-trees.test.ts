// Label-Assemble's loss where classes stand below other classes: group losses worked out by hand, which entries make a group,
// both tails of the logits, and that nothing changes without one.

import { describe, expect, test } from "vitest";
import { lossOperators, type AssembleLossAttributes } from "../../src/operators/losses/index.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import {
  absent,
  atLogits,
  mixed,
  run,
  sigmoid,
  tensorsOf,
  useBackends,
  type Case,
} from "./assemble-cases.ts";
import { paper } from "./samples/losses.ts";

const backends = useBackends();

/** What the operator gives with the class above each class; -1 for none. */
async function withParents(
  engine: Engine,
  given: Case,
  parents: readonly number[],
  options: Partial<AssembleLossAttributes> = {},
): Promise<{ readonly bce: number; readonly all: readonly number[]; readonly gradients: readonly number[] }> {
  const above = engine.tensor(Uint32Array.from(parents), [parents.length], "u32");
  const inputs = [...tensorsOf(engine, given), above];
  const outputs = engine.run(lossOperators.assembleLoss, inputs, { ...paper, ...options });
  const [, losses, gradients] = await Promise.all(
    outputs.map(async (tensor) => Array.from(await tensor.read())),
  );
  return { bce: losses[1], all: [...losses, ...gradients], gradients };
}

const close = (found: readonly number[], expected: readonly number[], digits = 6): void => {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], digits));
};

/** One image: a class with logit 0 and its children, the supervised loss alone. */
const family = (children: readonly number[], states: readonly number[], parent = 1): Case => ({
  ...atLogits([0, ...children], [0, ...children], [parent, ...states], children.length + 1),
  weights: [0, 0],
});
const below = (count: number): number[] => [-1, ...new Array<number>(count).fill(0)];
const ofParent = Math.LN2; // a positive label at a logit of 0

describe.each(backends)("a positive class with unlabelled children on %s", (_, engine) => {
  test("teaches that one of them is there: -ln(1 - .5 .5), and half of what would be one more label", async () => {
    const { bce, gradients } = await withParents(engine(), family([0, 0], [absent, absent]), below(2));
    // ln 2 of the parent and -ln .75 = .2876821 of the group, over two entries.
    expect(bce).toBeCloseTo((ofParent + 0.2876821) / 2, 6);
    // -.5 of the parent; -a q / (1 - q) = -.5 .25 / .75 = -1/6 of each child; all over two.
    close(gradients.slice(0, 3), [-0.25, -1 / 12, -1 / 12]);
    close(gradients.slice(3), [0, 0, 0]);
  });

  test("leaves negative children out, and lets a soft one be the one that is there", async () => {
    const negative = await withParents(engine(), family([0, 0], [0, absent]), below(2));
    // ln 2 of the parent, of the negative child, and -ln .5 of the group of one.
    expect(negative.bce).toBeCloseTo((3 * Math.LN2) / 3, 6);
    // The group's child is taught like a positive one.
    close(negative.gradients.slice(0, 3), [-0.5 / 3, 0.5 / 3, -0.5 / 3]);
    const soft = await withParents(engine(), family([0, 0], [160, absent]), below(2));
    // The soft child's own cross entropy at 0 is ln 2; the group is -ln(1 - .4 .5) = -ln .8 = .2231436.
    expect(soft.bce).toBeCloseTo((2 * Math.LN2 + 0.2231436) / 3, 6);
    // (.5 - .6) / 3 of its own label; -.5 .2 / .8 / 3 of the group for the absent one.
    close(soft.gradients.slice(0, 3), [-0.5 / 3, -0.1 / 3, -0.125 / 3]);
  });

  test.each([
    ["a positive child", [1, absent], 1],
    ["a child that is certainly there", [200, absent], 1],
    ["no absent child", [0, 0], 1],
    ["a negative parent", [absent, absent], 0],
    ["a parent without a label", [absent, 0], absent],
    ["a parent that is only likely", [absent, absent], 199],
  ])("%s makes no group: no bit changes", async (_name, states, parent) => {
    const given = family([0.3, -0.7], states, parent);
    const plain = await run(engine(), given);
    const { all } = await withParents(engine(), given, below(2));
    expect(all).toEqual([plain.total, ...plain.parts, ...plain.weakGradient, ...plain.strongGradient]);
  });

  test("a tree without any edge changes no bit", async () => {
    const given = mixed();
    for (const options of [{}, { unsupervisedOn: "all", stopGradient: false, strongShare: 0.5 }] as const) {
      const plain = await run(engine(), given, options);
      const { all } = await withParents(engine(), given, [-1, -1, -1, -1, -1, -1], options);
      expect(all).toEqual([plain.total, ...plain.parts, ...plain.weakGradient, ...plain.strongGradient]);
    }
  });

  test("groups are of one level, and parents may stand behind their children", async () => {
    // Class 2 is above 0 and 1; 0 is above 3. The group is of 0 and 1 alone, at logits .4 and -.8.
    const given: Case = {
      ...atLogits([0.4, -0.8, 0, 2], [0, 0, 0, 0], [absent, absent, 1, absent], 4),
      weights: [0, 0],
    };
    const { bce, gradients } = await withParents(engine(), given, [2, 2, -1, 0]);
    const [a, b] = [sigmoid(0.4), sigmoid(-0.8)];
    const none = (1 - a) * (1 - b);
    expect(bce).toBeCloseTo((Math.LN2 - Math.log(1 - none)) / 2, 6);
    const slope = (p: number): number => (-p * none) / (1 - none) / 2;
    close(gradients.slice(0, 4), [slope(a), slope(b), -0.25, 0]);
  });

  test("views weigh as for labels, and batch divides by images", async () => {
    const given: Case = {
      ...atLogits([0, 1, -1], [0, -2, 0.5], [1, absent, absent], 3),
      weights: [0, 0],
    };
    const g = (u: number, v: number): number => -Math.log(1 - (1 - sigmoid(u)) * (1 - sigmoid(v)));
    const expected = ofParent + 0.3 * g(-2, 0.5) + 0.7 * g(1, -1);
    const entries = await withParents(engine(), given, below(2), { strongShare: 0.3 });
    expect(entries.bce).toBeCloseTo(expected / 2, 6);
    const images = await withParents(engine(), given, below(2), { strongShare: 0.3, normalise: "batch" });
    expect(images.bce).toBeCloseTo(expected, 6);
    close(
      images.gradients,
      entries.gradients.map((value) => 2 * value),
    );
  });

  test("stable at both ends: 100 - ln 2 where two children are at -100, and nothing left to teach at 100", async () => {
    const low = await withParents(engine(), family([-100, -100], [absent, absent]), below(2));
    expect(low.bce).toBeCloseTo((ofParent + 100 - Math.LN2) / 2, 4);
    close(low.gradients.slice(1, 3), [-0.25, -0.25]);
    // The nearer of two takes the slope, as in a softmax: 1 / (1 + exp(-3)) of it.
    const uneven = await withParents(engine(), family([-97, -100], [absent, absent]), below(2));
    close(uneven.gradients.slice(1, 3), [-0.5 * sigmoid(3), -0.5 * sigmoid(-3)]);
    const high = await withParents(engine(), family([100, -100], [absent, absent]), below(2));
    expect(high.bce).toBeCloseTo(ofParent / 2, 6);
    close(high.gradients.slice(1, 3), [0, 0]);
    // A small loss keeps its digits: exp(-S) with S = softplus(9) + softplus(8) = 17.0004588.
    const sure = await withParents(engine(), { ...family([9, 8], [absent, absent], 200) }, below(2), {
      normalise: "batch",
    });
    expect(Math.abs(sure.gradients[1] / (-sigmoid(9) * Math.exp(-17.0004588)) - 1)).toBeLessThan(1e-5);
  });

  test("the order of the classes does not matter", async () => {
    const [logits, states] = [
      [0.2, -1.1, 0.7, 1.9, -0.3],
      [1, absent, absent, 0, absent],
    ];
    const parents = [-1, 0, 0, 0, 2];
    const order = [3, 4, 0, 2, 1];
    const given = (list: readonly number[]): number[] => order.map((k) => list[k]);
    const first = await withParents(
      engine(),
      { ...atLogits(logits, logits, states, 5), weights: [0.7, 1] },
      parents,
    );
    const second = await withParents(
      engine(),
      { ...atLogits(given(logits), given(logits), given(states), 5), weights: [0.7, 1] },
      given(parents).map((parent) => order.indexOf(parent)),
    );
    expect(second.bce).toBeCloseTo(first.bce, 6);
    close(second.gradients.slice(0, 5), given(first.gradients.slice(0, 5)));
  });
});
