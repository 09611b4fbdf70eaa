// Every row of the gradient table on the samples of the operators: a rule equals central differences in float64, what is
// called piecewise constant has central differences of zero, and a gradient through anything else is refused.

import { describe, expect, test } from "vitest";
import { Tape } from "../../src/autograd/tape.ts";
import { gradients } from "../../src/autograd/gradients.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { updatesOf, type Operator } from "../../src/operators/operator.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import { allocate, type HostArray, type HostTensor } from "../../src/tensor/host.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal, type Sample } from "../operators/sample.ts";
import { samples } from "../operators/samples.ts";

const step = 1e-6;
const tolerance = 1e-5;

/**
 * Inputs to which a rule gives no gradient:
 * - flat: the first output does not change with them, but for jumps;
 * - refused: asking for their gradient is an error;
 * - followed: they follow from another input, whose gradient takes account of them.
 */
type Constant = "flat" | "refused" | "followed";
const runningStatistics = [3, 4, 8, 9, 13, 14, 18, 19];
const constants: Partial<Record<OperatorName, Readonly<Record<number, Constant>>>> = {
  where: { 0: "flat" },
  gate: { 0: "flat" },
  batchNormInference: { 3: "refused", 4: "refused" },
  denseBlock: Object.fromEntries(runningStatistics.map((index) => [index, "flat" as const])),
  activatedPool: { 1: "followed", 4: "flat", 5: "flat" },
  attention: { 3: "refused" },
  softmaxCrossEntropy: { 1: "refused" },
  binaryCrossEntropyWithLogits: { 1: "refused", 2: "refused", 3: "refused" },
  assembleLoss: { 5: "refused", 6: "refused", 7: "refused" },
  assemblePixels: { 6: "refused", 8: "refused" },
};

/** The operators without a gradient, and why: one that ought to have a rule is not to hide among them. */
const withoutGradient: Partial<Record<OperatorName, string>> = {
  unaryGradient: "second derivatives are not supported",
  maxPool2dGradient: "second derivatives are not supported",
  batchNormGradient: "second derivatives are not supported",
  attentionGradient: "second derivatives are not supported",
  layerNormGradient: "second derivatives are not supported",
  rmsNormGradient: "second derivatives are not supported",
  groupNormGradient: "second derivatives are not supported",
  denseBlockGradient: "second derivatives are not supported",
  activatedPoolGradient: "second derivatives are not supported",
  denseBlockInference: "trained in its other form, denseBlock",
  movingAverage: "overwrites what it averages",
  adam: "overwrites the parameters",
  sgd: "overwrites the parameters",
  clipFactor: "part of an optimiser",
  randomUniform: "takes a seed alone",
  randomNormal: "takes a seed alone",
  nextSeed: "takes a seed alone",
  oneHot: "takes whole numbers alone",
  argMax: "gives whole numbers",
  argMin: "gives whole numbers",
  sampleRows: "gives whole numbers",
  normaliseImages: "takes bytes alone",
  augmentImages: "takes bytes and a seed alone",
  augmentLabels: "takes bytes and a seed alone",
};

const names = Object.keys(operators) as OperatorName[];
const operatorOf = (name: OperatorName) => operators[name] as Operator<unknown>;
const samplesOf = (name: OperatorName) => samples[name] as readonly Sample<unknown>[];
const floatsOf = ({ inputs }: Sample<unknown>): number[] =>
  inputs.flatMap(({ dtype }, i) => (dtype === "f32" ? [i] : []));
/** Weights of a scalar that depends on every element of an output, differently. */
const weightsOf = (shape: readonly number[]): HostTensor => normal(shape, 99);

const preciseData = (sample: Sample<unknown>): HostArray[] =>
  sample.inputs.map(({ dtype, data }) => (dtype === "f32" ? Float64Array.from(data) : data.slice()));

/** The weighted sum of the first output, from the operator's definition alone, as a function of its inputs' data. */
function scalarOf(name: OperatorName, sample: Sample<unknown>): (data: readonly HostArray[]) => number {
  const operator = operatorOf(name);
  const specs = operator.infer(sample.inputs, sample.attributes);
  const weights = weightsOf(specs[0].shape).data;
  const updated = updatesOf(operator, sample.inputs.length);
  return (data) => {
    // What is overwritten is a copy.
    const inputs = sample.inputs.map((input, i) => ({
      ...input,
      data: updated.includes(i) ? data[i].slice() : data[i],
    }));
    const outputs = specs.map((spec) => ({ ...spec, data: allocate(spec.dtype, sizeOf(spec.shape), true) }));
    if (operator.aliases !== true) operator.reference(inputs, outputs, sample.attributes);
    const first = operator.aliases === true ? data[0] : outputs[0].data;
    let total = 0;
    for (let i = 0; i < first.length; i++) total += weights[i] * first[i];
    return total;
  };
}

/** Central differences of a function along each element of one of its arrays. */
function differences(of: () => number, along: HostArray): Float64Array {
  return Float64Array.from(along, (original, i) => {
    along[i] = original + step;
    const above = of();
    along[i] = original - step;
    const below = of();
    along[i] = original;
    return (above - below) / (2 * step);
  });
}

