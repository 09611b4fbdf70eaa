// The gradient of a group's loss in float64, against differences of the loss itself and against what it comes to at both ends.
import { expect, test } from "vitest";
import { assembleReference } from "../../src/operators/losses/assemble-reference.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const absent = 255;

/** Loss and slopes of a positive parent with logit 0, less what its own label costs. */
function group(logits: readonly number[], states: readonly number[]) {
  const classes = logits.length + 1;
  const identity = Float64Array.from({ length: classes * classes }, (_, i) =>
    i % (classes + 1) === 0 ? 1 : 0,
  );
  const features = { shape: [1, classes], dtype: "f32" as const, data: Float64Array.of(0, ...logits) };
  const outputs = [1, 4, 2 * classes].map((size) => ({
    shape: [size],
    dtype: "f32" as const,
    data: new Float64Array(size),
  }));
  assembleReference(
    [
      features,
      features,
      { shape: [classes, classes], dtype: "f32", data: identity },
      { shape: [classes], dtype: "f32", data: new Float64Array(classes) },
      { shape: [1, classes], dtype: "u8", data: Uint8Array.of(1, ...states) },
      { shape: [2], dtype: "f32", data: Float64Array.of(0, 0) },
      { shape: [classes], dtype: "u32", data: Uint32Array.of(2 ** 32 - 1, ...logits.map(() => 0)) },
    ],
    outputs,
    {
      ...{ threshold: 0.5, temperature: 4, stopGradient: true, unsupervisedOn: "absent" },
      ...{ normalise: "batch", strongShare: 0 },
    },
  );
  const [total, , gradients] = outputs;
  return { loss: total.data[0] - Math.log(2), slopes: [...gradients.data.slice(1, classes)] };
}

test("slopes are differences of the loss, at logits up to 100 in size, beside children with and without labels", () => {
  const random = randomStream(3, "groups");
  const step = 1e-4;
  for (let drawn = 0; drawn < 400; drawn++) {
    const count = 1 + Math.floor(4 * random.uniform());
    const reach = [1, 10, 100][drawn % 3];
    const logits = Array.from({ length: count }, () => reach * (2 * random.uniform() - 1));
    // A soft child has a loss of its own: its logit is left out of what is compared.
    const states = logits.map((_, i) => (i > 0 && random.uniform() < 0.3 ? 110 : absent));
    const { slopes } = group(logits, states);
    for (const [i, state] of states.entries()) {
      if (state !== absent) continue;
      const [above, below] = [step, -step].map((by) => {
        return group(
          logits.map((z, k) => (k === i ? z + by : z)),
          states,
        ).loss;
      });
      expect(slopes[i], JSON.stringify({ logits, states, i })).toBeCloseTo((above - below) / (2 * step), 6);
    }
  }
});

test("a parent whose only child is absent teaches it as a positive label would", () => {
  for (const z of [-100, -30, -1, 0, 1, 30, 100]) {
    const { loss, slopes } = group([z], [absent]);
    // A small loss is lost beside the parent's own, which is log 2.
    expect(loss).toBeCloseTo(Math.max(-z, 0) + Math.log1p(Math.exp(-Math.abs(z))), 12);
    expect(slopes[0]).toBeCloseTo(-1 / (1 + Math.exp(z)), 14);
  }
});

test("both ends: the log of a sum where all are unlikely, a product where all are likely", () => {
  // -log(e^-100 + e^-98): the slopes part 1 between the two, 1 / (1 + e^2) and the rest.
  const low = group([-100, -98], [absent, absent]);
  expect(low.loss).toBeCloseTo(98 - Math.log1p(Math.exp(-2)), 10);
  expect(low.slopes[0]).toBeCloseTo(-1 / (1 + Math.exp(2)), 12);
  expect(low.slopes[1]).toBeCloseTo(-1 / (1 + Math.exp(-2)), 12);
  const high = group([20, 15], [absent, absent]);
  expect(high.slopes[0] / -Math.exp(-35)).toBeCloseTo(1, 5);
  // Beside a soft child of .5, -log(1 - (1 - a) / 2): at 0, that is -log(3 / 4), and its slope -(1/8) / (3/4).
  expect(group([0, 50], [absent, 150]).slopes[0]).toBeCloseTo(-1 / 6, 12);
});
