// Every gradient rule against central differences in float64, on the samples of the operators.

import { describe, expect, test } from "vitest";
import { Tape } from "../../src/autograd/tape.ts";
import { gradients } from "../../src/autograd/gradients.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Operator } from "../../src/operators/operator.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal, type Sample } from "../operators/sample.ts";
import { samples } from "../operators/samples.ts";

const step = 1e-6;
const tolerance = 1e-5;

/** Inputs that no rule promises a gradient for: labels, statistics, switches. */
const constants: Partial<Record<OperatorName, readonly number[]>> = {
  where: [0],
  gate: [0],
  batchNormInference: [3, 4],
  // The running statistics: the third and fourth tensor of each stage.
  denseBlock: [3, 4, 8, 9, 13, 14, 18, 19],
  activatedPool: [1, 4, 5],
  softmaxCrossEntropy: [1],
  assembleLoss: [4, 5],
};

/** A scalar that depends on every element of the first output, differently. */
function weighted(
  engine: Engine,
  operator: Operator<unknown>,
  inputs: readonly Tensor[],
  attributes: unknown,
): Tensor {
  const [first] = engine.run(operator, inputs, attributes);
  if (first === undefined) throw new Error(`${operator.name} has no output`);
  return sum(multiply(first, engine.tensor(normal(first.shape, 99).data, first.shape)));
}

describe("gradient rules equal central differences", () => {
  const engine = useEngine({ device: "reference" });
  for (const name of Object.keys(operators) as OperatorName[]) {
    if (gradients[name] === "nondifferentiable") continue;
    const operator = operators[name] as Operator<unknown>;
    const checked = (samples[name] as readonly Sample<unknown>[]).filter(
      (sample) => sample.gradcheck !== false,
    );

    test(`${name}: has a sample to check`, () => {
      expect(checked.length).toBeGreaterThan(0);
    });

    for (const sample of checked) {
      test(`${name}: ${sample.name}`, async () => {
        const arrays = sample.inputs.map(({ data }) => Float64Array.from(data));
        const wanted = sample.inputs.flatMap(({ dtype }, i) =>
          dtype === "f32" && constants[name]?.includes(i) !== true ? [i] : [],
        );
        const value = async (): Promise<number> => {
          sample.follow?.(arrays);
          using result = engine().scope(() => {
            const inputs = sample.inputs.map(({ shape, dtype }, i) =>
              engine().tensor(arrays[i] ?? [], shape, dtype),
            );
            return weighted(engine(), operator, inputs, sample.attributes);
          });
          return await result.item();
        };
        sample.follow?.(arrays);
        const found = engine().scope(() => {
          const inputs = sample.inputs.map(({ shape, dtype }, i) =>
            engine().tensor(arrays[i] ?? [], shape, dtype),
          );
          using tape = new Tape(engine());
          const scalar = weighted(engine(), operator, inputs, sample.attributes);
          return tape.gradients(
            scalar,
            wanted.map((i) => inputs[i]),
          );
        });
        for (const [at, index] of wanted.entries()) {
          const analytic = await found[at].read();
          const array = arrays[index] as Float64Array;
          const numeric = new Float64Array(array.length);
          for (let i = 0; i < array.length; i++) {
            const original = array[i];
            array[i] = original + step;
            const above = await value();
            array[i] = original - step;
            const below = await value();
            array[i] = original;
            numeric[i] = (above - below) / (2 * step);
          }
          const scale = Math.max(1e-3, ...Array.from(numeric, Math.abs));
          for (let i = 0; i < array.length; i++) {
            const error = Math.abs(analytic[i] - numeric[i]) / scale;
            expect(error, `input ${index}, element ${i}: ${analytic[i]} against ${numeric[i]}`).toBeLessThan(
              tolerance,
            );
          }
        }
        for (const tensor of found) tensor.dispose();
      });
    }
  }
});
