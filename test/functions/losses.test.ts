// Losses that are made of other functions, against their formulae, and what crossEntropy does with odd classes.

import { expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { binaryCrossEntropyWithLogits, crossEntropy, huberLoss } from "../../src/functions/losses.ts";
import { useEngine } from "../engines.ts";

const open = useEngine({ device: "webgpu" });

test("binary cross entropy keeps both tails, and takes weights", async () => {
  const engine = open();
  const logits = engine.tensor([[100, -100], [0.5, -20]]); // prettier-ignore
  const targets = engine.tensor([[1, 0], [0.25, 1]]); // prettier-ignore
  const plain = await binaryCrossEntropyWithLogits(logits, targets).item();
  expect(plain).toBeCloseTo((Math.log1p(Math.exp(0.5)) - 0.125 + 20) / 4, 5);
  const certain = binaryCrossEntropyWithLogits(engine.tensor([-20]), engine.tensor([0]));
  expect((await certain.item()) / Math.log1p(Math.exp(-20))).toBeCloseTo(1, 5);
  const weights = engine.tensor([[1, 1], [2, 0]]); // prettier-ignore
  const { value, gradients } = valueAndGradients(
    () => binaryCrossEntropyWithLogits(logits, targets, { weights, positiveWeight: 3 }),
    [logits],
  );
  const [below, above] = [Math.log1p(Math.exp(-0.5)), Math.log1p(Math.exp(0.5))];
  expect(await value.item()).toBeCloseTo((2 * (0.75 * below + 0.75 * above)) / 4, 5);
  const slope = (2 * (0.75 / (1 + Math.exp(-0.5)) - 0.75 / (1 + Math.exp(0.5)))) / 4;
  const found = await gradients[0].read();
  expect(found[0]).toBeCloseTo(0, 6);
  expect(found[2]).toBeCloseTo(slope, 6);
  expect(() =>
    binaryCrossEntropyWithLogits(logits, targets, { positiveWeight: engine.full([3, 2, 2], 1) }),
  ).toThrow("positiveWeight");
});

test("Huber's loss is a parabola near 0, a straight line elsewhere, and passes NaN on", async () => {
  const engine = open();
  const x = engine.tensor([0.5, -3, 4]);
  const targets = engine.tensor([0, 0, 1]);
  const { value, gradients } = valueAndGradients(() => huberLoss(x, targets, { delta: 2 }), [x, targets]);
  expect(await value.item()).toBeCloseTo((0.125 + 2 * (3 - 1) + 2 * (3 - 1)) / 3, 5);
  const [dx, dt] = await Promise.all(gradients.map((each) => each.read()));
  [0.5, -2, 2].forEach((slope, i) => {
    expect(dx[i]).toBeCloseTo(slope / 3, 6);
    expect(dt[i]).toBeCloseTo(-slope / 3, 6);
  });
  expect(await huberLoss(engine.tensor([NaN, 0, 1]), targets).item()).toBeNaN();
  expect(() => huberLoss(x, targets, { delta: 0 })).toThrow("delta must be above 0");
});

test("a class that there is not makes cross entropy NaN, unless it is ignored; all ignored is 0", async () => {
  const engine = open();
  const logits = engine.tensor([[1, 2], [3, -1]]); // prettier-ignore
  const classes = engine.tensor(Uint32Array.of(1, 2));
  expect(await crossEntropy(logits, classes).item()).toBeNaN();
  expect(await crossEntropy(logits, classes, { ignore: 2 }).item()).toBeCloseTo(Math.log1p(Math.exp(-1)), 6);
  const none = engine.tensor(Uint32Array.of(9, 9));
  const { value, gradients } = valueAndGradients(() => crossEntropy(logits, none, { ignore: 9 }), [logits]);
  expect(await value.item()).toBe(0);
  expect([...(await gradients[0].read())]).toEqual([0, 0, 0, 0]);
});
