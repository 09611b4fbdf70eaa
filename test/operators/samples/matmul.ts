// Samples of the products of matrices.

import type { LinearAttributes, MatmulAttributes } from "../../../src/operators/matmul/index.ts";
import { sizeOf, type Shape } from "../../../src/tensor/shape.ts";
import { graded, normal, type Sample } from "../sample.ts";

function product(
  name: string,
  a: Shape,
  b: Shape,
  { transposeA = false, transposeB = false, gradcheck = true } = {},
): Sample<MatmulAttributes> {
  return {
    name,
    inputs: [normal(a, 1), normal(b, 2)],
    attributes: { transposeA, transposeB },
    reduction: a[a.length - (transposeA ? 2 : 1)],
    gradcheck,
  };
}

function layer(
  name: string,
  rows: Shape | number,
  features: number,
  outputs: number,
  { transposeWeight = false, bias = true } = {},
): Sample<LinearAttributes> {
  const lead = typeof rows === "number" ? [rows] : rows;
  const weight = transposeWeight ? [outputs, features] : [features, outputs];
  return {
    name,
    inputs: [normal([...lead, features], 1), normal(weight, 2), ...(bias ? [normal([outputs], 3, 5)] : [])],
    attributes: { transposeWeight },
    reduction: features + 1,
    gradcheck: sizeOf(lead) * features * outputs < 500,
  };
}

/** With some of its inputs smaller and smaller along the last axis. */
const smaller = <A>(sample: Sample<A>, which: readonly number[]): Sample<A> => ({
  ...sample,
  inputs: sample.inputs.map((input, i) => (which.includes(i) ? graded(input) : input)),
  gradcheck: false,
});

const transposedA = { transposeA: true };
const transposedB = { transposeB: true };
const transposedBoth = { transposeA: true, transposeB: true };
const large = { gradcheck: false };

