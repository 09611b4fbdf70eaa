// Samples of Label-Assemble's loss with other losses of given labels: weighted, smoothed, focused, shifted, and none.

import type {
  AssembleImagesAttributes,
  AucMarginAttributes,
  LabelAttributes,
} from "../../../src/operators/losses/index.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import { integers, normal, values, type Sample } from "../sample.ts";
import { parentsOf } from "./assemble-trees.ts";

/** Given labels by their cross entropy, in the words of the attributes. */
export const plainLabels: LabelAttributes = {
  taught: true,
  weighted: false,
  smoothing: 0,
  positiveFocus: 0,
  negativeFocus: 0,
  shift: 0,
};
export const asymmetric: LabelAttributes = {
  ...plainLabels,
  weighted: true,
  smoothing: 0.1,
  positiveFocus: 1,
  negativeFocus: 4,
  shift: 0.05,
};

/** Random features and labels of every kind, and weights from 1 up, one for each class. */
function shaped(
  name: string,
  labels: LabelAttributes,
  more: {
    readonly batch?: number;
    readonly parents?: readonly number[];
    readonly strongShare?: number;
    /** Stays away from where the shift ends, which central differences would step over. */
    readonly gradcheck?: boolean;
  } = {},
): Sample<AssembleImagesAttributes> {
  const { batch = 3, parents, strongShare = 0, gradcheck = true } = more;
  const [classes, features] = [parents?.length ?? 5, 4];
  const states = Array.from(integers([batch, classes], 4, 5, "u8").data, (kind, i) => {
    return [0, 1, 255, 100 + ((37 * i) % 101)][kind];
  });
  const inputs: HostTensor[] = [
    normal([batch, features], 1, 0, 1 / Math.sqrt(features)),
    normal([batch, features], 2, 0, 1 / Math.sqrt(features)),
    normal([classes, features], 3, 0, 1.5),
    normal([classes], 4, 0, 0.3),
    values([batch, classes], states, "u8"),
    values([2], [0.7, 1.3]),
    ...(parents === undefined ? [] : [parentsOf(parents)]),
    ...(labels.weighted
      ? [
          values(
            [classes],
            Array.from({ length: classes }, (_, k) => 1 + 2.5 * k),
          ),
        ]
      : []),
  ];
  const attributes: AssembleImagesAttributes = {
    threshold: 0.5,
    temperature: 4,
    stopGradient: false,
    unsupervisedOn: "absent",
    normalise: "entries",
    strongShare,
    labels,
  };
  return { name, inputs, attributes, reduction: Math.max(features, batch * classes), slack: 8, gradcheck };
}

export const shapedSamples: readonly Sample<AssembleImagesAttributes>[] = [
  shaped("given labels by their cross entropy, in other words", plainLabels),
  shaped("given labels that do not teach", { ...plainLabels, taught: false }),
  shaped(
    "given labels that do not teach, in a tree",
    { ...plainLabels, taught: false },
    { parents: [-1, 0, 0] },
  ),
  shaped("positive weights", { ...plainLabels, weighted: true }),
  shaped("positive weights, both views supervised", { ...plainLabels, weighted: true }, { strongShare: 0.5 }),
  shaped("positive weights in a tree", { ...plainLabels, weighted: true }, { parents: [-1, 0, 0, 2, 2] }),
  shaped("smoothed labels", { ...plainLabels, smoothing: 0.1 }),
  shaped("focal loss", { ...plainLabels, positiveFocus: 2, negativeFocus: 2 }),
  shaped("a power below 1", { ...plainLabels, positiveFocus: 0.5, negativeFocus: 0.25, shift: 0.05 }),
  shaped("asymmetric loss, all at once", asymmetric, { strongShare: 0.3 }),
  shaped("a shift alone", { ...plainLabels, shift: 0.2 }),
  shaped("a shift that leaves the surest negatives alone", { ...plainLabels, negativeFocus: 1, shift: 0.7 }),
  shaped("asymmetric loss, more than a workgroup", asymmetric, { batch: 61, gradcheck: false }),
];

/** Random features and labels: negative, positive, absent, and soft where there are four kinds. */
function marginOf(
  name: string,
  {
    batch = 6,
    classes = 5,
    kinds = 4,
    margin = 1,
    states,
  }: {
    readonly batch?: number;
    readonly classes?: number;
    readonly kinds?: number;
    readonly margin?: number;
    readonly states?: readonly number[];
  } = {},
): Sample<AucMarginAttributes> {
  const features = 4;
  const drawn = Array.from(integers([batch, classes], kinds, 5, "u8").data, (kind, i) => {
    return [0, 1, 255, 100 + ((37 * i) % 101)][kind];
  });
  const inputs: HostTensor[] = [
    normal([batch, features], 1, 0, 1 / Math.sqrt(features)),
    normal([classes, features], 3, 0, 1.5),
    normal([classes], 4, 0, 0.3),
    values([batch, classes], states ?? drawn, "u8"),
  ];
  const reduction = batch * classes;
  return { name, inputs, attributes: { margin }, reduction, slack: 8, gradcheck: batch < 10 };
}

const repeated = (count: number, state: number): number[] => new Array<number>(count).fill(state);

export const aucMarginSamples: readonly Sample<AucMarginAttributes>[] = [
  marginOf("every kind of label"),
  marginOf("hard labels", { kinds: 3 }),
  marginOf("a small margin, which most classes have", { margin: 0.1 }),
  marginOf("a margin above 1", { margin: 1.5 }),
  marginOf("one image of each kind", { batch: 2, classes: 1, states: [1, 0] }),
  marginOf("no class has both kinds", { batch: 2, classes: 2, states: [1, 0, 1, 255] }),
  marginOf("no label at all", { batch: 3, classes: 2, states: repeated(6, 255) }),
  marginOf("more classes than a workgroup", { batch: 11, classes: 71 }),
  {
    name: "logits of 100",
    inputs: [
      values([6, 1], [100, -100, 100, -100, 30, -30]),
      values([1, 1], [1]),
      values([1], [0]),
      values([6, 1], [1, 0, 0, 1, 1, 0], "u8"),
    ],
    attributes: { margin: 1 },
    reduction: 6,
    slack: 8,
    gradcheck: false,
  },
];
