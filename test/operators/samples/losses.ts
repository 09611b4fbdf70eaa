// Samples of the losses.

import {
  normaliseChoices,
  unsupervisedChoices,
  type AssembleLossAttributes,
  type BinaryCrossEntropyAttributes,
  type CrossEntropyAttributes,
  type HuberLossAttributes,
  type SharpenAttributes,
} from "../../../src/operators/losses/index.ts";
import type { NoAttributes } from "../../../src/operators/elementwise/unary.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import { treeSamples } from "./assemble-trees.ts";
import { aucMarginSamples, shapedSamples } from "./shaped-losses.ts";
import { marginalSamples } from "./marginal-losses.ts";
import { graded, integers, normal, uniform, values, type Sample } from "../sample.ts";

const none: NoAttributes = {};

/** Rows of probabilities. */
function distributions(rows: number, classes: number, seed: number): HostTensor {
  const weights = Array.from(uniform([rows, classes], seed, 0.01, 1).data);
  const sums = Array.from({ length: rows }, (_, row) =>
    weights.slice(row * classes, (row + 1) * classes).reduce((sum, weight) => sum + weight, 0),
  );
  return values(
    [rows, classes],
    weights.map((weight, i) => weight / (sums[Math.floor(i / classes)] ?? NaN)),
  );
}

/** One-hot rows, class `i % classes` in row i. */
function oneHot(rows: number, classes: number): HostTensor {
  const list = Array.from({ length: rows * classes }, (_, i) => {
    return i % classes === Math.floor(i / classes) % classes ? 1 : 0;
  });
  return values([rows, classes], list);
}

/** Logits and classes, which are drawn where they are not given. */
function entropy(
  name: string,
  logits: HostTensor,
  attributes: Partial<CrossEntropyAttributes> = {},
  list?: readonly number[],
): Sample<CrossEntropyAttributes> {
  const shape = logits.shape.slice(0, -1);
  const count = logits.shape[logits.shape.length - 1];
  const classes = list === undefined ? integers(shape, count, 5, "u32") : values(shape, list, "u32");
  return {
    name,
    inputs: [logits, classes],
    attributes: { ignore: null, labelSmoothing: 0, ...attributes },
    reduction: Math.max(count, classes.data.length),
    slack: 8,
  };
}

/** Logits and targets of binary cross entropy, with weights and positive weights where they are wanted. */
function binary(
  name: string,
  logits: HostTensor,
  { weighted = false, positive }: { weighted?: boolean; positive?: number | HostTensor } = {},
  gradcheck = false,
): Sample<BinaryCrossEntropyAttributes> {
  const { shape } = logits;
  const targets = uniform(shape, 7);
  const inputs = [logits, targets];
  if (weighted) inputs.push(uniform(shape, 8, 0.1, 2));
  if (typeof positive === "object") inputs.push(positive);
  const positiveWeight = typeof positive === "object" ? null : (positive ?? 1);
  return {
    name,
    inputs,
    attributes: { weighted, positiveWeight },
    reduction: logits.data.length,
    slack: 8,
    gradcheck,
  };
}

function huber(
  name: string,
  shape: readonly number[],
  delta: number,
  gradcheck = false,
): Sample<HuberLossAttributes> {
  const inputs = [normal(shape, 1, 0, 2), normal(shape, 2)];
  return { name, inputs, attributes: { delta }, reduction: inputs[0].data.length, slack: 4, gradcheck };
}

export const paper: AssembleLossAttributes = {
  threshold: 0.5,
  temperature: 4,
  stopGradient: true,
  unsupervisedOn: "absent",
  normalise: "entries",
  strongShare: 0,
};

const bothSupervised: AssembleLossAttributes = { ...paper, stopGradient: false, strongShare: 0.5 };

interface AssembleShape {
  readonly batch: number;
  readonly classes: number;
  readonly features: number;
}

/** Random features and label states: of negative, positive, absent and, where there are four kinds, soft ones. */
function assemble(
  name: string,
  { batch, classes, features }: AssembleShape,
  attributes: AssembleLossAttributes = paper,
  more: { readonly states?: HostTensor; readonly weights?: readonly number[]; readonly seed?: number } = {},
): Sample<AssembleLossAttributes> {
  const { states = integers([batch, classes], 3, 5, "u8"), weights = [0.7, 1.3], seed = 1 } = more;
  const bytes = states.data.map((state: number, i) => [0, 1, 255, 100 + ((37 * i) % 101)][state] ?? state);
  const inputs: HostTensor[] = [
    normal([batch, features], seed, 0, 1 / Math.sqrt(features)),
    normal([batch, features], seed + 1, 0, 1 / Math.sqrt(features)),
    normal([classes, features], seed + 2, 0, 1.5),
    normal([classes], seed + 3, 0, 0.3),
    { shape: states.shape, dtype: "u8", data: Uint8Array.from(bytes) },
    values([2], weights),
  ];
  // Central differences follow the pseudo-label, a stopped gradient does not.
  const gradcheck = !attributes.stopGradient && batch * features + classes * features < 200;
  return { name, inputs, attributes, reduction: Math.max(features, batch * classes), slack: 4, gradcheck };
}

