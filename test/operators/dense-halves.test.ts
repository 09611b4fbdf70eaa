// Dense blocks and their pools with maps and gradients in half precision: every candidate against the reference, which rounds
// at the same places, and the reference against full precision. Both have to be equal within the rounding of half precision,
// held against the magnitudes behind each value.

import { describe, expect, test } from "vitest";
import { operators } from "../../src/operators/registry.ts";
import { checkCandidates } from "../../src/operators/record-checks.ts";
import type { Operator } from "../../src/operators/operator.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import { useCheckedEngines } from "./checked-engines.ts";
import { magnitudesOf } from "./magnitudes.ts";
import { results } from "./results.ts";
import { mixedDenseSamples } from "./samples/dense.ts";

const engines = useCheckedEngines();

/** Half precision has 11 bits. */
const unit = 2 ** -11;

/** The largest difference in units of half precision's rounding. */
function worst(actual: HostArray, expected: HostArray, magnitudes: Float64Array): number {
  let most = 0;
  expected.forEach((value, i) => {
    if (actual[i] === value) return;
    const error = Math.abs(actual[i] - value) / (unit * (Math.abs(value) + magnitudes[i]) + 2 ** -24);
    most = Number.isFinite(error) ? Math.max(most, error) : Infinity;
  });
  return most;
}

const shareOfEqual = (a: HostArray, b: HostArray): number =>
  a.filter((value, i) => value === b[i]).length / a.length;

describe.each(mixedDenseSamples)("$name in half precision", ({ name, mixed, full }) => {
  test(mixed.name, async () => {
    const { backend, engine, reference } = engines();
    const operator = operators[name] as Operator<unknown>;
    const expected = await results(reference, operator, mixed);
    const inFull = await results(reference, operator, full);
    const magnitudes = magnitudesOf(name, operator, full) ?? [];
    const specs = operator.infer(mixed.inputs, mixed.attributes);
    expected.forEach((array, i) => {
      expect(
        worst(array, inFull[i], magnitudes[i]),
        `the reference in full precision, output ${i}`,
      ).toBeLessThanOrEqual(1);
    });
    const candidates = operator.candidates(mixed.inputs, mixed.attributes, engine.traits);
    // What is bound as f16 is f16, here and as a GPU would have it.
    checkCandidates(operator, candidates, mixed.inputs, specs);
    const asGpu = operator.candidates(mixed.inputs, mixed.attributes, {
      ...engine.traits,
      isSoftware: false,
    });
    checkCandidates(operator, asGpu, mixed.inputs, specs);
    for (const { name: candidate } of candidates) {
      backend.candidates.set(name, candidate);
      const actual = await results(engine, operator, mixed);
      actual.forEach((array, i) => {
        const of = `${candidate}, output ${i}`;
        expect(worst(array, expected[i], magnitudes[i]), of).toBeLessThanOrEqual(1);
        // Where f32 and float64 do not agree to the last bit, a number may fall on the other side of a step.
        if (specs[i]?.dtype === "f16") expect(shareOfEqual(array, expected[i]), of).toBeGreaterThan(0.95);
      });
    }
  });
});
