// Every operator x each sample x each candidate on the GPU against the float64 reference, on a checked engine: outputs start
// as NaN, guard bands lie behind all that is bound, and every launch runs in reverse order, too.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGpu } from "../../src/device/gpu.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { updatesOf, type Operator } from "../../src/operators/operator.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import { magnitudesOf, worstError } from "./magnitudes.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";

type AnyOperator = Operator<unknown>;
type AnySample = Sample<unknown>;

let backend: WebGpuBackend;
let engine: Engine;
let reference: Engine;
beforeAll(async () => {
  backend = new WebGpuBackend(await openGpu(), { checked: true });
  engine = new Engine(backend);
  reference = await openEngine({ device: "reference" });
});
afterAll(() => {
  engine.close();
  reference.close();
});

/** What an operator leaves behind on an engine: its outputs, then the inputs it updates. */
async function results(engine: Engine, operator: AnyOperator, sample: AnySample): Promise<HostArray[]> {
  const inputs = sample.inputs.map(({ data, shape, dtype }) => engine.tensor(data, shape, dtype));
  const outputs = engine.run(operator, inputs, sample.attributes);
  const updated = updatesOf(operator, inputs.length).map((index) => inputs[index]);
  const read = await Promise.all(
    [...outputs, ...updated].map((tensor) => tensor?.read() ?? new Float32Array()),
  );
  for (const tensor of [...inputs, ...outputs]) tensor.dispose();
  return read;
}

for (const name of Object.keys(operators) as OperatorName[]) {
  const operator = operators[name] as AnyOperator;
  describe(name, () => {
    test("the record carries its name, and there are samples of it", () => {
      expect(operator.name).toBe(name);
      expect(samples[name].length).toBeGreaterThan(0);
    });
    for (const sample of samples[name] as readonly AnySample[]) {
      test(`${sample.name}: every candidate equals the reference`, async () => {
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
