// Samples of Label-Assemble's loss where classes stand below other classes: every kind of group, and none.

import {
  normaliseChoices,
  unsupervisedChoices,
  type AssembleLossAttributes,
} from "../../../src/operators/losses/index.ts";
import { randomStream } from "../../../src/data/random-stream.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import { integers, normal, values, type Sample } from "../sample.ts";

const absent = 255;
const paper: AssembleLossAttributes = {
  threshold: 0.5,
  temperature: 4,
  stopGradient: true,
  unsupervisedOn: "absent",
  normalise: "entries",
  strongShare: 0,
};
const through: AssembleLossAttributes = { ...paper, stopGradient: false };

/** Above each class: nothing where the number is -1, as in the lists of manifests. */
export const parentsOf = (list: readonly number[]): HostTensor => ({
  shape: [list.length],
  dtype: "u32",
  data: Uint32Array.from(list),
});

/** Two levels below class 0, one class on its own, and a parent that stands behind its children. */
const deep = [-1, 0, 0, 2, 2, -1, 7, -1];

/** Random features and labels: of every four, one is negative, one absent or soft, and two are positive or absent. */
function tree(
  name: string,
  parents: readonly number[],
  { batch, features }: { readonly batch: number; readonly features: number },
  attributes: AssembleLossAttributes = through,
  more: {
    readonly states?: readonly number[];
    readonly weights?: readonly number[];
    readonly kinds?: number;
  } = {},
): Sample<AssembleLossAttributes> {
  const classes = parents.length;
  const { weights = [0.7, 1.3], kinds = 5 } = more;
  const drawn = Array.from(integers([batch, classes], kinds, 5, "u8").data, (kind, i) => {
    return [1, absent, absent, 0, 100 + ((37 * i) % 101)][kind];
  });
  const states = more.states ?? drawn;
  const inputs: HostTensor[] = [
    normal([batch, features], 1, 0, 1 / Math.sqrt(features)),
    normal([batch, features], 2, 0, 1 / Math.sqrt(features)),
    normal([classes, features], 3, 0, 1.5),
    normal([classes], 4, 0, 0.3),
    values([batch, classes], states, "u8"),
    values([2], weights),
    parentsOf(parents),
  ];
  const gradcheck = !attributes.stopGradient && batch * features + classes * features < 200;
  return { name, inputs, attributes, reduction: Math.max(features, batch * classes), slack: 8, gradcheck };
}

/** A parent with children whose logits are given, in one image for each row; states of the children, the parent is positive. */
function atLogits(
  name: string,
  rows: readonly (readonly number[])[],
  attributes: AssembleLossAttributes = paper,
  soft = absent,
): Sample<AssembleLossAttributes> {
  const classes = rows[0].length + 1;
  const weak = rows.flatMap((row) => [1, ...row]);
  const strong = rows.flatMap((row) => [-1, ...[...row].reverse()]);
  const states = rows.flatMap((row) => [1, ...row.map((_, i) => (i === 0 ? soft : absent))]);
  const identity = Array.from({ length: classes * classes }, (_, i) => (i % (classes + 1) === 0 ? 1 : 0));
  const inputs: HostTensor[] = [
    values([rows.length, classes], weak),
    values([rows.length, classes], strong),
    values([classes, classes], identity),
    values([classes], new Array<number>(classes).fill(0)),
    values([rows.length, classes], states, "u8"),
    values([2], [0, 0]),
    parentsOf([-1, ...rows[0].map(() => 0)]),
  ];
  return { name, inputs, attributes, reduction: weak.length, slack: 8, gradcheck: false };
}

/** Numbers between two others, all of them as likely. */
function uniform(count: number, seed: number, low: number, high: number): number[] {
  const random = randomStream(seed, "logits");
  return Array.from({ length: count }, () => low + (high - low) * random.uniform());
}
const rowsOf = (list: readonly number[], width: number): number[][] =>
  Array.from({ length: list.length / width }, (_, i) => list.slice(i * width, (i + 1) * width));

const small = { batch: 3, features: 4 };
const large = { batch: 43, features: 13 };

const combinations = unsupervisedChoices.flatMap((unsupervisedOn) =>
  normaliseChoices.map((normalise) => ({ ...through, unsupervisedOn, normalise, strongShare: 0.3 })),
);

export const treeSamples: Sample<AssembleLossAttributes>[] = [
  tree("a tree, one level", [-1, 0, 0, 0, -1], small),
  tree("a tree, two levels and two parents", deep, small),
  tree("a tree, more than a workgroup", deep, large, paper),
  ...combinations.map((switches) =>
    tree(`a tree, on ${switches.unsupervisedOn} by ${switches.normalise}, both views`, deep, small, switches),
  ),
  tree("a tree, both views, more than a workgroup", deep, large, { ...through, strongShare: 0.5 }),
  tree("a tree, the strong view alone supervised", deep, small, { ...through, strongShare: 1 }),
  tree("a tree, in warm-up", deep, small, through, { weights: [0, 0] }),
  tree("a tree, without soft labels", deep, large, paper, { kinds: 4 }),
  tree("a tree, all children absent", [-1, 0, 0, 0, 0], { batch: 2, features: 3 }, through, {
    states: [1, absent, absent, absent, absent, 200, absent, absent, absent, absent],
  }),
  tree("a tree, one child absent", [-1, 0, 0, 0], { batch: 2, features: 3 }, through, {
    states: [1, 0, absent, 0, 1, 100, absent, 150],
  }),
  tree("a tree, no group", [-1, 0, 0, 0], { batch: 4, features: 3 }, through, {
    states: [1, 0, 0, 0, 1, 1, absent, 0, 0, absent, absent, absent, 180, absent, 200, absent],
  }),
  tree("a tree, an only child", [-1, 0], { batch: 1, features: 1 }, through, { states: [1, absent] }),
  tree("a tree as two blocks of a head for each source", [-1, 0, 0, -1, 3, 3], small),
  tree("classes above themselves, and above none", [0, 7, 1, 99], small),
  atLogits("a tree, logits of 100 and -100", [
    [100, 100, 100],
    [-100, -100, -100],
    [-100, -90, -100],
    [100, -100, 0],
    [-100, 0.5, -3],
  ]),
  atLogits(
    "a tree, logits of 100 and -100 in both views",
    [
      [100, 50],
      [-100, -100],
      [-30, 30],
    ],
    { ...paper, strongShare: 0.5 },
  ),
  atLogits(
    "a tree, a soft child and logits of -100",
    [
      [3, -100, -100],
      [3, -100, 2],
      [3, 100, -5],
    ],
    paper,
    101,
  ),
  ...[absent, 150].map((soft) =>
    atLogits(
      `a tree, logits drawn between -100 and 100, first child ${soft}`,
      rowsOf(uniform(24 * 4, 9, -100, 100), 4),
      { ...paper, strongShare: 0.4 },
      soft,
    ),
  ),
  // Without consistency, which is a difference of numbers near 1 here.
  ...[-20, -9, -3, -0.4, 0, 0.4, 3, 9, 20].map((z) =>
    atLogits(`a tree, children at ${z}`, [[z, z - 1]], { ...paper, unsupervisedOn: "labelled" }),
  ),
  atLogits("a tree, thirty children", [Array.from({ length: 30 }, (_, i) => -6 + i / 7)]),
];