/** One feature that is the logit itself: the losses at any logits whatsoever. */
function atLogits(
  name: string,
  weak: readonly number[],
  strong: readonly number[],
  states: readonly number[],
  attributes: AssembleLossAttributes = paper,
  slack = 8,
): Sample<AssembleLossAttributes> {
  const inputs: HostTensor[] = [
    values([weak.length, 1], weak),
    values([strong.length, 1], strong),
    values([1, 1], [1]),
    values([1], [0]),
    values([states.length, 1], states, "u8"),
    values([2], [1, 1]),
  ];
  return { name, inputs, attributes, reduction: weak.length, slack, gradcheck: false };
}

const every = (batch: number, classes: number, state: number): HostTensor =>
  values([batch, classes], new Array<number>(batch * classes).fill(state), "u8");
const kinds = (batch: number, classes: number, below: number): HostTensor =>
  integers([batch, classes], below, 8, "u8");
const small = { batch: 3, classes: 5, features: 7 };

/** Every way to set the switches; the authors' released code is labelled, entries, through. */
const combinations = unsupervisedChoices.flatMap((unsupervisedOn) =>
  normaliseChoices.flatMap((normalise) =>
    [true, false].map((stopGradient): [string, AssembleLossAttributes] => [
      `on ${unsupervisedOn} by ${normalise}, gradient ${stopGradient ? "stopped" : "through"}`,
      { ...paper, unsupervisedOn, normalise, stopGradient },
    ]),
  ),
);

