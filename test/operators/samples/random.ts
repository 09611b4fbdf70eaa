// Samples of the random numbers.

import type { DropoutAttributes, RandomAttributes } from "../../../src/operators/random/index.ts";
import { sizeOf, type Shape } from "../../../src/tensor/shape.ts";
import { normal, values, type Sample } from "../sample.ts";

const small = values([4], [1, 2, 3, 4], "u32");
const large = values([4], [0xa4093822, 0x299f31d0, 0xffffffff, 0x80000000], "u32");

function drawn(slack = 1): Sample<RandomAttributes>[] {
  return [
    { name: "odd size", inputs: [small], attributes: { shape: [7, 13], stream: 0 }, slack, gradcheck: false },
    { name: "one number", inputs: [small], attributes: { shape: [], stream: 1 }, slack, gradcheck: false },
    {
      name: "large seed and stream",
      inputs: [large],
      attributes: { shape: [257], stream: 0xffffffff },
      slack,
      gradcheck: false,
    },
  ];
}

function dropped(
  name: string,
  shape: Shape,
  rate: number,
  stream = 0,
  seed = small,
): Sample<DropoutAttributes> {
  return {
    name,
    inputs: [normal(shape, 1), seed],
    attributes: { rate, stream },
    gradcheck: sizeOf(shape) < 200,
  };
}

export const randomSamples = {
  randomUniform: drawn(),
  randomNormal: drawn(4),
  dropout: [
    dropped("half, odd size", [7, 13], 0.5),
    dropped("one number", [], 0.25, 3),
    dropped("in fours, one more than a workgroup", [5, 52], 0.1, 1),
    dropped("several workgroups, large seed and stream", [7, 191], 0.3, 0xffffffff, large),
    dropped("several workgroups of fours", [3, 11, 100], 0.9, 2, large),
    dropped("nothing dropped", [4, 4], 0),
    dropped("nearly all dropped", [41, 100], 0.999),
    dropped("a rate next to 1", [4, 100], 1 - 2 ** -40),
  ],
  nextSeed: [
    { name: "counts", inputs: [small], attributes: {}, gradcheck: false },
    {
      name: "carries",
      inputs: [values([4], [1, 2, 0xffffffff, 7], "u32")],
      attributes: {},
      gradcheck: false,
    },
  ],
};