describe("every row of the gradient table is checked", () => {
  const engine = useEngine({ device: "reference" });
  const tensorsOf = (sample: Sample<unknown>, data: readonly HostArray[]): Tensor[] =>
    sample.inputs.map(({ shape, dtype }, i) => engine().tensor(data[i], shape, dtype));

  /** What the tape gives for the weighted sum of an output, or of an input that was overwritten. */
  const byTape = (
    name: OperatorName,
    sample: Sample<unknown>,
    data: readonly HostArray[],
    wanted: readonly number[],
    choose: (outputs: readonly Tensor[], inputs: readonly Tensor[]) => Tensor = ([first]) => first,
  ): Promise<HostArray[]> => {
    const found = engine().scope(() => {
      const inputs = tensorsOf(sample, data);
      using tape = new Tape(engine());
      const outputs = engine().run(operatorOf(name), inputs, sample.attributes);
      const chosen = choose(outputs, inputs);
      const scalar = sum(multiply(chosen, engine().tensor(weightsOf(chosen.shape).data, chosen.shape)));
      return tape.gradients(
        scalar,
        wanted.map((i) => inputs[i]),
      );
    });
    return Promise.all(
      found.map(async (tensor) => {
        const values = await tensor.read();
        tensor.dispose();
        return values;
      }),
    );
  };

  test("no operator lacks a gradient without a reason", () => {
    const without = names.filter((name) => gradients[name] === "nondifferentiable");
    expect(without.toSorted()).toEqual(Object.keys(withoutGradient).toSorted());
  });

  for (const name of names) {
    const rule = gradients[name];
    if (rule === "nondifferentiable") {
      test(`${name}: a gradient through it is refused by name`, async () => {
        for (const sample of samplesOf(name)) {
          const data = preciseData(sample);
          const outputs = operatorOf(name).infer(sample.inputs, sample.attributes);
          const updated = updatesOf(operatorOf(name), sample.inputs.length);
          const wanted = floatsOf(sample);
          const refused = `${name}: has no gradient rule`;
          for (const index of wanted) {
            for (const at of outputs.keys()) {
              if (outputs[at].dtype !== "f32") continue;
              const call = async () => await byTape(name, sample, data, [index], (given) => given[at]);
              await expect(call(), `output ${at} by input ${index}`).rejects.toThrow(refused);
            }
            for (const at of updated) {
              const call = async () => await byTape(name, sample, data, [index], (_, inputs) => inputs[at]);
              await expect(call(), `input ${at} by input ${index}`).rejects.toThrow(
                `${name} overwrote in place`,
              );
            }
          }
          if (wanted.length > 0) expect(outputs.length + updated.length).toBeGreaterThan(0);
          // Where nothing but bytes and seeds comes in, there is nothing to ask for.
          else if (outputs.some(({ dtype }) => dtype === "f32"))
            await expect(async () => await byTape(name, sample, data, [0])).rejects.toThrow(UsageError);
        }
      });
      continue;
    }

    if (rule === "piecewise constant") {
      test(`${name}: is constant but for jumps, and has gradients of zero`, async () => {
        for (const sample of samplesOf(name)) {
          await expectFlat(name, sample, floatsOf(sample));
        }
      });
      continue;
    }

    const checked = samplesOf(name).filter((sample) => sample.gradcheck !== false);
    test(`${name}: has a sample to check`, () => {
      expect(checked.length).toBeGreaterThan(0);
    });

    for (const sample of checked) {
      const kinds = constants[name] ?? {};
      test(`${name}: ${sample.name}`, async () => {
        const data = preciseData(sample);
        const wanted = floatsOf(sample).filter((i) => !(i in kinds));
        const scalar = scalarOf(name, sample);
        const value = (): number => {
          sample.follow?.(data);
          return scalar(data);
        };
        sample.follow?.(data);
        const found = await byTape(name, sample, data, wanted);
        for (const [at, index] of wanted.entries()) {
          const analytic = found[at];
          const numeric = differences(value, data[index]);
          const scale = Math.max(1e-3, ...Array.from(numeric, Math.abs));
          expect(analytic.length).toBe(numeric.length);
          for (let i = 0; i < numeric.length; i++) {
            const error = Math.abs(analytic[i] - numeric[i]) / scale;
            if (error < tolerance) continue;
            expect.fail(`input ${index}, element ${i}: ${analytic[i]} against ${numeric[i]}`);
          }
        }
        const ofKind = (kind: Constant): number[] => floatsOf(sample).filter((i) => kinds[i] === kind);
        for (const index of ofKind("refused")) {
          const call = async () => await byTape(name, sample, data, [index]);
          await expect(call(), `input ${index}`).rejects.toThrow(
            new RegExp(`^${name}: there is no gradient of its`),
          );
        }
        await expectFlat(name, sample, ofKind("flat"));
      });
    }
  }

  /** At numbers drawn at random, where no jump is near, nothing changes with these inputs, and the tape says so. */
  async function expectFlat(
    name: OperatorName,
    sample: Sample<unknown>,
    indices: readonly number[],
  ): Promise<void> {
    if (indices.length === 0) return;
    const data = preciseData(sample);
    for (const index of indices) {
      data[index] = Float64Array.from(normal(sample.inputs[index].shape, 50 + index).data);
    }
    const scalar = scalarOf(name, sample);
    const found = await byTape(name, sample, data, indices);
    for (const [at, index] of indices.entries()) {
      // Samples of many thousand elements show nothing more in the later ones.
      const some = data[index].subarray(0, 200);
      const numeric = differences(() => scalar(data), some);
      expect(
        numeric.every((slope) => slope === 0),
        `input ${index} of ${sample.name}`,
      ).toBe(true);
      expect(
        found[at].every((slope) => slope === 0),
        `input ${index} of ${sample.name}`,
      ).toBe(true);
    }
  }
});
