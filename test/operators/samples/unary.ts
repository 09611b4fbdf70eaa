// Samples of the elementwise functions of one tensor.

import { normal, uniform, values, type Sample } from "../sample.ts";
import type {
  AffineAttributes,
  ClampAttributes,
  ConstantPowerAttributes,
  EluAttributes,
  LeakyReluAttributes,
  NoAttributes,
  UnaryGradientAttributes,
} from "../../../src/operators/elementwise/index.ts";

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

function gradientSample(
  name: string,
  shape: readonly number[],
  of: UnaryGradientAttributes["of"],
  parameter: number,
  seed = 0,
): Sample<UnaryGradientAttributes> {
  const inputs = [normal(shape, 40 + seed, 0, 2), normal(shape, 60 + seed)];
  return { name, inputs, attributes: { of, parameter }, slack: 4 };
}

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
  abs: withEdges(1),
  erf: [
    ...withEdges(1),
    {
      name: "near 0, where it turns to the complement, and far away",
      inputs: [
        values(
          [4, 51],
          Array.from({ length: 204 }, (_, i) => Math.sign(i - 101) * 1.09 ** (Math.abs(i - 101) - 84)),
        ),
      ],
      attributes: none,
      gradcheck: false,
    },
  ],
  silu: withEdges(),
  hardSwish: [
    ...withEdges(1),
    { name: "both bends", inputs: [values([7], [-7, -3.5, -2.9, 1, 2.9, 3.5, 7])], attributes: none },
  ],
  leakyRelu: [
    { name: "odd size", inputs: [normal([7, 13], 1)], attributes: { slope: 0.01 } },
    { name: "in fours", inputs: [normal([5, 8], 2)], attributes: { slope: -0.25 } },
  ] satisfies Sample<LeakyReluAttributes>[],
  elu: [
    { name: "odd size", inputs: [normal([7, 13], 1)], attributes: { alpha: 1 }, slack: 4 },
    { name: "in fours", inputs: [normal([5, 8], 2)], attributes: { alpha: 0.5 }, slack: 4 },
    { name: "edges", inputs: [edges], attributes: { alpha: 2 }, gradcheck: false },
    {
      name: "small and smaller",
      inputs: [values([8], [-0.6, -0.5, -0.49, -0.1, -1e-3, -1e-6, -1e-12, 1e-12])],
      attributes: { alpha: 1 },
      gradcheck: false,
    },
  ] satisfies Sample<EluAttributes>[],
  constantPower: [
    { name: "square", inputs: [normal([7, 13], 1)], attributes: { exponent: 2 } },
    { name: "cube, in fours", inputs: [normal([5, 8], 2)], attributes: { exponent: 3 } },
    { name: "square of 0", inputs: [values([4], [-1, 0, 1, 2])], attributes: { exponent: 2 } },
    { name: "nothing", inputs: [normal([7, 13], 3)], attributes: { exponent: 0 } },
    { name: "itself", inputs: [normal([3, 4], 4)], attributes: { exponent: 1 } },
    { name: "reciprocal cube", inputs: [uniform([7, 13], 5, 0.25, 4)], attributes: { exponent: -3 } },
    { name: "root", inputs: [uniform([7, 13], 6, 0.25, 4)], attributes: { exponent: 0.5 } },
    { name: "third root, in fours", inputs: [uniform([5, 8], 7, 0.25, 4)], attributes: { exponent: 1 / 3 } },
    { name: "37", inputs: [uniform([7, 13], 8, 0.5, 2)], attributes: { exponent: 37 } },
    {
      name: "a whole number too large for products",
      inputs: [uniform([7, 13], 9, -1.1, 1.1)],
      attributes: { exponent: 101 },
      gradcheck: false,
    },
    {
      name: "minus .3125",
      inputs: [uniform([65], 10, 1e-20, 1e-18)],
      attributes: { exponent: -0.3125 },
      gradcheck: false,
    },
  ] satisfies Sample<ConstantPowerAttributes>[],
  unaryGradient: [
    ...(
      ["sigmoid", "softplus", "tanh", "normalCdf", "gelu", "abs", "erf", "silu", "hardSwish"] as const
    ).flatMap((of, i): Sample<UnaryGradientAttributes>[] => [
      gradientSample(`${of}, odd size`, [7, 13], of, 0, i),
      gradientSample(`${of}, in fours`, [5, 8], of, 0, i),
      {
        name: `${of}, edges`,
        inputs: [edges, normal([8], 50 + i)],
        attributes: { of, parameter: 0 },
        slack: 4,
      },
    ]),
    gradientSample("leakyRelu", [7, 13], "leakyRelu", 0.01),
    gradientSample("leakyRelu, in fours", [5, 8], "leakyRelu", 0.01),
    gradientSample("elu", [7, 13], "elu", 1),
    gradientSample("elu, in fours", [5, 8], "elu", 0.5),
    gradientSample("square", [7, 13], "constantPower", 2),
    gradientSample("nothing, in fours", [5, 8], "constantPower", 0),
    gradientSample("reciprocal", [5, 8], "constantPower", -1),
    gradientSample("several workgroups", [13, 83], "silu", 0),
    gradientSample("several workgroups of fours", [41, 100], "silu", 0),
    {
      name: "root",
      inputs: [uniform([7, 13], 30, 0.25, 4), normal([7, 13], 31)],
      attributes: { of: "constantPower", parameter: 0.5 },
    },
  ] satisfies Sample<UnaryGradientAttributes>[],
};
