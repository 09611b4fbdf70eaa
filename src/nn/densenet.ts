// DenseNet (Huang et al. 2017) in any configuration, with torchvision's names and initialisation.

import { conv2d } from "../operators/functions/convolution.ts";
import { relu } from "../operators/functions/elementwise.ts";
import { concatChannels } from "../operators/functions/movement.ts";
import { averagePool2d, globalAveragePool, maxPool2d } from "../operators/functions/pooling.ts";
import type { Engine } from "../runtime/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { Initialiser } from "./initialise.ts";
import { BatchNorm, Conv2d } from "./layers.ts";
import { Module, type Mode } from "./module.ts";

export interface DenseNetConfiguration {
  readonly inputChannels: number;
  readonly stem: {
    readonly features: number;
    readonly kernel: number;
    readonly stride: number;
    /** Batch norm, ReLU and a 3x3 max pool of stride 2 behind the first convolution. */
    readonly pool: boolean;
  };
  /** Layers in each dense block. */
  readonly blocks: readonly number[];
  /** Channels each layer adds. */
  readonly growth: number;
  /** Width of the 1x1 convolution before each 3x3, in multiples of the growth; null for none. */
  readonly bottleneck: number | null;
  /** Share of the channels that a transition keeps. */
  readonly compression: number;
}

/** DenseNet-121 as torchvision builds it: 6,953,856 feature parameters. */
export const densenet121Configuration: DenseNetConfiguration = {
  inputChannels: 3,
  stem: { features: 64, kernel: 7, stride: 2, pool: true },
  blocks: [6, 12, 24, 16],
  growth: 32,
  bottleneck: 4,
  compression: 0.5,
};

/** BN, ReLU, (1x1 convolution, BN, ReLU,) 3x3 convolution: [N, H, W, C] to [N, H, W, growth]. */
export class DenseLayer extends Module {
  readonly #norm1: BatchNorm;
  readonly #conv1: Conv2d;
  readonly #second: { readonly norm: BatchNorm; readonly conv: Conv2d } | undefined;

  constructor(
    engine: Engine,
    init: Initialiser,
    channels: number,
    growth: number,
    bottleneck: number | null,
  ) {
    super(engine);
    this.#norm1 = this.child("norm1", new BatchNorm(engine, channels));
    if (bottleneck === null) {
      this.#conv1 = this.child("conv1", new Conv2d(engine, init, channels, growth, { kernel: 3 }));
      return;
    }
    const width = bottleneck * growth;
    this.#conv1 = this.child("conv1", new Conv2d(engine, init, channels, width, { kernel: 1 }));
    this.#second = {
      norm: this.child("norm2", new BatchNorm(engine, width)),
      conv: this.child("conv2", new Conv2d(engine, init, width, growth, { kernel: 3 })),
    };
  }

  forward(x: Tensor, mode: Mode): Tensor {
    const first = this.#conv1.forward(relu(this.#norm1.forward(x, mode)));
    if (this.#second === undefined) return first;
    return this.#second.conv.forward(relu(this.#second.norm.forward(first, mode)));
  }
}

/** Each layer reads all channels before it and adds `growth` of its own: C to C + layers * growth. */
export class DenseBlock extends Module {
  readonly #layers: readonly DenseLayer[];
  readonly outputChannels: number;

  constructor(
    engine: Engine,
    init: Initialiser,
    channels: number,
    options: { readonly layers: number; readonly growth: number; readonly bottleneck: number | null },
  ) {
    super(engine);
    const { layers, growth, bottleneck } = options;
    this.#layers = Array.from({ length: layers }, (_, i) =>
      this.child(
        `denselayer${i + 1}`,
        new DenseLayer(engine, init, channels + i * growth, growth, bottleneck),
      ),
    );
    this.outputChannels = channels + layers * growth;
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return this.#layers.reduce(
      (features, layer) => concatChannels([features, layer.forward(features, mode)]),
      x,
    );
  }
}

/** BN, ReLU, 1x1 convolution, 2x2 average pool: [N, H, W, C] to [N, H/2, W/2, K]. */
export class Transition extends Module {
  readonly #norm: BatchNorm;
  readonly #conv: Conv2d;

  constructor(engine: Engine, init: Initialiser, channels: number, outputs: number) {
    super(engine);
    this.#norm = this.child("norm", new BatchNorm(engine, channels));
    this.#conv = this.child("conv", new Conv2d(engine, init, channels, outputs, { kernel: 1 }));
  }

  forward(x: Tensor, mode: Mode): Tensor {
    const activated = relu(this.#norm.forward(x, mode));
    // The average pool and the 1x1 convolution are linear and commute; pooling first convolves a quarter of the pixels.
    return conv2d(averagePool2d(activated, { window: 2 }), this.#conv.weight);
  }
}

/** A DenseNet up to its pooled features: [N, H, W, C] to [N, features]. */
export class DenseNet extends Module {
  readonly configuration: DenseNetConfiguration;
  /** Width of the feature vector. */
  readonly features: number;
  readonly #stem: Conv2d;
  readonly #stemNorm: BatchNorm | undefined;
  readonly #stages: readonly Module[];
  readonly #finalNorm: BatchNorm;

  constructor(engine: Engine, init: Initialiser, configuration: DenseNetConfiguration) {
    super(engine);
    this.configuration = configuration;
    const { inputChannels, stem, blocks, growth, bottleneck, compression } = configuration;
    const { features, kernel, stride } = stem;
    this.#stem = this.child("conv0", new Conv2d(engine, init, inputChannels, features, { kernel, stride }));
    if (stem.pool) this.#stemNorm = this.child("norm0", new BatchNorm(engine, features));
    const stages: Module[] = [];
    let channels = features;
    blocks.forEach((layers, i) => {
      const block = new DenseBlock(engine, init, channels, { layers, growth, bottleneck });
      stages.push(this.child(`denseblock${i + 1}`, block));
      channels = block.outputChannels;
      if (i === blocks.length - 1) return;
      const kept = Math.floor(channels * compression);
      stages.push(this.child(`transition${i + 1}`, new Transition(engine, init, channels, kept)));
      channels = kept;
    });
    this.#stages = stages;
    this.features = channels;
    this.#finalNorm = this.child(`norm${blocks.length + 1}`, new BatchNorm(engine, channels));
  }

  forward(x: Tensor, mode: Mode): Tensor {
    let maps = this.#stem.forward(x);
    if (this.#stemNorm !== undefined) {
      maps = maxPool2d(relu(this.#stemNorm.forward(maps, mode)), { window: 3, stride: 2, padding: 1 });
    }
    for (const stage of this.#stages) maps = stage.forward(maps, mode);
    return globalAveragePool(relu(this.#finalNorm.forward(maps, mode)));
  }
}

/** DenseNet-121 for images with this many channels. */
export function densenet121(engine: Engine, init: Initialiser, inputChannels = 3): DenseNet {
  return new DenseNet(engine, init, { ...densenet121Configuration, inputChannels });
}
