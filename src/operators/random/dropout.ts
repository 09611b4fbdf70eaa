// Dropout, and the seed that counts on from step to step.

import { input, output, type Candidate, type Operator } from "../operator.ts";
import { sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { expectAttribute, expectRoles, type Role } from "../roles.ts";
import { philox } from "./philox.ts";

export interface DropoutAttributes {
  /** The probability of each value to become 0, from 0 to below 1. */
  readonly rate: number;
  /** Tells apart the draws of one step: a u32, another one for each call that shares a seed. */
  readonly stream: number;
}

const seedRole: Role = { role: "seed", dtype: "u32", shape: [4] };

/** Words below this are dropped: the rate in units of 2^-32. */
const thresholdOf = (rate: number): number => Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);

/**
 * Inputs x and seed u32 [4] (see `randomNumbers`); output y = x / (1 - rate) where a number is kept, x times 0 where it is
 * dropped: where a draw of 32 bits is below rate * 2^32. Its gradient is the same function of the same seed.
 *
 * Eight draws come from one call of Philox4x32-10, which costs more than all else: its four words, and the same words turned
 * by 16 bits. Each draw is uniform; two that share their halves are as good as independent, for the lower half of a draw
 * decides one time in 2^16.
 */
export const dropout: Operator<DropoutAttributes> = {
  name: "dropout",
  infer(inputs, { rate, stream }) {
    const [x] = inputs as readonly (TensorSpec | undefined)[];
    expectRoles("dropout", inputs, [{ role: "x" }, seedRole]);
    expectAttribute("dropout", "rate", rate, rate >= 0 && rate < 1, "from 0 to below 1");
    expectAttribute(
      "dropout",
      "stream",
      stream,
      stream === stream >>> 0,
      "a whole number from 0 to 2^32 - 1",
    );
    return [{ shape: x?.shape ?? [], dtype: "f32" }];
  },
  reference([x, seed], [y], { rate, stream }) {
    const threshold = thresholdOf(rate);
    const words = new Uint32Array(4);
    for (let i = 0; i < x.data.length; i++) {
      if (i % 8 === 0) {
        words.set([i / 8, stream, seed.data[2], seed.data[3]]);
        philox(words, seed.data[0], seed.data[1]);
      }
      const word = words[i % 4];
      const draw = i % 8 < 4 ? word : ((word << 16) | (word >>> 16)) >>> 0;
      y.data[i] = x.data[i] * (draw < threshold ? 0 : 1 / (1 - rate));
    }
  },
  candidates([x], { rate, stream }) {
    const count = sizeOf(x.shape);
    const make = (name: string, VECTORS: boolean): Candidate => ({
      name,
      launches: [
        {
          kernel: VECTORS ? "dropoutVectors" : "dropout",
          bind: { x: input(0), seed: input(1), y: output(0) },
          sizes: { count, stream, threshold: thresholdOf(rate), scale: 1 / (1 - rate) },
        },
      ],
    });
    return count % 4 === 0 ? [make("elements", false), make("vectors", true)] : [make("elements", false)];
  },
};

/**
 * Input state u32 [4], whose last two words count: overwritten with one more. Output what it was before, the seed of this
 * step: a copy, which stays as it is for the backward pass.
 */
export const nextSeed: Operator<object> = {
  name: "nextSeed",
  updates: [0],
  infer(inputs) {
    expectRoles("nextSeed", inputs, [{ role: "state", dtype: "u32", shape: [4] }]);
    return [{ shape: [4], dtype: "u32" }];
  },
  reference([state], [seed]) {
    seed.data.set(state.data);
    state.data[2] = (state.data[2] + 1) >>> 0;
    if (state.data[2] === 0) state.data[3] = (state.data[3] + 1) >>> 0;
  },
  candidates() {
    return [
      {
        name: "counted",
        launches: [{ kernel: "nextSeed", bind: { state: input(0), seed: output(0) }, sizes: { step: 1 } }],
      },
    ];
  },
};
