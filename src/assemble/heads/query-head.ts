// The dynamic adapter of Label-Assemble: classification parameters made from learnable class queries.

import { linear, matmul } from "../../functions/products.ts";
import { queryInnerProduct } from "../../functions/losses.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import {
  isInFc,
  isOfClasses,
  type Head,
  type HeadBias,
  type HeadFactors,
  type HeadSettings,
} from "./head.ts";
import type { Initialiser } from "../../nn/initialise.ts";
import { Module } from "../../nn/module.ts";

/**
 * Theta = Q W + b and z = F Theta', Q [K, K] starting as the identity, W [K, D], b [D] (Kang et al., section 2.2).
 * Theta does not depend on the image: it is computed once per step.
 */
export class QueryHead extends Module implements Head {
  static override readonly name: string = "QueryHead";
  readonly settings: HeadSettings;
  readonly classes: number;
  readonly outputs: number;
  readonly queries: Tensor;
  readonly weight: Tensor;
  readonly fcBias: Tensor | undefined;
  readonly classBias: Tensor;

  constructor(engine: Engine, init: Initialiser, features: number, classes: number, bias: HeadBias = "fc") {
    super(engine);
    this.settings = { kind: "queries", bias };
    this.classes = classes;
    this.outputs = classes;
    const identity = new Float32Array(classes * classes);
    for (let k = 0; k < classes; k++) identity[k * classes + k] = 1;
    this.queries = this.parameter("queries", engine.tensor(identity, [classes, classes]));
    // Fan-in D: with the usual fan-in K the first logits would saturate their sigmoids.
    this.weight = this.parameter("fc.weight", init.uniform([classes, features], 1 / Math.sqrt(features)));
    if (isInFc(bias)) this.fcBias = this.parameter("fc.bias", engine.zeros([features]));
    const none = engine.zeros([classes]);
    this.classBias = isOfClasses(bias) ? this.parameter("bias", none) : this.buffer("bias", none);
  }

  factors(views: readonly Tensor[]): HeadFactors {
    return { features: views, theta: this.theta(), bias: this.classBias };
  }

  /** The classification parameters, [K, D]. They depend on no image: once per step is enough. */
  theta(): Tensor {
    return this.fcBias === undefined
      ? matmul(this.queries, this.weight)
      : linear(this.queries, this.weight, this.fcBias);
  }

  /** Logits [B, K] of features [B, D]. */
  forward(features: Tensor): Tensor {
    return queryInnerProduct(features, this.theta(), this.classBias);
  }
}