export const lossSamples = {
  marginalCrossEntropy: marginalSamples,
  aucMargin: aucMarginSamples,
  softmaxCrossEntropy: [
    {
      name: "odd sizes",
      inputs: [normal([3, 7], 1, 0, 2), distributions(3, 7, 2)],
      attributes: none,
      reduction: 21,
      slack: 4,
    },
    {
      name: "more rows than a workgroup, one-hot",
      inputs: [normal([301, 3], 1, 0, 2), oneHot(301, 3)],
      attributes: none,
      reduction: 301,
      slack: 4,
      gradcheck: false,
    },
    {
      name: "huge logits",
      // Each row would underflow, relative to the largest logit of its neighbours.
      inputs: [values([3, 3], [0, 100, -1000, 990, -1000, 1000, -100, -90, -200]), oneHot(3, 3)],
      attributes: none,
      slack: 8,
      gradcheck: false,
    },
    { name: "one class", inputs: [normal([2, 1], 1), oneHot(2, 1)], attributes: none, slack: 4 },
    {
      name: "all but certain",
      inputs: [values([3, 3], [30, 0, 1, -20, 20, 3, 0, 0, 17]), oneHot(3, 3)],
      attributes: none,
      slack: 8,
      gradcheck: false,
    },
    {
      name: "fairly certain",
      inputs: [values([4, 2], [6.5, 0, 0, 6.5, 3, 0.5, -1, 3.25]), oneHot(4, 2)],
      attributes: none,
      gradcheck: false,
    },
    {
      name: "nothing certain among many classes",
      inputs: [normal([5, 9], 1, 0, 0.1), oneHot(5, 9)],
      attributes: none,
      slack: 4,
      gradcheck: false,
    },
    {
      name: "targets that do not add up to 1",
      inputs: [normal([2, 3], 1), uniform([2, 3], 2)],
      attributes: none,
      slack: 8,
    },
  ] satisfies Sample<NoAttributes>[],
  crossEntropy: [
    entropy("odd sizes", normal([3, 7], 1, 0, 2)),
    entropy("any leading axes", normal([2, 3, 2, 5], 1, 0, 2)),
    entropy("one row, no leading axis", normal([6], 1)),
    entropy("smoothed", normal([5, 9], 1), { labelSmoothing: 0.1 }),
    entropy("some ignored", normal([6, 5], 1), { ignore: 3 }),
    entropy(
      "an ignored class that there is not",
      normal([7, 4], 1),
      { ignore: 255 },
      [0, 255, 3, 1, 2, 255, 0],
    ),
    { ...entropy("all ignored", normal([2, 3], 1), { ignore: 7 }, [7, 7]), gradcheck: false },
    { ...entropy("more rows than a workgroup", normal([301, 3], 1, 0, 2)), gradcheck: false },
    {
      ...entropy("more rows than one sum takes", normal([4099, 4], 1, 0, 2), { ignore: 3 }),
      gradcheck: false,
    },
    { ...entropy("as many rows as one sum takes", normal([4096, 3], 1, 0, 2)), gradcheck: false },
    {
      // In each of four neighbours, and of 32: a sum of exponentials that does without it is infinite.
      ...entropy(
        "the highest logit in each place",
        values(
          [40, 40],
          Array.from({ length: 1600 }, (_, i) => (i % 41 === 0 ? 300 : (i % 7) - 3)),
        ),
      ),
      gradcheck: false,
    },
    { ...entropy("rows in fours, smoothed", normal([11, 20], 1), { labelSmoothing: 0.2 }), gradcheck: false },
    { ...entropy("a hundred and twenty-eight classes", normal([19, 128], 1, 0, 2)), gradcheck: false },
    {
      ...entropy("a thousand classes", normal([9, 1000], 1, 0, 2), { ignore: 5, labelSmoothing: 0.1 }),
      gradcheck: false,
    },
    {
      ...entropy("ties", values([2, 4], [1, 1, 1, 1, 3, 0, 3, 0]), { labelSmoothing: 0.1 }, [1, 1]),
      gradcheck: false,
    },
    { ...entropy("many classes in fours", normal([3, 2052], 1, 0, 2)), gradcheck: false },
    { ...entropy("many classes", normal([5, 1031], 1, 0, 2)), gradcheck: false },
    {
      ...entropy("all but certain", values([3, 3], [30, 0, 1, -20, 20, 3, 0, 0, 17]), {}, [0, 1, 2]),
      gradcheck: false,
    },
    {
      ...entropy(
        "huge logits",
        values([3, 3], [0, 100, -1000, 990, -1000, 1000, -100, -90, -200]),
        {},
        [1, 0, 2],
      ),
      gradcheck: false,
    },
  ] satisfies Sample<CrossEntropyAttributes>[],
  binaryCrossEntropyWithLogits: [
    binary("odd sizes", normal([3, 7], 1, 0, 2), {}, true),
    binary("a scalar", normal([], 1), {}, true),
    binary(
      "weighted, with a number for positive targets",
      normal([3, 4], 1),
      { weighted: true, positive: 3 },
      true,
    ),
    binary("a factor for each class", normal([3, 5], 1), { positive: uniform([5], 3, 0.5, 2) }, true),
    binary(
      "weighted, a factor for each class in fours",
      normal([5, 12], 1),
      { weighted: true, positive: uniform([12], 3) },
      true,
    ),
    binary("a factor for each logit", normal([5, 6], 1), { positive: uniform([5, 6], 3) }, true),
    binary("more than a workgroup, odd", normal([67, 31], 1, 0, 3)),
    binary("more than the parts in fours", normal([73, 260], 1, 0, 3), { positive: uniform([260], 3) }),
    binary("both tails", values([4, 3], [100, -100, 30, -30, 17, -17, 9, -9, 5, -5, 0, 1e30])),
  ] satisfies Sample<BinaryCrossEntropyAttributes>[],
  huberLoss: [
    huber("odd sizes", [3, 7], 1, true),
    huber("a scalar", [], 0.5, true),
    huber("in fours, narrow", [5, 12], 0.1, true),
    huber("wide", [4, 5], 100, true),
    huber("more than a workgroup, odd", [67, 31], 1),
    huber("more than the parts in fours", [73, 260], 1),
    {
      ...huber("at delta and at 0", [5], 2),
      inputs: [values([5], [2, -2, 0, 3, 1e30]), values([5], [0, 0, 0, 1, 0])],
    },
  ] satisfies Sample<HuberLossAttributes>[],
  queryInnerProduct: [
    {
      name: "odd sizes",
      inputs: [normal([5, 7], 1), normal([3, 7], 2), normal([3], 3)],
      attributes: none,
      reduction: 8,
    },
    {
      name: "ones",
      inputs: [normal([1, 1], 1), normal([1, 1], 2), normal([1], 3)],
      attributes: none,
      reduction: 2,
    },
    {
      name: "tile + 1",
      inputs: [normal([65, 33], 1), normal([5, 33], 2), normal([5], 3)],
      attributes: none,
      reduction: 34,
      gradcheck: false,
    },
    {
      name: "smaller and smaller classes",
      inputs: [normal([9, 33], 1), graded(normal([7, 33], 2), 0), graded(normal([7], 3))],
      attributes: none,
      reduction: 34,
      gradcheck: false,
    },
  ] satisfies Sample<NoAttributes>[],
  sharpen: [
    { name: "paper", inputs: [uniform([5, 13], 1)], attributes: { threshold: 0.5, temperature: 4 } },
    {
      name: "at and around the threshold",
      inputs: [values([6], [0, 0.2, 0.5, 0.5001, 0.9, 1])],
      attributes: { threshold: 0.5, temperature: 4 },
      gradcheck: false,
    },
    { name: "hard", inputs: [uniform([67], 2)], attributes: { threshold: 0.25, temperature: 1 } },
    {
      name: "identity",
      inputs: [uniform([2, 3, 5], 3)],
      attributes: { threshold: 0.5, temperature: Infinity },
    },
  ] satisfies Sample<SharpenAttributes>[],
  assembleLoss: [
    assemble("paper, odd sizes", small),
    ...combinations.flatMap(([name, switches]) => [
      assemble(name, small, switches, { states: kinds(3, 5, 4) }),
      assemble(`${name}, more than a workgroup`, { batch: 43, classes: 7, features: 13 }, switches, {
        states: kinds(43, 7, 4),
      }),
    ]),
    ...combinations.map(([name, switches]) =>
      assemble(`${name}, both views supervised`, small, { ...switches, strongShare: 0.5 }),
    ),
    assemble(
      "both views supervised, more than a workgroup",
      { batch: 43, classes: 7, features: 13 },
      {
        ...paper,
        strongShare: 0.5,
      },
    ),
    assemble("both views supervised, in warm-up", small, bothSupervised, { weights: [0, 0] }),
    assemble("both views supervised, no label at all", small, bothSupervised, {
      states: every(3, 5, 255),
    }),
    assemble("a share of .8 for the strong view", small, { ...bothSupervised, strongShare: 0.8 }),
    assemble("the strong view alone supervised", small, { ...bothSupervised, strongShare: 1 }),
    assemble("other threshold and temperature", small, { ...paper, threshold: 0.3, temperature: 1.5 }),
    assemble("hard pseudo-labels", small, { ...paper, stopGradient: false, temperature: 1 }),
    assemble("infinite temperature", small, { ...paper, stopGradient: false, temperature: Infinity }),
    assemble("warm-up", small, { ...paper, stopGradient: false }, { weights: [0, 0] }),
    assemble("one entry", { batch: 1, classes: 1, features: 1 }),
    assemble("soft labels only, more than a workgroup", { batch: 43, classes: 7, features: 13 }, paper, {
      states: every(43, 7, 3),
    }),
    assemble("no label at all", small, paper, { states: every(3, 5, 255) }),
    assemble("no absent label", small, paper, { states: every(3, 5, 1) }),
    assemble("more entries than a workgroup", { batch: 43, classes: 7, features: 13 }),
    atLogits(
      "logits of 100",
      [100, -100, 100, -100, 100, -100, 0, 30],
      [100, 100, -100, -100, -100, 100, 1, -30],
      [0, 0, 1, 1, 255, 255, 255, 1],
    ),
    atLogits(
      "logits of 100, both views supervised",
      [100, -100, 100, -100, 100, -100, 0, 30],
      [100, 100, -100, -100, -100, 100, 1, -30],
      [0, 0, 1, 1, 255, 150, 0, 1],
      bothSupervised,
    ),
    // Losses so small that log(1 + e) in f32 would have lost their digits.
    atLogits("confident and right", [7, -7.5, 9, -12], [7, -7.5, 9, -12], [1, 0, 1, 0]),
    ...[2.5, 4, 6.5].map((z) =>
      atLogits(`${z}, and right`, [z, -z, -0.5, 1], [z, -z, 1, -1], [1, 0, 255, 255], paper, 1),
    ),
    atLogits("6.5 in the strong view, and right", [6.5], [-6.5], [0], { ...paper, strongShare: 1 }, 1),
    atLogits(
      "confident soft labels",
      [9, -9, 9, -9, 12, 0],
      [1, 2, 3, 4, 5, 6],
      [200, 100, 199, 101, 150, 170],
    ),
    // Any byte but 0, 1 and 100 to 200 is an absent label.
    atLogits("odd states", [1, -2, 0.5, 3, 2, -1], [0.5, -1, -0.5, 2, -2, 3], [0, 1, 2, 254, 99, 201]),
    ...treeSamples,
    ...shapedSamples,
  ],
};
