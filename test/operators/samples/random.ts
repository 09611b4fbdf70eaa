// Samples of the random numbers.

import type { RandomAttributes } from "../../../src/operators/random/index.ts";
import { values, type Sample } from "../sample.ts";

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

export const randomSamples = { randomUniform: drawn(), randomNormal: drawn(4) };
