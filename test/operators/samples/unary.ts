// Samples of the elementwise functions of one tensor.

import { normal, uniform, values, type Sample } from "../sample.ts";
import type {
  AffineAttributes,
  ClampAttributes,
  NoAttributes,
} from "../../../src/operators/elementwise/unary.ts";

const none: NoAttributes = {};
/** Far from zero and near it, both signs; |z| = 100 must stay finite. */
const edges = values([8], [-100, -20, -1e-4, 0, 1e-4, 3, 20, 100]);

const plain = (slack = 4): Sample<NoAttributes>[] => [
  { name: "odd size", inputs: [normal([7, 13], 1)], attributes: none, slack },
  { name: "scalar", inputs: [normal([], 2)], attributes: none, slack },
  { name: "tile + 1", inputs: [normal([65], 3, 0, 3)], attributes: none, slack },
  { name: "in fours", inputs: [normal([5, 8], 4)], attributes: none, slack },
];
/** More than one workgroup of the kernel for numbers, and of that for fours. */
const several = [
  { name: "several workgroups", inputs: [normal([13, 83], 5)], attributes: none, gradcheck: false },
  { name: "several workgroups of fours", inputs: [normal([41, 100], 6)], attributes: none, gradcheck: false },
];
const withEdges = (slack = 4): Sample<NoAttributes>[] => [
  ...plain(slack),
  { name: "edges", inputs: [edges], attributes: none, slack, gradcheck: false },
];

export const unarySamples = {
  exp: [
    ...plain(),
    {
      name: "small and large",
      inputs: [values([4], [-80, -20, 20, 80])],
      attributes: none,
      slack: 4,
      gradcheck: false,
    },
  ],
  log: [
    { name: "positive", inputs: [uniform([7, 13], 1, 1e-3, 9)], attributes: none, slack: 4 },
    { name: "in fours", inputs: [uniform([3, 4], 2, 1e-3, 9)], attributes: none, slack: 8 },
  ],
  sqrt: [
    { name: "positive", inputs: [uniform([7, 13], 1, 1e-2, 9)], attributes: none, slack: 4 },
    { name: "in fours", inputs: [uniform([3, 4], 2, 1e-2, 9)], attributes: none, slack: 4 },
  ],
  relu: [...withEdges(), ...several],
  sigmoid: withEdges(),
  softplus: [
    ...withEdges(),
    {
      name: "from far below zero to far above",
      inputs: [
        values(
          [4, 43],
          Array.from({ length: 172 }, (_, i) => (i - 127) / 8),
        ),
      ],
      attributes: none,
      gradcheck: false,
    },
  ],
  tanh: withEdges(),
  normalCdf: withEdges(),
  gelu: withEdges(),
  clamp: [
    { name: "both sides", inputs: [normal([7, 13], 1)], attributes: { low: -0.5, high: 0.75 } },
    { name: "in fours", inputs: [normal([3, 8], 2)], attributes: { low: -0.5, high: 0.75 } },
  ] satisfies Sample<ClampAttributes>[],
  affine: [
    { name: "scale and offset", inputs: [normal([7, 13], 1)], attributes: { scale: -2.5, offset: 0.75 } },
    { name: "in fours", inputs: [normal([3, 8], 2)], attributes: { scale: -2.5, offset: 0.75 } },
  ] satisfies Sample<AffineAttributes>[],
};
