// Samplers: which images each step sees, from the seed and the position alone.

import { expect, test } from "vitest";
import { epochOrder } from "../../src/data/assembly/order.ts";
import { Sampler, samplings, stepsPerEpoch, type Sampling } from "../../src/data/assembly/sampler.ts";

const [no, yes, absent, soft] = [0, 1, 255, 180];

/** 30 images positive for class 0, 4 for class 1 (one of them for both), and 10 for none; then 6 of another source. */
const sources = [
  {
    count: 43,
    states: Uint8Array.from([
      ...Array.from({ length: 29 }, () => [yes, no, absent]).flat(),
      ...[yes, yes, absent],
      ...Array.from({ length: 3 }, () => [no, yes, absent]).flat(),
      ...Array.from({ length: 10 }, (_, i) => [no, absent, i === 0 ? soft : absent]).flat(),
    ]),
  },
  { count: 6, states: Uint8Array.from({ length: 18 }, (_, i) => (i % 3 === 0 ? yes : absent)) },
];
const total = 49;

const sampler = (sampling: Sampling, batch = 8, seed = 5): Sampler =>
  new Sampler(sources, { sampling, batch, seed });

/** The images of `epochs` epochs, step after step. */
const run = (from: Sampler, epochs: number): number[][] =>
  Array.from({ length: epochs }, (_, epoch) =>
    [...from.steps(epoch * from.stepsPerEpoch, from.stepsPerEpoch)].map((step) => [...step]),
  ).flat();

test("proportional batches are the epoch's order, cut into batches", () => {
  const steps = run(sampler("proportional"), 2);
  const order = [...epochOrder(total, 5, 1)];
  expect(steps.slice(6).flat()).toEqual(order.slice(0, 48));
  expect(steps).toHaveLength(12);
});

test.each(samplings)("%s: a run that begins in the middle gets the batches it would have had", (sampling) => {
  const whole = run(sampler(sampling), 4);
  expect(new Set(whole.map((step) => step.join())).size).toBe(24);
  // A new sampler each, and backwards: nothing that was drawn before can matter.
  for (const at of [23, 13, 12, 11, 6, 1, 0]) {
    expect([...sampler(sampling).at({ epoch: Math.floor(at / 6), step: at % 6 })]).toEqual(whole[at]);
    expect([...sampler(sampling).steps(at, 24 - at)].map((step) => [...step])).toEqual(whole.slice(at));
  }
  const one = sampler(sampling);
  const [late, early] = [one.at({ epoch: 3, step: 2 }), one.at({ epoch: 0, step: 1 })];
  expect([[...late], [...early]]).toEqual([whole[20], whole[1]]);
  expect(run(sampler(sampling, 8, 6), 1)).not.toEqual(whole.slice(0, 6));
});

test("per-source: equal shares in every batch, the large source once before any of it twice, the small one again", () => {
  const steps = run(sampler("per-source"), 8);
  for (const step of steps) expect(step.filter((image) => image >= 43)).toHaveLength(4);
  const large = steps.flat().filter((image) => image < 43);
  expect(new Set(large.slice(0, 43)).size).toBe(43);
  expect(new Set(large.slice(43, 86)).size).toBe(43);
  expect(large.slice(43, 86)).not.toEqual(large.slice(0, 43));
  const small = steps.flat().filter((image) => image >= 43);
  for (let round = 0; round + 6 <= small.length; round += 6) {
    expect(new Set(small.slice(round, round + 6)).size).toBe(6);
  }
});

test("per-source: the odd image of a batch goes round", () => {
  const odd = run(sampler("per-source", 7), 4).map((step) => step.filter((image) => image >= 43).length);
  expect(new Set(odd)).toEqual(new Set([3, 4]));
  expect(odd.slice(0, 4)).toEqual([3, 4, 3, 4]);
});

test("balanced: each class with positives as often as any other, and as often as images with none", () => {
  const steps = run(sampler("balanced", 9), 10);
  const first = new Set([...Array.from({ length: 30 }, (_, i) => i), 43, 44, 45, 46, 47, 48]);
  const second = new Set([29, 30, 31, 32]);
  for (const step of steps) {
    // Three of class 0, three of class 1, three of none; class 2 has no positive, and a soft label is none.
    expect(step.filter((image) => image >= 33 && image < 43)).toHaveLength(3);
    expect(step.filter((image) => second.has(image)).length).toBeGreaterThanOrEqual(3);
    expect(step.filter((image) => first.has(image)).length).toBeGreaterThanOrEqual(3);
  }
  const none = steps.flat().filter((image) => image >= 33 && image < 43);
  expect(new Set(none).size).toBe(10);
});

test("a batch has no more images than there are, and an epoch no fewer steps than one", () => {
  const all = sampler("proportional", 64);
  expect([all.batch, all.stepsPerEpoch, stepsPerEpoch(10, 64)]).toEqual([49, 1, 1]);
  expect([...all.at({ epoch: 0, step: 0 })].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 49 }, (_, i) => i),
  );
});
