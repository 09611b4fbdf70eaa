// Every operator x each sample x each candidate on the GPU against the float64 reference, on a checked engine: outputs start
// as NaN, guard bands lie behind all that is bound, and every launch runs in reverse order, too.

import { describe, expect, test } from "vitest";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { useCheckedEngines } from "./checked-engines.ts";
import { magnitudesOf, worstError } from "./magnitudes.ts";
import { results } from "./results.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";

type AnyOperator = Operator<unknown>;
type AnySample = Sample<unknown>;

const engines = useCheckedEngines();

for (const name of Object.keys(operators) as OperatorName[]) {
  const operator = operators[name] as AnyOperator;
  describe(name, () => {
    test("the record carries its name, and there are samples of it", () => {
      expect(operator.name).toBe(name);
      expect(samples[name].length).toBeGreaterThan(0);
    });
    for (const sample of samples[name] as readonly AnySample[]) {
      test(`${sample.name}: every candidate equals the reference`, async () => {
        const { backend, engine, reference } = engines();
        const expected = await results(reference, operator, sample);
        const magnitudes = magnitudesOf(name, operator, sample);
        const candidates = operator.candidates(sample.inputs, sample.attributes, engine.traits);
        if (operator.aliases !== true) expect(candidates.length).toBeGreaterThan(0);
        const names = operator.aliases === true ? ["alias"] : candidates.map((candidate) => candidate.name);
        expect(new Set(names).size, "candidate names are distinct").toBe(names.length);
        for (const candidate of names) {
          backend.candidates.set(name, candidate);
          const actual = await results(engine, operator, sample).catch((cause: unknown) => {
            throw new Error(`${candidate}: ${(cause as Error).message}`, { cause });
          });
          expect(actual.length).toBe(expected.length);
          actual.forEach((array, i) => {
            const want = expected[i] ?? new Float32Array();
            expect(array.length).toBe(want.length);
            expect(
              worstError(array, want, sample, magnitudes?.[i]),
              `${candidate}, output ${i}`,
            ).toBeLessThanOrEqual(1);
          });
        }
      });
    }
  });
}
