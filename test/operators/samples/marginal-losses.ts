// Samples of the softmax over pixels whose background holds what nobody outlined.

import { background, ignored, knownBits } from "../../../src/labels/label-map.ts";
import type { NoAttributes } from "../../../src/operators/elementwise/unary.ts";
import { integers, normal, values, type Sample } from "../sample.ts";

interface Sizes {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly features: number;
  readonly classes: number;
}

/** Random label maps of classes, background and ignored pixels, where every image knows classes of its own. */
function pixels(
  name: string,
  { images, height, width, features, classes }: Sizes,
  more: { readonly label?: number; readonly state?: number; readonly spread?: number } = {},
): Sample<NoAttributes> {
  const { label, state, spread = 1 } = more;
  const drawn = integers([images, height, width], classes + 2, 5, "u8");
  const labels = Array.from(drawn.data, (each) => label ?? [ignored, background][each - classes] ?? each);
  const states = integers([images, classes], 2, 6, "u8").data.map((each) => state ?? (each === 0 ? 255 : 0));
  const known = knownBits(Uint8Array.from(states), classes);
  return {
    name,
    inputs: [
      normal([images, height, width, features], 1, 0, spread / Math.sqrt(features)),
      normal([classes + 1, features], 2, 0, 1.5),
      normal([classes + 1], 3, 0, 0.3),
      values([images, height, width], labels, "u8"),
      values([images, known.length / images], Array.from(known), "u32"),
    ],
    attributes: {},
    reduction: Math.max(features, images * height * width),
    slack: 8,
    gradcheck: images * height * width * features < 200,
  };
}

/** One feature of 1, so that theta is the logits: one pixel of a label, of an image that knows the classes named. */
function atLogits(
  name: string,
  logits: readonly number[],
  label: number,
  known: number,
): Sample<NoAttributes> {
  return {
    name,
    inputs: [
      values([1, 1, 1, 1], [1]),
      values([logits.length, 1], logits),
      values(
        [logits.length],
        logits.map(() => 0),
      ),
      values([1, 1, 1], [label], "u8"),
      values([1, 1], [known], "u32"),
    ],
    attributes: {},
    slack: 8,
    gradcheck: false,
  };
}

const small = { images: 3, height: 2, width: 3, features: 3, classes: 3 };

export const marginalSamples = [
  pixels("odd sizes", small),
  pixels("more pixels than a workgroup, classes of two words", {
    ...{ images: 2, height: 7, width: 11, features: 5, classes: 37 },
  }),
  pixels("more pixels than a chunk", { images: 1, height: 65, width: 67, features: 2, classes: 2 }),
  pixels("large logits", { ...small, features: 4 }, { spread: 60 }),
  pixels("one class", { ...small, classes: 1 }),
  pixels("as many classes as there are", { images: 1, height: 2, width: 3, features: 2, classes: 254 }),
  pixels("all known: a softmax", small, { state: 0 }),
  pixels("nothing known", small, { state: 255 }),
  pixels("background alone, nothing known: the loss is 0", small, { state: 255, label: background }),
  pixels("nothing but ignored pixels", small, { label: ignored }),
  atLogits("right, by far", [30, -20, 0, 1], 0, 0b111),
  atLogits("wrong, by far", [-90, 30, 0, 95], 0, 0b111),
  atLogits("what is meant vanishes beside the others", [-300, 200, -310, -305], background, 0b010),
  atLogits("the others vanish beside what is meant", [200, -300, -20, 190], background, 0b010),
];
