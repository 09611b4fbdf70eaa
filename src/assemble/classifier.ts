// The classifier of Label-Assemble: the pooled features of a backbone and a head, of class queries unless another is asked for.

import type { Backbone } from "../nn/backbone.ts";
import { createBackbone, type BackboneConfiguration } from "../nn/backbones.ts";
import { Initialiser } from "../nn/initialise.ts";
import { UsageError } from "../errors/errors.ts";
import { parentsProblem, type Parents } from "../labels/class-tree.ts";
import { Module, type Mode } from "../nn/module.ts";
import { headOf } from "./heads/heads.ts";
import type { Head, HeadSettings } from "./heads/head.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";

export class Classifier extends Module {
  static override readonly name: string = "Classifier";
  readonly features: Backbone;
  readonly head: Head;
  /**
   * The class above each class, and -1 for none; undefined where no class is above another. It makes no difference to `forward`:
   * `predict` raises the logits of a class to those of the classes below it.
   */
  readonly parents: Parents | undefined;
  /** What `predict` divides logits by, see `fitTemperature`; it makes no difference to `forward` either. */
  readonly temperature: number;

  constructor(
    engine: Engine,
    options: {
      readonly network: BackboneConfiguration;
      readonly classes: number;
      readonly parents?: Parents | undefined;
      readonly seed: number;
      /** Default: 1. */
      readonly temperature?: number | undefined;
      /** Default: class queries with a bias in their fc. */
      readonly head?: HeadSettings;
    },
  ) {
    super(engine);
    const {
      network,
      classes,
      parents,
      seed,
      temperature = 1,
      head = { kind: "queries", bias: "fc" },
    } = options;
    const problem = parents && parentsProblem(parents, classes);
    if (problem !== undefined) throw new UsageError(`Classifier: parents ${problem}`);
    if (!(temperature > 0 && temperature < Infinity)) {
      throw new UsageError(`Classifier: a temperature is a positive number, not ${temperature}`);
    }
    this.parents = parents;
    this.temperature = temperature;
    const init = new Initialiser(engine, seed);
    this.features = this.child("features", createBackbone(engine, init, network));
    this.head = this.child("head", headOf(engine, init, this.features.features, classes, head));
  }

  /** Logits [B, K] of normalised images [B, H, W, C]. */
  forward(images: Tensor, mode: Mode): Tensor {
    return this.head.forward(this.features.forward(images, mode));
  }
}
