// Samples of the optimiser steps.

import type { NoAttributes } from "../../../src/operators/elementwise/unary.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { normal, uniform, values, type Sample } from "../sample.ts";

const none: NoAttributes = {};

/** Adam at step t, from moments as they may stand then. */
function adamAt(name: string, shape: Shape, t: number, rate = 1e-3): Sample<NoAttributes> {
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
    ],
    attributes: none,
    slack: 4,
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
    {
      ...adamAt("no gradient yet", [4], 1),
      inputs: [
        ...adamAt("", [4], 1).inputs.slice(0, 3),
        values([4], [0, 0, 1e-6, -1e-7]),
        values([8], [0.1, 0.9, 0.999, 1e-8, 10, 1000, 0.1, 0.001]),
      ],
    },
  ],
  sgd: [
    {
      name: "momentum, odd size",
      inputs: [normal([7, 13], 1), normal([7, 13], 2), normal([7, 13], 3), values([2], [0.1, 0.9])],
      attributes: none,
      gradcheck: false,
    },
    {
      name: "no momentum, tile + 1",
      inputs: [normal([65], 1), normal([65], 2), normal([65], 3), values([2], [0.5, 0])],
      attributes: none,
      gradcheck: false,
    },
    {
      name: "in fours, several workgroups",
      inputs: [normal([41, 100], 1), normal([41, 100], 2), normal([41, 100], 3), values([2], [0.5, 0.5])],
      attributes: none,
      gradcheck: false,
    },
  ] satisfies Sample<NoAttributes>[],
};
