// The usual head of a classifier, in the place of class queries: what Label-Assemble's released code has.

import { queryInnerProduct } from "../../functions/losses.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Head, HeadFactors } from "./head.ts";
import type { Initialiser } from "../../nn/initialise.ts";
import { Module } from "../../nn/module.ts";

/** z = F W' + b with W [K, D] and b [K] learned as they are, initialised as torch's Linear; b starts at 0. */
export class LinearHead extends Module implements Head {
  static override readonly name: string = "LinearHead";
  readonly settings = { kind: "linear" } as const;
  readonly classes: number;
  readonly outputs: number;
  readonly weight: Tensor;
  readonly bias: Tensor;

  constructor(engine: Engine, init: Initialiser, features: number, classes: number) {
    super(engine);
    this.classes = classes;
    this.outputs = classes;
    this.weight = this.parameter("weight", init.uniform([classes, features], 1 / Math.sqrt(features)));
    this.bias = this.parameter("bias", engine.zeros([classes]));
  }

  factors(views: readonly Tensor[]): HeadFactors {
    return { features: views, theta: this.weight, bias: this.bias };
  }

  /** Logits [B, K] of features [B, D]. */
  forward(features: Tensor): Tensor {
    return queryInnerProduct(features, this.weight, this.bias);
  }
}