export const matmulSamples = {
  matmul: [
    product("one value", [1, 1], [1, 1]),
    product("odd sizes", [3, 5], [5, 7]),
    product("a transposed", [5, 3], [5, 7], transposedA),
    product("b transposed", [3, 5], [7, 5], transposedB),
    product("both transposed", [5, 3], [7, 5], transposedBoth),
    product("inner extent 1", [3, 1], [1, 5]),
    product("columns in fours", [9, 3], [3, 4]),
    product("columns in fours, a transposed", [3, 9], [3, 8], transposedA),
    product("columns in fours, b transposed", [9, 3], [4, 3], transposedB),
    product("tiles + 1", [17, 19], [19, 5], large),
    product("tiles - 1", [15, 19], [19, 15], large),
    product("vector tiles + 1", [17, 19], [19, 20], large),
    product("five vectors, in groups of three", [8, 3], [3, 20], large),
    product("many tiles, a long sum", [67, 131], [131, 68], large),
    product("subgroups: tiles + 1", [33, 20], [20, 28], large),
    product("subgroups: one tile, columns of one vector", [16, 4], [4, 4], large),
    product("subgroups: b transposed", [70, 12], [52, 12], { ...large, ...transposedB }),
    product("subgroups, by vectors: tiles + 1", [17, 12], [12, 36], large),
    product("subgroups, by vectors: a transposed", [12, 36], [12, 68], { ...large, ...transposedA }),
    product("subgroups, by vectors: b transposed", [31, 20], [28, 20], { ...large, ...transposedB }),
    product("subgroups, by vectors: both transposed", [4, 20], [36, 4], { ...large, ...transposedBoth }),
    product("subgroups, by vectors: one a, transposed", [1, 8, 4], [3, 8, 36], { ...large, ...transposedA }),
    product("workgroups: tiles + 1", [65, 17], [17, 65], large),
    product("workgroups, by vectors: tiles + 1", [65, 20], [20, 68], large),
    product("workgroups, by vectors: a transposed", [36, 68], [36, 72], { ...large, ...transposedA }),
    product("workgroups, by vectors: b transposed", [67, 20], [68, 20], { ...large, ...transposedB }),
    product("workgroups, by vectors: both transposed", [20, 68], [68, 20], { ...large, ...transposedBoth }),
    product("many tiles, both transposed", [131, 67], [69, 131], { ...large, ...transposedBoth }),
    product("batch", [3, 2, 5], [3, 5, 4]),
    product("batch, both transposed", [3, 5, 2], [3, 7, 5], transposedBoth),
    product("one a for the batch", [1, 3, 5], [3, 5, 4]),
    product("one b for the batch", [3, 2, 5], [1, 5, 4]),
    product("a is no batch", [2, 5], [3, 5, 3]),
    product("b is no batch, transposed", [3, 2, 5], [4, 5], transposedB),
    product("batch of tiles", [3, 9, 5], [3, 5, 12], large),
    product("one b for two leading axes", [2, 3, 2, 5], [5, 3]),
    product("one b, transposed, with leading axes of 1", [2, 3, 2, 5], [1, 1, 3, 5], transposedB),
    product("one b for two leading axes of columns", [2, 3, 5, 2], [5, 3], transposedA),
    product("one a for two leading axes", [2, 5], [2, 3, 5, 3]),
    product("two leading axes", [2, 3, 2, 5], [2, 3, 5, 3]),
    product("a is repeated along the outer leading axis", [3, 2, 5], [2, 3, 5, 3]),
    product("a is repeated along the inner leading axis", [2, 1, 2, 5], [2, 3, 5, 3]),
    product("b is repeated along the inner leading axis, its rows fold", [2, 3, 2, 5], [2, 1, 5, 3]),
    product("b is repeated along the outer leading axis, transposed", [2, 3, 2, 5], [3, 4, 5], transposedB),
    product("both are repeated, both transposed", [2, 1, 5, 2], [3, 7, 5], transposedBoth),
    product("four leading axes that do not merge", [2, 1, 3, 1, 2, 4], [1, 2, 1, 2, 4, 3]),
    product("three leading axes that do not merge", [2, 1, 3, 2, 4], [1, 2, 1, 4, 3]),
    product("leading axes, by vectors", [2, 1, 9, 5], [3, 5, 20], large),
    product("leading axes of tiles", [2, 1, 33, 20], [2, 3, 20, 28], large),
    product("leading axes of workgroups, four of them", [2, 1, 2, 1, 65, 3], [1, 2, 1, 2, 3, 68], large),
    product("more matrices than a dimension has workgroups", [65537, 1, 2], [65537, 2, 1], large),
    smaller(product("smaller and smaller columns", [17, 19], [19, 36], large), [1]),
    smaller(product("smaller and smaller columns, odd", [7, 5], [5, 7], large), [1]),
  ],
  linear: [
    layer("odd sizes", 3, 5, 7),
    layer("one value", 1, 1, 1),
    layer("outputs in fours", 9, 5, 4),
    layer("tiles + 1", 17, 33, 9),
    layer("vector tiles + 1", 17, 33, 20),
    layer("weight transposed", 3, 5, 7, { transposeWeight: true }),
    layer("weight transposed, tiles + 1", 17, 33, 20, { transposeWeight: true }),
    layer("weight transposed, in fours", 17, 36, 12, { transposeWeight: true }),
    layer("in fours", 17, 36, 36),
    layer("three leading axes", [2, 3, 2], 5, 3, { transposeWeight: true }),
    layer("two leading axes, outputs in fours", [2, 3], 5, 4),
    layer("one vector", [], 5, 3, { transposeWeight: true }),
    layer("without bias", 3, 5, 7, { bias: false }),
    layer("without bias, weight transposed", [2, 3], 4, 8, { bias: false, transposeWeight: true }),
    smaller(layer("smaller and smaller outputs", 17, 33, 20), [1, 2]),
  ],
} satisfies Record<string, readonly (Sample<MatmulAttributes> | Sample<LinearAttributes>)[]>;
