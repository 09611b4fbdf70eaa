// Samples of the products of matrices.

import type { NoAttributes } from "../../../src/operators/elementwise/unary.ts";
import type { MatmulAttributes } from "../../../src/operators/matmul/index.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
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

function layer(name: string, rows: number, features: number, outputs: number): Sample<NoAttributes> {
  return {
    name,
    inputs: [normal([rows, features], 1), normal([features, outputs], 2), normal([outputs], 3, 5)],
    attributes: {},
    reduction: features + 1,
    gradcheck: rows * features * outputs < 500,
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
    product("workgroups: tiles + 1", [65, 17], [17, 65], large),
    product("many tiles, both transposed", [131, 67], [69, 131], { ...large, ...transposedBoth }),
    product("batch", [3, 2, 5], [3, 5, 4]),
    product("batch, both transposed", [3, 5, 2], [3, 7, 5], transposedBoth),
    product("one a for the batch", [1, 3, 5], [3, 5, 4]),
    product("one b for the batch", [3, 2, 5], [1, 5, 4]),
    product("a is no batch", [2, 5], [3, 5, 3]),
    product("b is no batch, transposed", [3, 2, 5], [4, 5], transposedB),
    product("batch of tiles", [3, 9, 5], [3, 5, 12], large),
    smaller(product("smaller and smaller columns", [17, 19], [19, 36], large), [1]),
    smaller(product("smaller and smaller columns, odd", [7, 5], [5, 7], large), [1]),
  ],
  linear: [
    layer("odd sizes", 3, 5, 7),
    layer("one value", 1, 1, 1),
    layer("outputs in fours", 9, 5, 4),
    layer("tiles + 1", 17, 33, 9),
    layer("vector tiles + 1", 17, 33, 20),
    smaller(layer("smaller and smaller outputs", 17, 33, 20), [1, 2]),
  ],
} satisfies Record<string, readonly (Sample<MatmulAttributes> | Sample<NoAttributes>)[]>;
