// Samples of the operators that only move data.

import type {
  AddRowsAttributes,
  BroadcastToAttributes,
  CastAttributes,
  ConcatAttributes,
  PackAttributes,
  PadAttributes,
  ReshapeAttributes,
  SliceAttributes,
  SplitAttributes,
  TakeRowsAttributes,
  TransposeAttributes,
} from "../../../src/operators/movement/index.ts";
import type { DType, Shape } from "../../../src/tensor/shape.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import { inHalves, integers, normal, values, type Sample } from "../sample.ts";

const one = <A>(name: string, shape: Shape, attributes: A): Sample<A> => ({
  name,
  inputs: [normal(shape, 1)],
  attributes,
});

const reshape: Sample<ReshapeAttributes>[] = [
  one("fewer axes", [2, 3, 5], { shape: [6, 5] }),
  one("six axes", [24], { shape: [1, 2, 3, 1, 4, 1] }),
  one("scalar", [1, 1], { shape: [] }),
  { name: "bytes", inputs: [integers([3, 5], 256, 2, "u8")], attributes: { shape: [15] }, gradcheck: false },
  { name: "u32", inputs: [integers([3, 5], 999, 3, "u32")], attributes: { shape: [5, 3] }, gradcheck: false },
];

const transpose: Sample<TransposeAttributes>[] = [
  one("matrix", [7, 13], { permutation: [1, 0] }),
  one("scalar", [], { permutation: [] }),
  one("nothing moves", [3, 5], { permutation: [0, 1] }),
  one("channels first", [2, 3, 5, 4], { permutation: [0, 3, 1, 2] }),
  one("rows of vectors", [3, 5, 8], { permutation: [1, 0, 2] }),
  one("extents of 1", [1, 5, 1, 7], { permutation: [2, 3, 0, 1] }),
  one("six axes", [2, 3, 2, 3, 2, 2], { permutation: [5, 3, 1, 4, 2, 0] }),
  { ...one("several workgroups", [13, 7, 17], { permutation: [2, 1, 0] }), gradcheck: false },
  { ...one("several workgroups of vectors", [17, 19, 16], { permutation: [1, 0, 2] }), gradcheck: false },
];

const slice: Sample<SliceAttributes>[] = [
  one("a box", [5, 7, 3], { begin: [1, 2, 0], size: [3, 4, 2] }),
  one("all of it", [3, 5], { begin: [0, 0], size: [3, 5] }),
  one("scalar", [], { begin: [], size: [] }),
  one("one value", [5, 7], { begin: [4, 6], size: [1, 1] }),
  one("channels", [2, 3, 3, 7], { begin: [0, 0, 0, 2], size: [2, 3, 3, 5] }),
  one("channels by vectors", [2, 3, 2, 12], { begin: [0, 0, 0, 4], size: [2, 3, 2, 8] }),
  one("whole vectors from an odd channel", [2, 3, 12], { begin: [0, 0, 3], size: [2, 3, 8] }),
  one("six axes", [3, 2, 3, 2, 2, 3], { begin: [1, 0, 2, 1, 0, 1], size: [2, 1, 1, 1, 2, 2] }),
];

const pad: Sample<PadAttributes>[] = [
  one("around an image", [2, 3, 3, 2], { before: [0, 1, 2, 0], after: [0, 2, 1, 0] }),
  one("channels", [2, 3, 5], { before: [0, 0, 2], after: [0, 0, 3] }),
  one("in front", [7], { before: [60], after: [0] }),
  one("behind", [7], { before: [0], after: [60] }),
  one("nothing", [3, 5], { before: [0, 0], after: [0, 0] }),
  one("scalar", [], { before: [], after: [] }),
  one("one value", [1, 1], { before: [1, 0], after: [1, 4] }),
  one("six axes", [2, 1, 2, 1, 2, 2], { before: [1, 0, 1, 2, 1, 0], after: [0, 1, 1, 0, 1, 1] }),
  one("around an image by vectors", [2, 3, 3, 4], { before: [0, 1, 2, 0], after: [0, 2, 1, 0] }),
  one("channels by vectors", [2, 3, 8], { before: [0, 0, 4], after: [0, 0, 12] }),
  { ...one("several workgroups", [5, 11, 13], { before: [1, 0, 3], after: [2, 1, 0] }), gradcheck: false },
  {
    ...one("several workgroups of vectors", [5, 11, 16], { before: [6, 0, 4], after: [0, 9, 0] }),
    gradcheck: false,
  },
];

