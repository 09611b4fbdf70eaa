// Samples of the optimiser steps.

import type { AdamAttributes } from "../../../src/operators/optimisers/adam-update.ts";
import type { ClipFactorAttributes } from "../../../src/operators/optimisers/clip-factor.ts";
import type { SgdAttributes } from "../../../src/operators/optimisers/sgd-update.ts";
import { sizeOf, type Shape } from "../../../src/tensor/shape.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import { normal, uniform, values, type Sample } from "../sample.ts";

/** A decay for each run of 64 elements, none for every third run. */
function decays(shape: Shape): HostTensor {
  const runs = Math.ceil(sizeOf(shape) / 64);
  return values(
    [runs],
    Array.from({ length: runs }, (_, i) => (i % 3 === 1 ? 0 : 0.3 + i / 10)),
  );
}

/** Adam at step t, from moments as they may stand then. */
function adamAt(
  name: string,
  shape: Shape,
  t: number,
  rate = 1e-3,
  decay: AdamAttributes["decay"] = "none",
): Sample<AdamAttributes> {
  const corrections = [1 / (1 - 0.9 ** t), 1 / (1 - 0.999 ** t)];
  const start = t === 1 ? 0 : 1;
  return {
    name,
    inputs: [
      normal(shape, 1),
      normal(shape, 2, 0, start * 0.1),
      uniform(shape, 3, 0, start * 0.01),
      normal(shape, 4, 0, 0.1),
      values([8], [rate, 0.9, 0.999, 1e-8, ...corrections, 0.1, 0.001]),
      ...(decay === "none" ? [] : [decays(shape)]),
    ],
    attributes: { decay },
    slack: 4,
    gradcheck: false,
  };
}

function sgdOf(
  name: string,
  shape: Shape,
  [rate, momentum]: readonly [number, number],
  attributes: SgdAttributes = { decay: false, nesterov: false },
): Sample<SgdAttributes> {
  return {
    name,
    inputs: [
      ...[1, 2, 3].map((seed) => normal(shape, seed)),
      values([2], [rate, momentum]),
      ...(attributes.decay ? [decays(shape)] : []),
    ],
    attributes,
    gradcheck: false,
  };
}

function clipOf(name: string, gradient: HostTensor, most: number): Sample<ClipFactorAttributes> {
  const reduction = gradient.data.length;
  return {
    name,
    inputs: [gradient, values([], [7])],
    attributes: { most },
    reduction,
    gradcheck: false,
  };
}

export const optimiserSamples = {
  adam: [
    adamAt("first step", [7, 13], 1),
    adamAt("tenth step, large rate", [65], 10, 0.5),
    adamAt("in fours, more than a workgroup", [4, 65], 3),
    adamAt("several workgroups", [7, 191], 2),
    adamAt("several workgroups of fours", [41, 100], 2),
    adamAt("one parameter", [], 1000),
    adamAt("in fours", [4, 4], 3),
    {
      ...adamAt("no gradient yet", [4], 1),
      inputs: [
        ...adamAt("", [4], 1).inputs.slice(0, 3),
        values([4], [0, 0, 1e-6, -1e-7]),
        values([8], [0.1, 0.9, 0.999, 1e-8, 10, 1000, 0.1, 0.001]),
      ],
    },
    adamAt("decay in the gradient, odd size", [7, 191], 2, 0.1, "coupled"),
    adamAt("decay in the gradient, in fours", [41, 100], 5, 0.1, "coupled"),
    adamAt("decay of the parameter, one more than a run", [65], 2, 0.1, "decoupled"),
    adamAt("decay of the parameter, in fours", [41, 100], 5, 0.1, "decoupled"),
  ],
  sgd: [
    sgdOf("momentum, odd size", [7, 13], [0.1, 0.9]),
    sgdOf("no momentum, tile + 1", [65], [0.5, 0]),
    sgdOf("in fours", [4, 4], [0.1, 0.9]),
    sgdOf("in fours, several workgroups", [41, 100], [0.5, 0.5]),
    sgdOf("Nesterov, odd size", [7, 191], [0.1, 0.9], { decay: false, nesterov: true }),
    sgdOf("decay, one more than a run", [65], [0.1, 0.9], { decay: true, nesterov: false }),
    sgdOf("decay and Nesterov, in fours", [41, 100], [0.1, 0.9], { decay: true, nesterov: true }),
  ],
  clipFactor: [
    clipOf("above the limit, odd size", normal([7, 13], 1), 1),
    clipOf("below the limit", normal([5], 1), 100),
    clipOf("one value", values([], [-3]), 2),
    // 2^128 - 2^104, the largest number.
    clipOf("the largest sum of squares", values([2], [2 ** 64 - 2 ** 40, 2 ** 52]), 1),
    clipOf("zeros", values([8], new Array<number>(8).fill(0)), 1),
    clipOf("in fours, several workgroups", normal([41, 100], 2), 0.5),
    clipOf("more than the largest number of parts", normal([1_048_577], 3, 0, 1e-3), 0.25),
    clipOf("the same in fours", normal([4_194_308], 4, 0, 1e-3), 0.25),
  ],
};
