// The classifier of Label-Assemble: a DenseNet's pooled features and a head of class queries.

import {
  DenseNet,
  Initialiser,
  Module,
  QueryHead,
  type DenseNetConfiguration,
  type HeadBias,
  type Mode,
} from "../nn/index.ts";
import type { Engine } from "../runtime/index.ts";
import type { Tensor } from "../tensor/index.ts";

export class Classifier extends Module {
  readonly features: DenseNet;
  readonly head: QueryHead;

  constructor(
    engine: Engine,
    options: {
      readonly network: DenseNetConfiguration;
      readonly classes: number;
      readonly seed: number;
      readonly headBias?: HeadBias;
    },
  ) {
    super(engine);
    const init = new Initialiser(engine, options.seed);
    this.features = this.child("features", new DenseNet(engine, init, options.network));
    this.head = this.child(
      "head",
      new QueryHead(engine, init, this.features.features, options.classes, options.headBias ?? "fc"),
    );
  }

  /** Logits [B, K] of normalised images [B, H, W, C]. */
  forward(images: Tensor, mode: Mode): Tensor {
    return this.head.forward(this.features.forward(images, mode));
  }
}