const parts = (name: string, shapes: readonly Shape[], axis: number): Sample<ConcatAttributes> => ({
  name,
  inputs: shapes.map((shape, i) => normal(shape, i + 1)),
  attributes: { axis },
});
const concat: Sample<ConcatAttributes>[] = [
  parts("one part", [[3, 5]], 0),
  parts("values", [[1], [7], [2]], 0),
  parts("rows", [[2, 5], [1, 5], [3, 5]], 0), // prettier-ignore
  parts("channels", [[2, 3, 3, 5], [2, 3, 3, 2]], 3), // prettier-ignore
  parts("channels by vectors", [[2, 3, 4], [2, 3, 8], [2, 3, 4]], 2), // prettier-ignore
  parts("some by vectors", [[3, 4], [3, 4], [3, 3], [3, 5]], 1), // prettier-ignore
  parts("middle axis", [[3, 2, 5], [3, 4, 5]], 1), // prettier-ignore
  parts("six axes", [[2, 1, 2, 3, 1, 2], [2, 1, 2, 2, 1, 2]], 3), // prettier-ignore
];

const split: Sample<SplitAttributes>[] = [
  one("one part", [3, 5], { axis: 0, sizes: [3] }),
  one("values", [6], { axis: 0, sizes: [1, 2, 3] }),
  one("rows", [7, 3], { axis: 0, sizes: [2, 4, 1] }),
  one("channels", [2, 3, 7], { axis: 2, sizes: [5, 2] }),
  one("channels by vectors", [2, 3, 12], { axis: 2, sizes: [4, 8] }),
  one("some by vectors", [3, 15], { axis: 1, sizes: [4, 8, 3] }),
  one("some by vectors, of rows in fours", [3, 16], { axis: 1, sizes: [4, 9, 3] }),
  one("middle axis", [3, 6, 5], { axis: 1, sizes: [2, 4] }),
  one("six axes", [2, 1, 2, 5, 1, 2], { axis: 3, sizes: [3, 2] }),
  { ...one("several workgroups", [37, 83], { axis: 1, sizes: [40, 43] }), gradcheck: false },
];

const broadcastTo: Sample<BroadcastToAttributes>[] = [
  one("scalar", [], { shape: [7, 5] }),
  one("scalar to scalar", [], { shape: [] }),
  one("one value", [1, 1], { shape: [3, 1, 5] }),
  one("as it is", [3, 5], { shape: [3, 5] }),
  one("leading axes", [5], { shape: [2, 3, 5] }),
  one("leading axes by vectors", [8], { shape: [3, 3, 8] }),
  one("middle axes", [2, 1, 1, 5], { shape: [2, 3, 4, 5] }),
  one("last axis", [3, 1], { shape: [3, 65] }),
  one("six axes", [2, 1, 3, 1, 2, 1], { shape: [2, 3, 3, 2, 2, 2] }),
];

const packed = (
  name: string,
  shapes: readonly Shape[],
  offsets: number[],
  size: number,
): Sample<PackAttributes> => ({
  name,
  inputs: shapes.map((shape, i) => normal(shape, i + 1)),
  attributes: { offsets, size },
});

const pack: Sample<PackAttributes>[] = [
  packed("one part that fills it", [[4, 3]], [0], 12),
  packed("parts with gaps", [[3, 5], [1], [], [7]], [0, 16, 64, 65], 130),
  packed("no gaps", [[2], [3], [1, 2]], [0, 2, 5], 7),
];

const taken = (
  name: string,
  shape: Shape,
  indices: readonly number[],
  dtype: DType = "u8",
  padding: number | null = null,
): Sample<TakeRowsAttributes> => ({
  name,
  inputs: [integers(shape, 256, 4, dtype), values([indices.length], indices, "u32")],
  attributes: { padding },
  // A row that takes no part in the gradient acts on the result all the same.
  gradcheck: dtype === "f32" && padding === null,
});

