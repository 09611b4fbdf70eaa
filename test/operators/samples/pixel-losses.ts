// Samples of the losses over pixels.

import {
  normaliseChoices,
  unsupervisedChoices,
  type AssemblePixelsAttributes,
  type MaskedDiceAttributes,
} from "../../../src/operators/losses/index.ts";
import { background, classWords, exclusionBits, ignored } from "../../../src/labels/label-map.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import { graded, integers, normal, uniform, values, type Sample } from "../sample.ts";
import { paper } from "./losses.ts";

interface Extents {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  readonly features: number;
}

interface Labels {
  /** The byte of each pixel. Default: drawn among all classes, background, ignored, and a byte that names nothing. */
  readonly labels?: (pixel: number) => number;
  /** Whether an image's source knows a class. Default: two in three, and class 0. */
  readonly knows?: (image: number, k: number) => boolean;
  /** Groups of classes that exclude each other. Default: none. */
  readonly exclusive?: readonly (readonly number[])[];
}

/** Features, theta, bias and what is known of the pixels: the inputs that the losses share. */
export function pixelInputs(extents: Extents, { labels, knows, exclusive = [] }: Labels = {}): HostTensor[] {
  const { images, height, width, classes, features } = extents;
  const words = classWords(classes);
  const drawn = integers([images, height, width], classes + 3, 5, "u8");
  const rest = [background, ignored, Math.min(classes, 253)];
  const bytes = drawn.data.map(
    (label: number, pixel) => labels?.(pixel) ?? (label < classes ? label : rest[label - classes]),
  );
  const known = new Uint32Array(images * words);
  const isKnown = knows ?? ((image, k) => k === 0 || (image + k) % 3 !== 0);
  for (let n = 0; n < images; n++) {
    for (let k = 0; k < classes; k++) if (isKnown(n, k)) known[n * words + (k >> 5)] |= 1 << (k & 31);
  }
  return [
    normal([images, height, width, features], 1, 0, 1 / Math.sqrt(features)),
    normal([classes, features], 2, 0, 1.5),
    normal([classes], 3, 0, 0.3),
    { shape: drawn.shape, dtype: "u8", data: Uint8Array.from(bytes) },
    { shape: [images, words], dtype: "u32", data: known },
    { shape: [classes, words], dtype: "u32", data: exclusionBits(exclusive, classes) },
  ];
}

const small: Extents = { images: 2, height: 3, width: 5, classes: 5, features: 3 };
const odd: Extents = { images: 3, height: 7, width: 11, classes: 7, features: 13 };
const single = { ...paper, weighted: false };
const through = { ...single, stopGradient: false };

function assemble(
  name: string,
  extents: Extents,
  attributes: AssemblePixelsAttributes = single,
  more: Labels & { readonly oneView?: boolean; readonly weights?: readonly number[] } = {},
): Sample<AssemblePixelsAttributes> {
  const { images, height, width, classes, features } = extents;
  const inputs = [...pixelInputs(extents, more), values([2], more.weights ?? [0.7, 1.3])];
  if (more.oneView !== true)
    inputs.push(normal([images, height, width, features], 7, 0, 1 / Math.sqrt(features)));
  if (attributes.weighted) inputs.push(uniform([classes], 8, 0.2, 3));
  const entries = images * height * width * classes;
  // Central differences follow the pseudo-label, a stopped gradient does not.
  const gradcheck =
    !attributes.stopGradient && entries < 200 && !(more.oneView === true && attributes.weighted);
  return { name, inputs, attributes, reduction: Math.max(features, entries), slack: 4, gradcheck };
}

function dice(
  name: string,
  extents: Extents,
  smooth = 1,
  labels: Labels = {},
  change: (inputs: HostTensor[]) => HostTensor[] = (inputs) => inputs,
): Sample<MaskedDiceAttributes> {
  const { images, height, width, classes, features } = extents;
  const entries = images * height * width * classes;
  return {
    name,
    inputs: change(pixelInputs(extents, labels)),
    attributes: { smooth },
    reduction: Math.max(features, entries),
    slack: 4,
    gradcheck: entries < 200,
  };
}

const combinations = unsupervisedChoices.flatMap((unsupervisedOn) =>
  normaliseChoices.flatMap((normalise) =>
    [true, false].map((stopGradient): [string, AssemblePixelsAttributes] => [
      `on ${unsupervisedOn} by ${normalise}, gradient ${stopGradient ? "stopped" : "through"}`,
      { ...single, unsupervisedOn, normalise, stopGradient },
    ]),
  ),
);

/** Numbers of classes around the words of their bits. */
const counts = [1, 4, 8, 31, 32, 33, 64, 117, 254];
const exclusive = [
  [0, 1, 2],
  [3, 4],
];
const ofLabel = (label: number) => (): number => label;
/** Features that are the logits of two classes. */
const atLogits = (logits: readonly number[]) => (inputs: HostTensor[]) => {
  const replaced = [
    values([1, 1, logits.length / 2, 2], logits),
    values([2, 2], [1, 0, 0, 1]),
    values([2], [0, 0]),
  ];
  return [...replaced, ...inputs.slice(replaced.length)];
};
const tails = [100, -100, -100, 100, 30, -30, 9, -9, -7, 7, 0, 1];
const twoClasses: Extents = { images: 1, height: 1, width: tails.length / 2, classes: 2, features: 2 };

