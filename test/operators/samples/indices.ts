// Samples of what gives or takes numbers of rows, columns and classes.

import type {
  ArgMaxAttributes,
  OneHotAttributes,
  SampleRowsAttributes,
  TopRowsAttributes,
} from "../../../src/operators/indices/index.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import { sizeOf, type Shape } from "../../../src/tensor/shape.ts";
import { integers, normal, values, type Sample } from "../sample.ts";

const hot = (name: string, indices: HostTensor, classes: number): Sample<OneHotAttributes> => ({
  name,
  inputs: [indices],
  attributes: { classes },
});

const oneHot: Sample<OneHotAttributes>[] = [
  hot("an odd number of classes", values([4], [2, 0, 4, 2], "u32"), 5),
  hot("fours", values([3], [7, 0, 3], "u32"), 8),
  hot("one class", values([3], [0, 1, 0], "u32"), 1),
  hot("a scalar", values([], [3], "u32"), 4),
  hot("past the end, rows of zeros", values([4], [4, 3, 0xffffffff, 5], "u32"), 4),
  hot("past the end, odd", values([3], [3, 0xffffffff, 2], "u32"), 3),
  hot("three axes", integers([2, 3, 5], 7, 1, "u32"), 7),
  hot("several workgroups in fours", integers([11, 3], 100, 2, "u32"), 100),
  hot("several workgroups", integers([67], 9, 3, "u32"), 9),
];

const along = (
  name: string,
  x: HostTensor,
  axis: number,
  keepDimensions = false,
): Sample<ArgMaxAttributes> => ({
  name,
  inputs: [x],
  attributes: { axis, keepDimensions },
});

/** Numbers that often tie. */
const tied = (shape: Shape, seed = 1): HostTensor => {
  const { data, ...spec } = integers(shape, 7, seed);
  return { ...spec, data: data.map((value: number) => value - 3) };
};

const extremes: Sample<ArgMaxAttributes>[] = [
  along("a row", normal([7], 1), 0),
  along("a row, kept", normal([7], 2), 0, true),
  along("one number", values([1], [-5]), 0),
  along("rows with ties", tied([5, 13]), 1),
  along("rows in fours with ties", tied([19, 12]), 1, true),
  along("one four", tied([3, 4]), 1),
  along("columns with ties", tied([13, 5]), 0),
  along("columns in fours with ties", tied([13, 8]), 0, true),
  along("a middle axis", tied([3, 7, 5]), 1),
  along("zeros of both signs", values([2, 3], [-0, 0, -1, 0, -0, 0]), 1),
  along("zeros of both signs, in fours", values([1, 4], [-0, 0, -1, 0]), 1),
  along(
    "all equal, longer than a workgroup",
    { ...normal([2, 301]), data: new Float32Array(602).fill(-2) },
    1,
  ),
  along("infinities", values([2, 3], [-Infinity, -Infinity, 3, Infinity, 5, Infinity]), 1),
  along("nothing but -infinity", values([1, 5], new Array<number>(5).fill(-Infinity)), 1),
  along("nothing but infinity", values([1, 5], new Array<number>(5).fill(Infinity)), 1),
  along("long rows", normal([3, 1031], 4), 1),
  along("long rows in fours", tied([70, 516], 5), 1),
  along("large values", normal([3, 67], 6, 1e6, 1), 1),
  along("many columns", normal([3, 131], 7), 0),
];

function best(
  name: string,
  [count, n, width]: readonly [number, number, number],
  k: number,
  draw: (shape: Shape, seed: number) => HostTensor = normal,
): Sample<TopRowsAttributes> {
  return {
    name,
    inputs: [draw([count, width], count), draw([n, width], n + 1)],
    attributes: { k },
    reduction: width,
    gradcheck: count * n < 200 && draw === normal,
  };
}

/** Small whole numbers, whose products are exact and often tie. */
const whole = (shape: Shape, seed: number): HostTensor => tied(shape, seed);
const allEqual = (shape: Shape): HostTensor => ({
  shape,
  dtype: "f32",
  data: new Float32Array(sizeOf(shape)).fill(0.5),
});
/** Rows that are better the later they come, so that each of them goes into the list. */
const rising = ([count, width]: Shape): HostTensor =>
  values(
    [count, width],
    Array.from({ length: count * width }, (_, i) => Math.floor(i / width)),
  );

const topRows: Sample<TopRowsAttributes>[] = [
  best("an odd width", [3, 11, 5], 4),
  best("fours", [5, 7, 8], 3),
  best("one of one", [1, 1, 1], 1),
  best("the best alone", [2, 13, 4], 1),
  best("all rows", [3, 9, 3], 9),
  best("equal products go by number", [5, 61, 3], 17, whole),
  best("all products equal", [2, 141, 4], 128, allEqual),
  best("better and better", [1, 300, 4], 70, rising),
  best("several tiles of queries", [67, 131, 4], 5, whole),
  best("a tile and one", [33, 65, 4], 6, whole),
  best("several blocks", [2, 517, 3], 7, whole),
  best("several blocks, the last shorter than k", [1, 1034, 4], 16, whole),
  best("several blocks, k = 128", [1, 1500, 4], 128, whole),
];

function drawn(
  name: string,
  logits: HostTensor,
  { temperature = 1, stream = 0, allowed = undefined as HostTensor | undefined } = {},
): Sample<SampleRowsAttributes> {
  const seed = values([4], [2026, 11, 3, 0xffffffff], "u32");
  return {
    name,
    inputs: [logits, seed, ...(allowed === undefined ? [] : [allowed])],
    attributes: { temperature, stream },
  };
}

const sampleRows: Sample<SampleRowsAttributes>[] = [
  drawn("rows", normal([7, 13], 1)),
  drawn("fours", normal([5, 8], 2)),
  drawn("one column", normal([3, 1], 3)),
  drawn("more columns than invocations", normal([3, 523], 4), { stream: 0xffffffff }),
  drawn("many rows", normal([150, 5], 5), { temperature: 0.3 }),
  drawn("hot", normal([20, 9], 6), { temperature: 30 }),
  drawn("temperature 0, with ties", tied([9, 11]), { temperature: 0 }),
  drawn("bytes for each row", normal([7, 13], 7), { allowed: integers([7, 13], 2, 8, "u8") }),
  drawn("bytes for all rows", normal([6, 7], 8), { allowed: values([7], [0, 255, 1, 0, 0, 3, 0], "u8") }),
  drawn("numbers for each row", normal([7, 5], 9), { allowed: integers([7, 5], 2, 9) }),
  drawn("numbers for all rows", normal([5, 6], 10), { allowed: values([6], [0, 0.5, -0, 0, -1, 0]) }),
  drawn("nothing allowed", normal([3, 70], 11), {
    allowed: values([70], new Array<number>(70).fill(0), "u8"),
  }),
  drawn("logits of -infinity", values([2, 3], [-Infinity, 1, -Infinity, -Infinity, -Infinity, -Infinity])),
  drawn("temperature 0, logits of -infinity", values([2, 2], [-Infinity, -3, -Infinity, -Infinity]), {
    temperature: 0,
  }),
];

export const indexSamples = { oneHot, argMax: extremes, argMin: extremes, topRows, sampleRows };
