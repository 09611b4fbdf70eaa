// The learning-rate range test: where a loss falls fastest, where it has diverged, and when there is nothing to say.
import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { DivergenceWatch, rateFinding, type RateStep } from "../../src/training/rate-test.ts";

const steps = 200;
const rates = Array.from({ length: steps }, (_, i) => 10 ** (-6 + (6 * i) / (steps - 1)));
/** A loss that falls from .7 to .1 around one rate, rises from .1 on, and is told with noise. */
const lossesOf = (middle: number, noise: number): RateStep[] => {
  const random = randomStream(3, "rates");
  return rates.map((rate) => ({
    rate,
    loss:
      0.1 + 0.6 / (1 + (rate / middle) ** 2) + (rate > 0.1 ? 3 * (rate - 0.1) : 0) + noise * random.normal(),
  }));
};

test.each([1e-4, 3e-3])("the loss that falls around %d is steepest there, to within a fifth", (middle) => {
  for (const noise of [0, 0.02]) {
    const { suggested, least, points } = rateFinding(lossesOf(middle, noise));
    expect(Math.abs(Math.log((suggested ?? NaN) / middle))).toBeLessThan(noise === 0 ? 0.08 : 0.2);
    expect(least).toBeGreaterThan(suggested ?? NaN);
    expect(least).toBeLessThan(0.2);
    expect(points).toHaveLength(steps);
  }
});

test("a loss that only wanders, or rises, speaks for no rate", () => {
  expect(rateFinding(lossesOf(1e9, 0.05)).suggested).toBeNull();
  expect(rateFinding(rates.map((rate) => ({ rate, loss: 0.7 + rate }))).suggested).toBeNull();
  expect(rateFinding([{ rate: 1, loss: 1 }])).toMatchObject({ suggested: null, least: 1 });
});

test("a loss has diverged once its running mean is four times its least, or no number", () => {
  const watch = new DivergenceWatch();
  for (let step = 0; step < 50; step++) expect(watch.hasDiverged(step % 2 === 0 ? 0.1 : 0.3)).toBe(false);
  // One bad step is no divergence.
  expect([watch.hasDiverged(2), watch.hasDiverged(0.2)]).toEqual([false, false]);
  const after = Array.from({ length: 5 }, () => watch.hasDiverged(2));
  expect(after.at(-1)).toBe(true);
  expect(new DivergenceWatch().hasDiverged(NaN)).toBe(true);
});
