// Samples of attention and its gradients.

import { attend } from "../../../src/operators/attention/attention-reference.ts";
import {
  attentionExtents,
  type AttentionAttributes,
} from "../../../src/operators/attention/attention-extents.ts";
import type { HostArray, HostTensor } from "../../../src/tensor/host.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { normal, values, type Sample } from "../sample.ts";

interface Case {
  readonly name: string;
  readonly leads?: Shape;
  /** Rows, keys, width of a query, width of a value. */
  readonly extents: readonly [number, number, number, number];
  readonly mask?: HostTensor;
  readonly scale?: number;
  readonly causal?: boolean;
  readonly gradcheck?: false;
  /** Deviation of the queries: large where one key is to have all the weight. */
  readonly deviation?: number;
}

/** Zeros, but -Infinity where `isOut` says so. */
function leavesOut(shape: Shape, isOut: (row: number, key: number) => boolean): HostTensor {
  const columns = shape.at(-1) ?? 1;
  const count = shape.reduce((product, extent) => product * extent, 1);
  const list = Array.from({ length: count }, (_, i) =>
    isOut(Math.floor(i / columns), i % columns) ? -Infinity : 0,
  );
  return values(shape, list);
}

const cases: readonly Case[] = [
  { name: "odd sizes", leads: [2, 3], extents: [5, 7, 3, 2] },
  { name: "one value", extents: [1, 1, 1, 1] },
  { name: "one row, causal", leads: [3], extents: [1, 5, 4, 3], causal: true },
  { name: "a few rows and keys", extents: [3, 5, 3, 4] },
  { name: "four keys, one row", extents: [1, 4, 1, 4] },
  { name: "one key", extents: [5, 1, 3, 4] },
  { name: "widths in fours", leads: [2, 2], extents: [6, 9, 8, 4] },
  { name: "causal", leads: [2], extents: [7, 7, 4, 4], causal: true },
  { name: "causal, more rows than keys", extents: [9, 4, 3, 5], causal: true },
  { name: "causal, more keys than rows", extents: [4, 9, 4, 8], causal: true, scale: 1 },
  { name: "a mask for all", leads: [2, 2], extents: [4, 5, 3, 3], mask: normal([4, 5], 7) },
  { name: "a mask of one column", leads: [2], extents: [4, 5, 3, 3], mask: normal([2, 4, 1], 7) },
  { name: "a mask of rank 1", leads: [2], extents: [4, 5, 4, 4], mask: normal([5], 7) },
  { name: "a mask for each head", leads: [3, 2], extents: [3, 4, 4, 4], mask: normal([2, 3, 4], 7) },
  {
    name: "a mask for each sequence, along the middle axis, too",
    leads: [2, 2, 3],
    extents: [3, 4, 4, 4],
    mask: normal([2, 2, 1, 3, 4], 7),
  },
  {
    name: "padded sequences, one of them empty",
    leads: [3, 2],
    extents: [5, 6, 4, 4],
    mask: leavesOut([3, 1, 1, 6], (sequence, key) => key >= [6, 0, 2][sequence]),
  },
  {
    name: "keys in fours, padded",
    leads: [3, 2],
    extents: [5, 8, 3, 4],
    mask: leavesOut([3, 1, 1, 8], (sequence, key) => key >= [8, 3, 0][sequence]),
  },
  {
    name: "all tokens but one left out, causal",
    leads: [2],
    extents: [9, 9, 4, 4],
    mask: leavesOut([9], (_, key) => key !== 3),
    causal: true,
  },
  {
    name: "large scores",
    leads: [2],
    extents: [17, 35, 8, 4],
    deviation: 60,
    gradcheck: false,
  },
  {
    name: "tiles + 1",
    leads: [3],
    extents: [67, 41, 36, 20],
    mask: leavesOut([67, 41], (row, key) => (row * key) % 3 === 1),
    gradcheck: false,
  },
  {
    name: "tiles + 1, causal, odd widths",
    leads: [2],
    extents: [65, 69, 33, 67],
    causal: true,
    gradcheck: false,
  },
  {
    name: "heads of 64",
    leads: [2, 2],
    extents: [37, 131, 64, 64],
    mask: normal([37, 131], 8),
    gradcheck: false,
  },
  { name: "heads of 64, causal", leads: [2], extents: [70, 70, 64, 64], causal: true, gradcheck: false },
  { name: "wide values", leads: [2], extents: [13, 20, 68, 132], gradcheck: false },
];

const reductionOf = ({ extents: [rows, keys, width, valueWidth] }: Case): number =>
  Math.max(rows, keys, width, valueWidth);

function inputsOf({ leads = [], extents, mask, deviation = 1 }: Case): HostTensor[] {
  const [rows, keys, width, valueWidth] = extents;
  return [
    normal([...leads, rows, width], 1, 0, deviation),
    normal([...leads, keys, width], 2),
    normal([...leads, keys, valueWidth], 3),
    ...(mask === undefined ? [] : [mask]),
  ];
}

function attributesOf({ extents, scale, causal = false }: Case): AttentionAttributes {
  return { scale: scale ?? 1 / Math.sqrt(extents[2]), causal };
}

/** The exponential of a score is as wrong as the score, and as a log-sum-exp of hundreds, which is rounded to f32. */
const slackOf = ({ deviation = 1 }: Case): number => (deviation > 1 ? 16 : 4);

function forward(each: Case): Sample<AttentionAttributes> {
  return {
    name: each.name,
    inputs: inputsOf(each),
    attributes: attributesOf(each),
    reduction: reductionOf(each),
    slack: slackOf(each),
    gradcheck: each.gradcheck ?? true,
  };
}

function backward(each: Case): Sample<AttentionAttributes> {
  const { leads = [], extents } = each;
  const attributes = attributesOf(each);
  const [q, k, v, ...mask] = inputsOf(each);
  const y: HostTensor = { ...normal([...leads, extents[0], extents[3]]), dtype: "f32" };
  const logSums: HostTensor = { ...normal([...leads, extents[0]]), dtype: "f32" };
  const inputs = [q, k, v, y, logSums, normal(y.shape, 4), ...mask];
  const found = attentionExtents("attention", [q, k, v, ...mask], attributes);
  /** y and the log-sum-exps follow from the others. */
  const follow = (data: readonly HostArray[]): void => {
    data[3].fill(0);
    attend(found, attributes, { q: data[0], k: data[1], v: data[2], mask: data[6] }, data[3], data[4]);
  };
  follow(inputs.map(({ data }) => data));
  return {
    name: each.name,
    inputs,
    attributes,
    reduction: reductionOf(each),
    slack: slackOf(each),
    gradcheck: false,
    follow,
  };
}

export const attentionSamples = {
  attention: cases.map(forward),
  attentionGradient: cases.map(backward),
} satisfies Record<string, readonly Sample<AttentionAttributes>[]>;
