// The segmenter of Label-Assemble: the features of each pixel and a head, of class queries unless another is asked for.

import { reshape } from "../functions/movement.ts";
import type { ExclusiveGroups } from "../labels/label-map.ts";
import { Initialiser } from "../nn/initialise.ts";
import { Module, type Mode } from "../nn/module.ts";
import { UNet, type UNetConfiguration } from "../nn/unet.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { headOf } from "./heads/heads.ts";
import type { Head, HeadSettings } from "./heads/head.ts";

/**
 * Class queries with a bias in their fc and one per class. Features of pixels are no less than 0: without a bias of its own, the logit of
 * a class that is rare is pushed below 0 by parameters that are all negative, and then no pixel can ever come above one half.
 */
export const pixelHead: HeadSettings = { kind: "queries", bias: "both" };

export interface SegmenterOptions {
  readonly network: UNetConfiguration;
  readonly classes: number;
  /** Whether the background is an output of its own, after the classes, as a softmax over all of them wants it. Default false. */
  readonly background?: boolean | undefined;
  /** Classes of which a pixel has at most one, by number; it makes no difference to `forward`. */
  readonly exclusive?: ExclusiveGroups | undefined;
  /** Whether each pixel is of one of the classes, which then all exclude each other; nor does it make one to `forward`. */
  readonly exhaustive?: boolean | undefined;
  readonly seed: number;
  /** Default: `pixelHead`. */
  readonly head?: HeadSettings;
}

export class Segmenter extends Module {
  static override readonly name: string = "Segmenter";
  readonly features: UNet;
  readonly head: Head;
  /** K, without the background. */
  readonly classes: number;
  readonly exclusive: ExclusiveGroups | undefined;
  readonly exhaustive: boolean;
  /** Whether the last of the head's outputs is the background: the logits are of a softmax then, not each of a sigmoid. */
  readonly background: boolean;

  constructor(engine: Engine, options: SegmenterOptions) {
    super(engine);
    const { network, classes, background = false, seed, head = pixelHead } = options;
    const init = new Initialiser(engine, seed);
    this.classes = classes;
    this.exclusive = options.exclusive;
    this.exhaustive = options.exhaustive ?? false;
    this.background = background;
    this.features = this.child("features", new UNet(engine, init, network));
    const outputs = classes + (background ? 1 : 0);
    this.head = this.child("head", headOf(engine, init, this.features.features, outputs, head));
  }

  /** Logits [B, H, W, O] of the pixels of normalised images [B, H, W, C]; O is K, or K + 1 with the background last. */
  forward(images: Tensor, mode: Mode): Tensor {
    const features = this.features.forward(images, mode);
    const [batch, height, width, depth] = features.shape;
    const logits = this.head.forward(reshape(features, [batch * height * width, depth]));
    return reshape(logits, [batch, height, width, this.head.classes]);
  }
}
