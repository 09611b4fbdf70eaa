// A linear head for each source, as Med3D has a decoder for each dataset (Chen et al. 2019): the usual way to learn from
// sources that are labelled for different classes, and the baseline of one network with many heads.

import { queryInnerProduct } from "../../functions/losses.ts";
import { matmul } from "../../functions/products.ts";
import { reshape } from "../../functions/movement.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Head, HeadFactors, HeadSettings } from "./head.ts";
import type { Initialiser } from "../../nn/initialise.ts";
import { Module } from "../../nn/module.ts";

/**
 * S blocks of K rows, W [S K, D] and b [S K]: an image of source s teaches block s alone. Nobody knows the source of a new
 * image, so that the logit of class k is then the mean over the blocks of the sources that know k: z = F (A W)' + A b.
 */
export class PerSourceHead extends Module implements Head {
  static override readonly name: string = "PerSourceHead";
  readonly settings: HeadSettings;
  readonly classes: number;
  /** S K */
  readonly outputs: number;
  readonly weight: Tensor;
  readonly bias: Tensor;
  /** A [K, S K] */
  readonly average: Tensor;

  /** @param known the classes, by number, that each source knows; every class is known to one */
  constructor(
    engine: Engine,
    init: Initialiser,
    features: number,
    classes: number,
    known: readonly (readonly number[])[],
  ) {
    super(engine);
    this.settings = { kind: "per-source", known };
    this.classes = classes;
    this.outputs = known.length * classes;
    const { outputs } = this;
    const average = new Float32Array(classes * outputs);
    for (let k = 0; k < classes; k++) {
      const blocks = [...known.keys()].filter((source) => known[source].includes(k));
      if (blocks.length === 0) throw new Error(`no source knows class ${k}`);
      for (const source of blocks) average[k * outputs + source * classes + k] = 1 / blocks.length;
    }
    this.weight = this.parameter("weight", init.uniform([outputs, features], 1 / Math.sqrt(features)));
    this.bias = this.parameter("bias", engine.zeros([outputs]));
    this.average = this.constant("average", engine.tensor(average, [classes, outputs]));
  }

  factors(views: readonly Tensor[]): HeadFactors {
    return { features: views, theta: this.weight, bias: this.bias };
  }

  /** Logits [B, K] of features [B, D]. */
  forward(features: Tensor): Tensor {
    const bias = matmul(this.average, reshape(this.bias, [this.outputs, 1]));
    return queryInnerProduct(features, matmul(this.average, this.weight), reshape(bias, [this.classes]));
  }
}
