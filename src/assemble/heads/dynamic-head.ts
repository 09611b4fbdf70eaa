// A head whose parameters depend on the image, after DoDNet (Zhang et al., "DoDNet: Learning to Segment Multi-Organ and Tumors
// from Multiple Partially Labeled Datasets", CVPR 2021): a controller makes a small network for each image and class.

import { add, multiply, relu } from "../../functions/elementwise.ts";
import { linear } from "../../functions/products.ts";
import { reshape, slice } from "../../functions/movement.ts";
import { sum } from "../../functions/reduction.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Head, HeadFactors } from "./head.ts";
import type { Initialiser } from "../../nn/initialise.ts";
import { Module } from "../../nn/module.ts";

/** Of what the small network sees, and of its hidden layers. */
const width = 8;
/** Weights and biases of a hidden layer, and the numbers of a whole network: 8 x 8 + 8, once more, and 8 + 1. */
const hiddenLayer = width * width + width;
const made = 2 * hiddenLayer + width + 1;

/**
 * For features f [D] of an image and the one-hot code e of class k, the controller C [f; e] + c gives 153 numbers: layers
 * 8 -> 8, 8 -> 8 and 8 -> 1, each its weights [outputs, 8] and then its biases, with a ReLU between two. They are applied to
 * h = R f + r [8]. A product with a one-hot code takes a row, so that C is kept as its part for features [D, 153] and a row
 * of 153 numbers for each class.
 *
 * DoDNet segments: its codes are of tasks, a task an organ and its tumours; its last layer makes two maps, 8 -> 2; and the small
 * network sees the decoder's features at each voxel. Here codes are of classes, the last layer makes one logit, and the small
 * network sees the pooled features of the image, as the controller does.
 */
export class DynamicHead extends Module implements Head {
  static override readonly name: string = "DynamicHead";
  readonly settings = { kind: "dynamic" } as const;
  readonly classes: number;
  readonly outputs: number;
  readonly #reduction: Tensor;
  readonly #reductionBias: Tensor;
  readonly #weight: Tensor;
  readonly #codes: Tensor;
  readonly #bias: Tensor;
  readonly #identity: Tensor;
  readonly #zeros: Tensor;

  constructor(engine: Engine, init: Initialiser, features: number, classes: number) {
    super(engine);
    this.classes = classes;
    this.outputs = classes;
    // All as torch's Linear, the controller over features and code: a logit is a product of four, and small at first.
    const bound = 1 / Math.sqrt(features + classes);
    this.#reduction = this.parameter(
      "reduction.weight",
      init.uniform([features, width], 1 / Math.sqrt(features)),
    );
    this.#reductionBias = this.parameter("reduction.bias", engine.zeros([width]));
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
    const seen = reshape(linear(features, this.#reduction, this.#reductionBias), [batch, 1, width]);
    const first = relu(layer(networks, 0, width, seen));
    const second = relu(layer(networks, hiddenLayer, width, first));
    return reshape(layer(networks, 2 * hiddenLayer, 1, second), [batch, classes]);
  }
}

/**
 * One layer of all networks [B, K, numbers] at once, whose weights and biases are the numbers from `begin` on.
 * @param inputs [B, K, 8], or [B, 1, 8] where all classes see the same
 * @returns [B, K, outputs]
 */
function layer(networks: Tensor, begin: number, outputs: number, inputs: Tensor): Tensor {
  const [batch, classes] = networks.shape;
  const end = begin + outputs * width;
  const weights = slice(networks, [0, 0, begin], [batch, classes, end - begin]);
  const biases = slice(networks, [0, 0, end], [batch, classes, outputs]);
  const products = multiply(
    reshape(weights, [batch, classes, outputs, width]),
    reshape(inputs, [batch, inputs.shape[1], 1, width]),
  );
  return add(sum(products, { axes: [3] }), biases);
}
