// A head whose parameters depend on the image, after DoDNet (Zhang et al. 2021): a controller makes a small network for each
// image and class. DoDNet segments; here the small network works on an image's features and gives one logit.

import { add, multiply, relu } from "../operators/functions/elementwise.ts";
import { linear, matmul } from "../operators/functions/matmul.ts";
import { reshape, slice } from "../operators/functions/movement.ts";
import { sum } from "../operators/functions/reduction.ts";
import type { Engine } from "../runtime/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Head, HeadFactors } from "./head.ts";
import type { Initialiser } from "./initialise.ts";
import { Module } from "./module.ts";

/** Of the features that the small network sees, and of its hidden layer: as DoDNet has it. */
const width = 8;
/** Where the weights and biases of both its layers begin among the numbers that the controller makes; their count is last. */
const hiddenBias = width ** 2;
const lastWeight = hiddenBias + width;
const lastBias = lastWeight + width;
const made = lastBias + 1;

/**
 * For features f [D] of an image and the one-hot code e of class k, C [f; e] + c = 81 numbers: a layer 8 -> 8 and, behind a
 * ReLU, a layer 8 -> 1, with biases. They are applied to h = relu(f R), R [D, 8]. A product with a one-hot code takes a row,
 * so that C is kept as its part for features [D, 81] and a row of 81 numbers for each class.
 */
export class DynamicHead extends Module implements Head {
  readonly settings = { kind: "dynamic" } as const;
  readonly classes: number;
  readonly outputs: number;
  readonly #reduction: Tensor;
  readonly #weight: Tensor;
  readonly #codes: Tensor;
  readonly #bias: Tensor;
  readonly #identity: Tensor;
  readonly #zeros: Tensor;

  constructor(engine: Engine, init: Initialiser, features: number, classes: number) {
    super(engine);
    this.classes = classes;
    this.outputs = classes;
    // All as torch's Linear, the controller over features and code: a logit is a product of three, and small at first.
    const bound = 1 / Math.sqrt(features + classes);
    this.#reduction = this.parameter(
      "reduction.weight",
      init.uniform([features, width], 1 / Math.sqrt(features)),
    );
    this.#weight = this.parameter("controller.weight", init.uniform([features, made], bound));
    this.#codes = this.parameter("controller.codes", init.uniform([classes, made], bound));
    this.#bias = this.parameter("controller.bias", engine.zeros([made]));
    const identity = new Float32Array(classes * classes);
    for (let k = 0; k < classes; k++) identity[k * (classes + 1)] = 1;
    this.#identity = this.constant("identity", engine.tensor(identity, [classes, classes]));
    this.#zeros = this.constant("zeros", engine.zeros([classes]));
  }

  /** The logits themselves: nothing of this head is the same for all images. */
  factors(views: readonly Tensor[]): HeadFactors {
    const features = views.map((view) => this.forward(view));
    return { features, theta: this.#identity, bias: this.#zeros };
  }

  /** Logits [B, K] of features [B, D]. */
  forward(features: Tensor): Tensor {
    const [batch] = features.shape;
    const { classes } = this;
    const ofImages = reshape(linear(features, this.#weight, this.#bias), [batch, 1, made]);
    const networks = add(ofImages, reshape(this.#codes, [1, classes, made]));
    const part = (begin: number, end: number): Tensor =>
      slice(networks, [0, 0, begin], [batch, classes, end - begin]);
    const reduced = reshape(relu(matmul(features, this.#reduction)), [batch, width, 1]);
    // All classes of an image at once: their hidden layers are one matrix [8 K, 8].
    const first = reshape(part(0, hiddenBias), [batch, classes * width, width]);
    const hidden = relu(
      add(reshape(matmul(first, reduced), [batch, classes, width]), part(hiddenBias, lastWeight)),
    );
    const last = sum(multiply(hidden, part(lastWeight, lastBias)), { axes: [2] });
    return add(last, reshape(part(lastBias, made), [batch, classes]));
  }
}
