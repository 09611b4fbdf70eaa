// Temperature scaling: finds the temperature that labels were drawn by, and changes no order.

import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { auc } from "../../src/metrics/auc.ts";
import { fitTemperature, tempered } from "../../src/metrics/temperature.ts";

/** Logits whose labels are drawn by sigmoid(z / temperature). */
function drawn(
  temperature: number,
  count = 20_000,
): { readonly logits: Float32Array; readonly states: Uint8Array } {
  const random = randomStream(9, "temperature");
  const logits = Float32Array.from({ length: count }, () => 12 * (random.uniform() - 0.5));
  const states = Uint8Array.from(logits, (z) =>
    Number(random.uniform() < 1 / (1 + Math.exp(-z / temperature))),
  );
  return { logits, states };
}

test.each([0.5, 1, 2.5])("labels drawn by a temperature of %s give it back, within chance", (temperature) => {
  const { logits, states } = drawn(temperature);
  const found = fitTemperature(logits, states);
  expect(Math.abs(Math.log(found.temperature / temperature))).toBeLessThan(0.05);
  expect(found.after).toBeLessThanOrEqual(found.before);
  expect(found.entries).toBe(20_000);
  // The smallest likelihood: a little to either side it is larger.
  for (const other of [0.98, 1.02]) {
    const scaled = Float64Array.from(logits, (z) => z / (found.temperature * other));
    expect(fitTemperature(scaled, states).before).toBeGreaterThan(found.after);
  }
  expect(auc(tempered(logits, found.temperature), states)).toBe(auc(logits, states));
});

test("absent entries count for nothing, and soft labels as what they are", () => {
  const { logits, states } = drawn(2, 400);
  const found = fitTemperature(logits, states);
  const more = fitTemperature(Float32Array.of(...logits, 1e30, -5), Uint8Array.of(...states, 255, 255));
  expect(more).toEqual(found);
  // Three quarters are a positive and a third of a negative.
  const soft = fitTemperature(Float32Array.of(1, 1), Uint8Array.of(175, 175));
  expect(soft.temperature).toBeCloseTo(1 / Math.log(3), 6);
});

test("a temperature of 1 changes no bit", () => {
  const logits = Float32Array.of(0.1, -37, 3e-8);
  expect(tempered(logits, 1)).toBe(logits);
});

test.each([
  ["no labels", [1, -1], [255, 255], /no entry is labelled/],
  ["logits of the other sign", [2, -2, 1], [0, 1, 0], /say nothing of these labels, or the opposite/],
  ["labels all on the right side", [2, -2, 1], [1, 0, 1], /3 labelled entries are all on the right side/],
])("%s have no temperature", (_, logits, states, complaint) => {
  const fit = () => fitTemperature(Float32Array.from(logits), Uint8Array.from(states));
  expect(fit).toThrow(UsageError);
  expect(fit).toThrow(complaint);
});