export const pixelLossSamples = {
  assemblePixels: [
    assemble("paper, odd sizes", odd),
    ...combinations.flatMap(([name, switches]) => [
      assemble(name, small, switches),
      assemble(
        `${name}, both views supervised, exclusive`,
        small,
        { ...switches, strongShare: 0.3 },
        { exclusive },
      ),
    ]),
    assemble("one view in both places", small, through, { oneView: true }),
    assemble(
      "one view in both places, supervised as both",
      odd,
      { ...single, strongShare: 0.5 },
      { oneView: true },
    ),
    assemble("weights of classes", small, { ...through, weighted: true }),
    assemble("weights of classes, by batch", small, {
      ...through,
      weighted: true,
      normalise: "batch",
      strongShare: 0.5,
    }),
    assemble("one view, weights of classes", odd, { ...single, weighted: true }, { oneView: true }),
    assemble("weights of many classes", { ...small, classes: 70 }, { ...single, weighted: true }),
    assemble("classes that exclude each other", small, through, { exclusive }),
    assemble("warm-up", small, through, { weights: [0, 0] }),
    assemble("all ignored", small, through, { labels: ofLabel(ignored) }),
    assemble(
      "all ignored, by batch",
      small,
      { ...through, normalise: "batch" },
      { labels: ofLabel(ignored) },
    ),
    assemble("nothing known", small, through, { knows: () => false }),
    assemble("all known", small, through, { knows: () => true }),
    assemble("background alone", small, through, { labels: ofLabel(background) }),
    assemble("a class that its source does not know", small, through, {
      labels: ofLabel(3),
      knows: (_, k) => k < 2,
      exclusive,
    }),
    assemble("one entry", { images: 1, height: 1, width: 1, classes: 1, features: 1 }, through),
    assemble("hard pseudo-labels", small, { ...through, temperature: 1 }),
    assemble("infinite temperature", small, { ...through, temperature: Infinity }),
    ...counts.map((classes) =>
      assemble(
        `classes: ${classes}`,
        { images: 2, height: 3, width: 3, classes, features: 4 },
        single,
        classes < 5 ? {} : { exclusive: [[0, classes - 1, classes >> 1]] },
      ),
    ),
    assemble("more pixels than a workgroup, features in fours", {
      images: 3,
      height: 17,
      width: 13,
      classes: 5,
      features: 8,
    }),
    assemble("many features", { images: 1, height: 3, width: 5, classes: 6, features: 67 }),
    {
      ...assemble("confident, right and wrong", twoClasses, single, {
        labels: (pixel) => [0, 1, 0, 1, background, 1][pixel],
        knows: () => true,
      }),
      ...withLogits(),
    },
  ] satisfies Sample<AssemblePixelsAttributes>[],
  maskedDice: [
    dice("odd sizes", odd),
    dice("small", small),
    dice("not smoothed", small, 0),
    dice("classes that exclude each other", small, 1, { exclusive }),
    dice("all ignored", small, 1, { labels: ofLabel(ignored) }),
    dice("nothing known", small, 1, { knows: () => false }),
    dice("background alone", small, 1, { labels: ofLabel(background) }),
    dice("a class without a positive", small, 0.5, {
      labels: (pixel) => (pixel % 3 === 0 ? background : pixel % 4),
    }),
    dice("one entry", { images: 1, height: 1, width: 1, classes: 1, features: 1 }, 1, { labels: ofLabel(0) }),
    ...counts.map((classes) =>
      dice(`classes: ${classes}`, { images: 2, height: 3, width: 3, classes, features: 4 }),
    ),
    dice("more pixels than a workgroup, features in fours", {
      images: 3,
      height: 17,
      width: 13,
      classes: 5,
      features: 8,
    }),
    dice(
      "smaller and smaller classes",
      { ...odd, features: 5 },
      1,
      {},
      ([features, theta, bias, ...rest]) => [features, graded(theta, 0), graded(bias), ...rest],
    ),
    {
      ...dice(
        "confident and right",
        twoClasses,
        1,
        { labels: (pixel) => [0, 1, 0, 1, 1, 1][pixel] },
        atLogits(tails),
      ),
      gradcheck: false,
    },
  ] satisfies Sample<MaskedDiceAttributes>[],
};

/** Both views at logits of both tails. */
function withLogits(): Pick<Sample<AssemblePixelsAttributes>, "inputs" | "gradcheck" | "slack"> {
  const labels: Labels = { labels: (pixel) => [0, 1, 0, 1, background, 1][pixel], knows: (_, k) => k === 0 };
  const strong = values([1, 1, tails.length / 2, 2], tails.toReversed());
  return {
    inputs: [...atLogits(tails)(pixelInputs(twoClasses, labels)), values([2], [1, 1]), strong],
    gradcheck: false,
    slack: 8,
  };
}
