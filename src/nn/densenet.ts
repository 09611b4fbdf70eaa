// DenseNet (Huang et al. 2017) in any configuration, with torchvision's names and initialisation.

import {
  anything,
  aRecord,
  expectArgument,
  expectOptions,
  required,
  wholeFrom,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { isFollowed } from "../autograd/tape.ts";
import { conv2d } from "../functions/convolution.ts";
import {
  activatedPool,
  batchMoments,
  denseBlock,
  denseBlockInference,
  takesChannels,
  type DenseStage,
} from "../functions/dense.ts";
import { relu } from "../functions/elementwise.ts";
import { cast, concatChannels, reshape } from "../functions/movement.ts";
import { averagePool2d, globalAveragePool, maxPool2d, type WindowOptions } from "../functions/pooling.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Backbone, StemConfiguration } from "./backbone.ts";
import type { Initialiser } from "./initialise.ts";
import { Conv2d } from "./layers/convolution-layers.ts";
import { BatchNorm } from "./layers/normalisation-layers.ts";
import { blockCounts, expectLayer, expectMode, expectStem } from "./layer-arguments.ts";
import { Module, partsOfMode, type Mode } from "./module.ts";

export interface DenseNetConfiguration {
  /** None: records of DenseNets are older than the choice of a backbone, and stay as they were. */
  readonly kind?: undefined;
  readonly inputChannels: number;
  /** Without a pool, no batch norm follows the first convolution: the dense layers begin with their own. */
  readonly stem: StemConfiguration;
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

const widerStem: StemConfiguration = { features: 96, kernel: 7, stride: 2, pool: true };

/** The DenseNets as torchvision builds them: 6,953,856, 26,472,000, 12,484,480 and 18,092,928 feature parameters. */
export const densenetConfigurations = {
  densenet121: densenet121Configuration,
  densenet161: { ...densenet121Configuration, stem: widerStem, blocks: [6, 12, 36, 24], growth: 48 },
  densenet169: { ...densenet121Configuration, blocks: [6, 12, 32, 32] },
  densenet201: { ...densenet121Configuration, blocks: [6, 12, 48, 32] },
} as const satisfies Readonly<Record<string, DenseNetConfiguration>>;

/**
 * How a DenseNet computes: `fused`, with dense blocks and pools that never store what is concatenated or normalised,
 * where growth and bottleneck are multiples of four; or always `plain`, one operator after the other. Both give the same
 * but for rounding.
 */
export type Composition = "fused" | "plain";

/**
 * How maps lie in memory while a network is trained: `full` as f32, or `mixed`, where those of dense blocks and their gradients are
 * f16. Sums, statistics, weights and the arithmetic are f32 in both. Inference is always `full`, and so is what a frozen block
 * computes.
 */
export type Precision = "full" | "mixed";

/** Images with the statistics of their channels [2, C], where those are known. */
interface Maps {
  readonly x: Tensor;
  readonly statistics?: Tensor;
}

const inFull = (x: Tensor): Tensor => (x.dtype === "f16" ? cast(x, "f32") : x);

/** Pools max(norm(x), 0), without storing it where the statistics of x are known. */
function pooled(
  kind: "average" | "max",
  maps: Maps,
  norm: BatchNorm,
  mode: Mode,
  options: WindowOptions,
): Tensor {
  const { x, statistics } = maps;
  if (statistics !== undefined && norm.modeFor(mode) !== "inference") {
    return activatedPool(kind, x, statistics, norm.tensors, { ...options, ...norm.options(mode) });
  }
  const activated = relu(norm.forward(inFull(x), mode));
  return kind === "max" ? maxPool2d(activated, options) : averagePool2d(activated, options);
}

/** BN, ReLU, (1x1 convolution, BN, ReLU,) 3x3 convolution: [N, H, W, C] to [N, H, W, growth]. */
export class DenseLayer extends Module {
  static override readonly name: string = "DenseLayer";
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
    expectLayer("DenseLayer", engine, init, { channels, growth });
    expectArgument("DenseLayer", "the bottleneck", bottleneck, aBottleneck);
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

  /** Its batch norms and convolutions, as `denseBlock` takes them. */
  get stages(): DenseStage[] {
    const first = { ...this.#norm1.tensors, weight: this.#conv1.weight };
    if (this.#second === undefined) return [first];
    return [first, { ...this.#second.norm.tensors, weight: this.#second.conv.weight }];
  }

  /** The modes that its batch norms compute in when they are asked for one. */
  modesFor(mode: Mode): Mode[] {
    const norms = [this.#norm1, ...(this.#second === undefined ? [] : [this.#second.norm])];
    return norms.map((norm) => norm.modeFor(mode));
  }

  /** The epsilon and momentum of its batch norms. */
  options(mode: Mode): ReturnType<BatchNorm["options"]> {
    return this.#norm1.options(mode);
  }

  forward(x: Tensor, mode: Mode): Tensor {
    const first = this.#conv1.forward(relu(this.#norm1.forward(x, mode)));
    if (this.#second === undefined) return first;
    return this.#second.conv.forward(relu(this.#second.norm.forward(first, mode)));
  }
}

interface BlockOptions {
  readonly layers: number;
  readonly growth: number;
  readonly bottleneck: number | null;
}

const aBottleneck: Requirement = {
  words: "a whole number from 1, in multiples of the growth, or null for none",
  fits: (value) => value === null || wholeFrom(1).fits(value),
};
const aShare: Requirement = {
  words: "a number above 0 and at most 1",
  fits: (value) => typeof value === "number" && value > 0 && value <= 1,
};
const blockOptions: OptionChecks<BlockOptions> = {
  layers: required(wholeFrom(0)),
  growth: required(wholeFrom(1)),
  bottleneck: required(aBottleneck),
};
const configurationFields: OptionChecks<DenseNetConfiguration> = {
  kind: anything,
  inputChannels: required(wholeFrom(1)),
  stem: required(aRecord),
  blocks: required(blockCounts),
  growth: required(wholeFrom(1)),
  bottleneck: required(aBottleneck),
  compression: required(aShare),
};

/** Each layer reads all channels before it and adds `growth` of its own: C to C + layers * growth. */
export class DenseBlock extends Module {
  static override readonly name: string = "DenseBlock";
  readonly #layers: readonly DenseLayer[];
  readonly #takesFused: boolean;
  readonly outputChannels: number;

  constructor(engine: Engine, init: Initialiser, channels: number, options: BlockOptions) {
    super(engine);
    expectLayer("DenseBlock", engine, init, { channels });
    expectOptions("DenseBlock", options, blockOptions);
    const { layers, growth, bottleneck } = options;
    this.#layers = Array.from({ length: layers }, (_, i) =>
      this.child(
        `denselayer${i + 1}`,
        new DenseLayer(engine, init, channels + i * growth, growth, bottleneck),
      ),
    );
    this.outputChannels = channels + layers * growth;
    this.#takesFused = takesChannels(growth, (bottleneck ?? 0) * growth);
  }

  /**
   * The same as `forward`, with the statistics of the result where they fall off.
   * @throws UsageError for mixed precision where the layers are computed one by one
   */
  grow(x: Tensor, mode: Mode, composition: Composition, precision: Precision = "full"): Maps {
    expectMode("DenseBlock", mode);
    if (precision === "mixed" && mode !== "inference" && (composition === "plain" || !this.#takesFused)) {
      throw new UsageError(
        "DenseBlock: mixed precision is for fused dense blocks, whose growth and bottleneck are multiples of four; compute " +
          "this one in full precision",
      );
    }
    const [first] = this.#layers as readonly (DenseLayer | undefined)[];
    const [own = mode, ...others] = new Set(this.#layers.flatMap((layer) => layer.modesFor(mode)));
    // Nothing fused has a gradient at inference, so it must not be taken where a tape follows what goes in.
    const isRecorded = own === "inference" && isFollowed(this.engine, [x, ...this.parameters().values()]);
    // A block of which only some layers are frozen has two modes.
    const isMixed = others.length > 0;
    if (composition === "plain" || isRecorded || isMixed || !this.#takesFused || first === undefined) {
      return { x: this.forward(x, mode) };
    }
    const layers = this.#layers.map(({ stages }) => stages);
    const { epsilon, momentum, groups } = first.options(mode);
    if (own === "inference") return { x: denseBlockInference(x, layers, { epsilon }) };
    const { block, statistics } = denseBlock(x, layers, {
      ...{ epsilon, momentum, groups },
      stored: precision === "mixed" ? "f16" : "f32",
    });
    return { x: block, statistics };
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
  static override readonly name: string = "Transition";
  readonly #norm: BatchNorm;
  readonly #conv: Conv2d;

  constructor(engine: Engine, init: Initialiser, channels: number, outputs: number) {
    super(engine);
    expectLayer("Transition", engine, init, { channels, outputs });
    this.#norm = this.child("norm", new BatchNorm(engine, channels));
    this.#conv = this.child("conv", new Conv2d(engine, init, channels, outputs, { kernel: 1 }));
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return this.shrink({ x }, mode);
  }

  /** The same, of images whose statistics may be known. */
  shrink(maps: Maps, mode: Mode): Tensor {
    // The average pool and the 1x1 convolution are linear and commute; pooling first convolves a quarter of the pixels.
    return conv2d(pooled("average", maps, this.#norm, mode, { window: 2 }), this.#conv.weight);
  }
}

/** A DenseNet up to its pooled features: [N, H, W, C] to [N, features]. */
export class DenseNet extends Module implements Backbone {
  static override readonly name: string = "DenseNet";
  readonly configuration: DenseNetConfiguration;
  /** May change between calls. */
  composition: Composition = "fused";
  /** May change between calls; `mixed` asks for an adapter with `shader-f16`. */
  precision: Precision = "full";
  readonly features: number;
  readonly stageChannels: readonly number[];
  readonly #stem: Conv2d;
  readonly #stemNorm: BatchNorm | undefined;
  readonly #blocks: readonly DenseBlock[];
  readonly #transitions: readonly Transition[];
  readonly #finalNorm: BatchNorm;

  constructor(engine: Engine, init: Initialiser, configuration: DenseNetConfiguration) {
    super(engine);
    expectLayer("DenseNet", engine, init, {});
    expectOptions("DenseNet", configuration, configurationFields);
    expectStem("DenseNet", configuration.stem);
    this.configuration = configuration;
    const { inputChannels, stem, blocks, growth, bottleneck, compression } = configuration;
    if (blocks.length === 0)
      throw new UsageError("a DenseNet needs at least one dense block, got blocks: []");
    const { features, kernel, stride } = stem;
    this.#stem = this.child("conv0", new Conv2d(engine, init, inputChannels, features, { kernel, stride }));
    if (stem.pool) this.#stemNorm = this.child("norm0", new BatchNorm(engine, features));
    const transitions: Transition[] = [];
    let channels = features;
    this.#blocks = blocks.map((layers, i) => {
      const block = new DenseBlock(engine, init, channels, { layers, growth, bottleneck });
      this.child(`denseblock${i + 1}`, block);
      channels = block.outputChannels;
      if (i === blocks.length - 1) return block;
      const kept = Math.floor(channels * compression);
      transitions.push(this.child(`transition${i + 1}`, new Transition(engine, init, channels, kept)));
      channels = kept;
      return block;
    });
    this.#transitions = transitions;
    this.features = channels;
    this.stageChannels = this.#blocks.map(({ outputChannels }) => outputChannels);
    this.#finalNorm = this.child(`norm${blocks.length + 1}`, new BatchNorm(engine, channels));
  }

  forward(images: Tensor, mode: Mode): Tensor {
    const grown = this.#grow(images, mode);
    const maps = grown[grown.length - 1];
    const [batch, height, width] = maps.x.shape;
    if (maps.statistics === undefined) return globalAveragePool(this.#activated(maps, mode));
    const features = pooled("average", maps, this.#finalNorm, mode, { window: [height, width] });
    return reshape(features, [batch, this.features]);
  }

  /** What the dense blocks give, as the transitions take it; of the last one, after the final batch norm and ReLU. */
  maps(images: Tensor, mode: Mode): readonly Tensor[] {
    const grown = this.#grow(images, mode);
    return grown.map((maps, i) => (i === grown.length - 1 ? this.#activated(maps, mode) : inFull(maps.x)));
  }

  /** The outputs of the dense blocks. */
  #grow(images: Tensor, mode: Mode): Maps[] {
    expectMode("DenseNet", mode);
    let maps: Maps = { x: this.#stem.forward(images) };
    if (this.#stemNorm !== undefined) {
      if (this.#isFused(maps.x, this.#stemNorm.modeFor(mode)))
        maps = { x: maps.x, statistics: batchMoments(maps.x, { groups: partsOfMode(mode).groups }) };
      maps = { x: pooled("max", maps, this.#stemNorm, mode, { window: 3, stride: 2, padding: 1 }) };
    }
    const grown: Maps[] = [];
    for (const [i, block] of this.#blocks.entries()) {
      if (i > 0) maps = { x: this.#transitions[i - 1].shrink(maps, mode) };
      maps = block.grow(maps.x, mode, this.composition, this.precision);
      grown.push(maps);
    }
    return grown;
  }

  #activated({ x }: Maps, mode: Mode): Tensor {
    return relu(this.#finalNorm.forward(inFull(x), mode));
  }

  #isFused({ shape }: Tensor, mode: Mode): boolean {
    return this.composition === "fused" && mode !== "inference" && takesChannels(...shape.slice(-1));
  }
}

/** DenseNet-121 for images with this many channels. */
export function densenet121(engine: Engine, init: Initialiser, inputChannels = 3): DenseNet {
  return new DenseNet(engine, init, { ...densenet121Configuration, inputChannels });
}
