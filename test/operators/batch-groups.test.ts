// Groups of images with statistics of their own: on the reference backend every operator gives, bit for bit, what it gives for
// the groups one by one, the gradients of the parameters added up in the order of a tape.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import { operators } from "../../src/operators/registry.ts";
import type { BatchGroups } from "../../src/operators/normalisation/batch-groups.ts";
import { updatesOf, type Operator } from "../../src/operators/operator.ts";
import { allocate, type HostTensor } from "../../src/tensor/host.ts";
import { sizeOf, type Shape } from "../../src/tensor/shape.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";

type Grouped = Operator<BatchGroups & { readonly momentum?: number }>;

/** How the tensors of an operator go with the groups; what is not named is the same for all of them. */
interface Roles {
  /** By number: parts of them are of the groups' images. */
  readonly images: (tensor: HostTensor, index: number) => boolean;
  /** There is one of each group. */
  readonly own: (tensor: HostTensor, index: number) => boolean;
}

const among =
  (...numbers: readonly number[]) =>
  (_: HostTensor, index: number): boolean =>
    numbers.includes(index);
const none = among();
const isWeight = ({ shape }: HostTensor): boolean =>
  shape.length === 4 && shape[0] === shape[1] && [1, 3].includes(shape[0]);

/** Of each operator its inputs and its outputs. Samples are such that a weight of a dense block is told by its size. */
const grouped: Readonly<Record<string, { readonly inputs: Roles; readonly outputs: Roles }>> = {
  batchNorm: {
    inputs: { images: among(0), own: none },
    outputs: { images: among(0), own: among(1, 2) },
  },
  batchNormGradient: {
    inputs: { images: among(0, 4), own: among(2, 3) },
    outputs: { images: among(0), own: none },
  },
  batchMoments: { inputs: { images: among(0), own: none }, outputs: { images: none, own: among(0) } },
  denseBlock: {
    inputs: { images: among(0), own: none },
    outputs: {
      images: ({ shape }) => shape.length === 4,
      own: ({ shape }) => shape.length < 4,
    },
  },
  denseBlockGradient: {
    inputs: {
      images: (tensor) => tensor.shape.length === 4 && !isWeight(tensor),
      own: ({ shape }) => shape.length < 4,
    },
    outputs: { images: among(0), own: none },
  },
  activatedPool: {
    inputs: { images: among(0), own: among(1) },
    outputs: { images: among(0, 2), own: among(1) },
  },
  activatedPoolGradient: {
    inputs: { images: among(0, 3, 4), own: among(1, 2) },
    outputs: { images: among(0), own: none },
  },
};

const empty = (shape: Shape, dtype: HostTensor["dtype"]): HostTensor => ({
  shape,
  dtype,
  data: allocate(dtype, sizeOf(shape), true),
});

const copied = (tensor: HostTensor): HostTensor => ({
  ...tensor,
  data: tensor.dtype === "f32" ? Float64Array.from(tensor.data) : tensor.data.slice(),
});

const sliced = ({ dtype, data }: HostTensor, its: Shape, group: number): HostTensor => ({
  shape: its,
  dtype,
  data: data.slice(group * sizeOf(its), (group + 1) * sizeOf(its)),
});

function run(operator: Grouped, inputs: readonly HostTensor[], attributes: BatchGroups): HostTensor[] {
  const outputs = operator.infer(inputs, attributes).map(({ shape, dtype }) => empty(shape, dtype));
  operator.reference(inputs, outputs, attributes);
  return outputs;
}

/** What passes over the groups one after the other give; running statistics follow the first alone. */
function inPasses(
  name: string,
  operator: Grouped,
  inputs: readonly HostTensor[],
  { groups = 1, ...attributes }: BatchGroups & { readonly momentum?: number },
): HostTensor[] {
  const roles = grouped[name];
  const passes = Array.from({ length: groups }, (_, group) => {
    const parts = inputs.map((tensor, i) => {
      const { shape } = tensor;
      if (roles.inputs.images(tensor, i)) {
        return sliced(tensor, [shape[0] / groups, ...shape.slice(1)], group);
      }
      return roles.inputs.own(tensor, i) ? sliced(tensor, shape.slice(1), group) : tensor;
    });
    const followed = attributes.momentum === undefined || group === 0 ? {} : { momentum: 0 };
    return run(operator, parts, { ...attributes, ...followed, groups: 1 });
  });
  const shapes = operator.infer(inputs, { ...attributes, groups });
  return shapes.map(({ shape, dtype }, i) => {
    const whole = empty(shape, dtype);
    if (roles.outputs.images(whole, i) || roles.outputs.own(whole, i)) {
      passes.forEach((made, group) => {
        whole.data.set(made[i].data, group * made[i].data.length);
      });
      return whole;
    }
    const [last, ...before] = passes.toReversed().map((made) => made[i].data);
    whole.data.set(last);
    for (const data of before) for (let at = 0; at < data.length; at++) whole.data[at] += data[at];
    return whole;
  });
}

for (const name of Object.keys(grouped)) {
  const operator = (operators as unknown as Record<string, Grouped>)[name];
  const all = (samples as unknown as Record<string, readonly Sample<BatchGroups>[]>)[name];
  const inGroups = all.filter(({ attributes }) => (attributes.groups ?? 1) > 1);
  describe(name, () => {
    test("has samples with two and with three groups", () => {
      expect(new Set(inGroups.map(({ attributes }) => attributes.groups))).toEqual(new Set([2, 3]));
    });

    test.each(inGroups.map((sample) => [sample.name, sample] as const))(
      "%s: equals passes over the groups, bit for bit",
      (_, { inputs, attributes }) => {
        const [once, passes] = [inputs.map(copied), inputs.map(copied)];
        const outputs = run(operator, once, attributes);
        const expected = inPasses(name, operator, passes, attributes);
        expect(outputs.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
        outputs.forEach(({ data }, i) => {
          expect(Array.from(data), `output ${i}`).toEqual(Array.from(expected[i].data));
          expect(data.some((value) => value !== 0)).toBe(true);
        });
        for (const i of updatesOf(operator, inputs.length)) {
          expect(Array.from(once[i].data)).toEqual(Array.from(passes[i].data));
          expect(Array.from(once[i].data)).not.toEqual(Array.from(inputs[i].data));
        }
      },
    );

    test("refuses groups that the images do not make", () => {
      const { inputs, attributes } = inGroups[0];
      const bad = (groups: number) => () => operator.infer(inputs, { ...attributes, groups });
      expect(bad(5)).toThrow(ShapeError);
      expect(bad(0)).toThrow(ShapeError);
      expect(bad(1.5)).toThrow(ShapeError);
    });
  });
}

test("what refuses groups says how many images there are", () => {
  const [{ inputs, attributes }] = samples.batchNorm;
  expect(() => operators.batchNorm.infer(inputs, { ...attributes, groups: 3 })).toThrow(
    "batchNorm: 2 images do not make 3 groups of the same size",
  );
  expect(() => operators.batchNorm.infer(inputs, { ...attributes, groups: -1 })).toThrow(
    "batchNorm: groups must be a whole number from 1, got -1",
  );
});
