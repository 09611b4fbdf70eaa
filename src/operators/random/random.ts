// Random tensors: counted, not stepped, so that every backend draws the same numbers in any order.

import { input, output, type Operator } from "../operator.ts";
import { checkShape, sizeOf, type Shape } from "../../tensor/shape.ts";
import { expectAttribute, expectRoles } from "../roles.ts";
import { randomNumbers, type Distribution } from "./philox.ts";

export interface RandomAttributes {
  readonly shape: Shape;
  /** Tells apart the draws of one step: a u32, another one for each call that shares a seed. */
  readonly stream: number;
}

function random(name: string, distribution: Distribution): Operator<RandomAttributes> {
  return {
    name,
    infer(inputs, { shape, stream }) {
      expectRoles(name, inputs, [{ role: "seed", dtype: "u32", shape: [4] }]);
      checkShape(name, shape);
      expectAttribute(name, "stream", stream, stream === stream >>> 0, "a whole number from 0 to 2^32 - 1");
      return [{ shape, dtype: "f32" }];
    },
    reference([seed], [y], { stream }) {
      y.data.set(randomNumbers(distribution, y.data.length, seed.data, stream));
    },
    candidates(_, { shape, stream }) {
      return [
        {
          name: "counted",
          launches: [
            {
              kernel: "random",
              knobs: { DISTRIBUTION: distribution },
              bind: { seed: input(0), y: output(0) },
              sizes: { count: sizeOf(shape), stream },
            },
          ],
        },
      ];
    },
  };
}

/**
 * Input seed u32 [4]: two words of key, two of counter (for example step and epoch); output uniform numbers in
 * [0, 1), multiples of 2^-24. See `randomNumbers` for how they are drawn.
 */
export const randomUniform = random("randomUniform", "uniform");

/** As randomUniform, but normal numbers of mean 0 and deviation 1. */
export const randomNormal = random("randomNormal", "normal");