const takeRows: Sample<TakeRowsAttributes>[] = [
  taken("images of whole words", [5, 6, 2, 1], [4, 0, 3, 3, 1]),
  taken(
    "rows of 7 bytes, more than a workgroup",
    [43, 7],
    [...Array(97).keys()].map((i) => (i * 17) % 43),
  ),
  taken("rows of one byte", [11], [10, 0, 5, 5, 2]),
  taken("rows of 3 x 3 x 3 bytes", [3, 3, 3, 3], [2, 1]),
  taken("one byte of one", [1, 1], [0]),
  taken("indices past the end take the last row", [3, 5], [2, 3, 0xffffffff, 0]),
  taken("whole words past the end", [3, 8], [2, 3, 0xffffffff, 0]),
  taken(
    "words in fours, more than a workgroup",
    [9, 16, 17],
    Array.from({ length: 20 }, (_, i) => (i * 7) % 11),
  ),
  taken("rows of fours of words", [5, 4, 8], [4, 0, 9], "u8"),
  taken("long rows in fours", [7, 136], [6, 1, 0, 6], "f32"),
  taken("floats in fours", [6, 2, 4], [5, 1, 6], "f32"),
  taken("floats", [7, 5, 3], [6, 0, 2, 2], "f32"),
  taken("floats past the end, one after the other", [3, 2], [2, 7, 0, 2], "f32"),
  taken("a row of padding is read", [3, 2], [1, 0, 1, 2], "f32", 1),
  taken("u32", [4, 67], [1, 3], "u32"),
];

const added = (
  name: string,
  row: Shape,
  rows: number,
  indices: readonly number[],
  padding: number | null = null,
): Sample<AddRowsAttributes> => ({
  name,
  inputs: [normal([indices.length, ...row], 6), values([indices.length], indices, "u32")],
  attributes: { rows, padding },
  reduction: indices.length,
  gradcheck: indices.length < 50,
});
const scattered = (count: number, below: number): number[] =>
  Array.from({ length: count }, (_, i) => (i * 7919 + ((i * i) % 31) * 5) % below);

const addRows: Sample<AddRowsAttributes>[] = [
  added("rows that occur twice, once and never", [3], 5, [4, 0, 4, 1]),
  added("fours", [2, 4], 5, [1, 3, 1, 1, 0]),
  added("single numbers", [], 4, [3, 3, 0, 3]),
  added("one row", [3], 1, [0, 0, 0]),
  added("one index", [5], 7, [6]),
  added("past the end", [2], 3, [2, 3, 0xffffffff, 0, 1]),
  added("a row of padding", [2], 4, [1, 2, 1, 3, 0], 1),
  added("the first row is padding", [4], 3, [0, 2, 0, 1], 0),
  added("the last row is padding, so what lies past the end is left out", [3], 3, [2, 5, 0], 2),
  added("all the same, more than a block of the sort", [4], 9, new Array<number>(300).fill(5)),
  added("several blocks, rows of two digits", [3], 777, scattered(601, 777)),
  added("a whole number of blocks", [4], 256, scattered(512, 256)),
  added("one row more than a digit has", [1], 257, [256, 0, 256, 255, 1, 257]),
  added("rows of three digits", [1], 65601, [65600, 5, 65536, 65600, 261, 65541, 5], 65536),
];

const toHalf = (name: string, x: HostTensor): Sample<CastAttributes> => ({
  name,
  inputs: [x],
  attributes: { to: "f16" },
  // Rounding goes in steps.
  gradcheck: false,
});
/** 1 and half a step more, of which 1 is the even one; the largest, what is rounded to it, and what becomes infinite; subnormals. */
const edges = [
  1 + 2 ** -11,
  1 + 3 * 2 ** -11,
  65504,
  65519,
  65520,
  -1e6,
  2 ** -14,
  2 ** -24,
  2 ** -25,
  3 * 2 ** -26,
];

const cast: Sample<CastAttributes>[] = [
  { name: "f32 as it is", inputs: [normal([3, 5], 1)], attributes: { to: "f32" } },
  toHalf("to f16, an odd number", normal([5, 1, 3], 2)),
  toHalf("to f16, several workgroups", normal([1031, 3], 3, 0, 100)),
  toHalf("to f16, the edges", values([edges.length], edges)),
  { name: "from f16, an odd number", inputs: [inHalves(normal([7, 3], 4))], attributes: { to: "f32" } },
  { name: "from f16, several workgroups", inputs: [inHalves(normal([2050], 5))], attributes: { to: "f32" } },
];

export const movementSamples = {
  reshape,
  transpose,
  slice,
  pad,
  concat,
  split,
  pack,
  broadcastTo,
  takeRows,
  addRows,
  cast,
};
