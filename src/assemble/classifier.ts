// The classifier of Label-Assemble: the pooled features of a backbone and a head, of class queries unless another is asked for.

import type { Backbone } from "../nn/backbone.ts";
import { createBackbone, type BackboneConfiguration } from "../nn/backbones.ts";
import { Initialiser } from "../nn/initialise.ts";
import { Module, type Mode } from "../nn/module.ts";
import { headOf } from "./heads/heads.ts";
import type { Head, HeadSettings } from "./heads/head.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";

export class Classifier extends Module {
  readonly features: Backbone;
  readonly head: Head;

  constructor(
    engine: Engine,
    options: {
      readonly network: BackboneConfiguration;
      readonly classes: number;
      readonly seed: number;
      /** Default: class queries with a bias in their fc. */
      readonly head?: HeadSettings;
    },
  ) {
    super(engine);
    const { network, classes, seed, head = { kind: "queries", bias: "fc" } } = options;
    const init = new Initialiser(engine, seed);
    this.features = this.child("features", createBackbone(engine, init, network));
    this.head = this.child("head", headOf(engine, init, this.features.features, classes, head));
  }

  /** Logits [B, K] of normalised images [B, H, W, C]. */
  forward(images: Tensor, mode: Mode): Tensor {
    return this.head.forward(this.features.forward(images, mode));
  }
}
