// ResNet (He et al. 2016), with torchvision's names and initialisation.
//
// Names are torchvision's, without the fc, whose place the classifier's head takes, and without num_batches_tracked, which
// only counts batches. Shapes are torchvision's but for the order of a filter's axes: it is [R, S, C, K] here and
// [K, C, R, S] there, so that `filter.permute(2, 3, 1, 0)` of a torch tensor is a filter of this one.

import {
  aRecord,
  expectOptions,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { add, relu } from "../functions/elementwise.ts";
import { globalAveragePool, maxPool2d } from "../functions/pooling.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Backbone, StemConfiguration } from "./backbone.ts";
import type { Initialiser } from "./initialise.ts";
import { Conv2d, type Conv2dLayerOptions } from "./layers/convolution-layers.ts";
import { BatchNorm } from "./layers/normalisation-layers.ts";
import { blockCounts, expectLayer, expectStem } from "./layer-arguments.ts";
import { Module, type Mode } from "./module.ts";

export interface ResNetConfiguration {
  readonly kind: "resnet";
  readonly inputChannels: number;
  /** Its features are the width of the first stage's blocks, which doubles from stage to stage. */
  readonly stem: StemConfiguration;
  /** Residual blocks in each stage; each stage but the first halves height and width. */
  readonly blocks: readonly number[];
  /**
   * `basic`: two 3x3 convolutions. `bottleneck`: 1x1, 3x3 and 1x1 convolutions, the last one four times as wide; a stride
   * is taken by the 3x3 convolution (v1.5), as torchvision has it, not by the first as in the paper.
   */
  readonly block: "basic" | "bottleneck";
}

const imageNetStem: StemConfiguration = { features: 64, kernel: 7, stride: 2, pool: true };

/** The ResNets as torchvision builds them: 11,176,512, 21,284,672 and 23,508,032 feature parameters. */
export const resnetConfigurations = {
  resnet18: { kind: "resnet", inputChannels: 3, stem: imageNetStem, blocks: [2, 2, 2, 2], block: "basic" },
  resnet34: { kind: "resnet", inputChannels: 3, stem: imageNetStem, blocks: [3, 4, 6, 3], block: "basic" },
  resnet50: {
    kind: "resnet",
    inputChannels: 3,
    stem: imageNetStem,
    blocks: [3, 4, 6, 3],
    block: "bottleneck",
  },
} as const satisfies Readonly<Record<string, ResNetConfiguration>>;

/** How many times wider than its inner convolutions the output of a block is. */
const expansions = { basic: 1, bottleneck: 4 } as const;

/** As torchvision initialises the convolutions of a ResNet. */
function convolution(
  engine: Engine,
  init: Initialiser,
  [inputs, outputs]: readonly [number, number],
  options: Conv2dLayerOptions,
): Conv2d {
  return new Conv2d(engine, init, inputs, outputs, { ...options, fan: "out" });
}

/** A convolution and its batch norm: what a residual block is made of. */
interface Step {
  readonly conv: Conv2d;
  readonly norm: BatchNorm;
}

const normalised = ({ conv, norm }: Step, x: Tensor, mode: Mode): Tensor =>
  norm.forward(conv.forward(x), mode);

/** The shortcut of a block that changes the shape: a strided 1x1 convolution and a batch norm, "0" and "1" by torchvision. */
class Downsample extends Module {
  static override readonly name: string = "Downsample";
  readonly #step: Step;

  constructor(
    engine: Engine,
    init: Initialiser,
    channels: readonly [inputs: number, outputs: number],
    stride: number,
  ) {
    super(engine);
    this.#step = {
      conv: this.child("0", convolution(engine, init, channels, { kernel: 1, stride })),
      norm: this.child("1", new BatchNorm(engine, channels[1])),
    };
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return normalised(this.#step, x, mode);
  }
}

interface BlockOptions {
  readonly block: ResNetConfiguration["block"];
  readonly width: number;
  readonly stride: number;
}

const aBlock = oneOf(["basic", "bottleneck"] satisfies readonly ResNetConfiguration["block"][]);
const blockOptions: OptionChecks<BlockOptions> = {
  block: required(aBlock),
  width: required(wholeFrom(1)),
  stride: required(wholeFrom(1)),
};
const configurationFields: OptionChecks<ResNetConfiguration> = {
  kind: required(oneOf(["resnet"])),
  inputChannels: required(wholeFrom(1)),
  stem: required(aRecord),
  blocks: required(blockCounts),
  block: required(aBlock),
};

/** relu(shortcut(x) + convolutions(x)): [N, H, W, C] to [N, H / stride, W / stride, K]. */
export class ResidualBlock extends Module {
  static override readonly name: string = "ResidualBlock";
  readonly #steps: readonly Step[];
  readonly #downsample: Downsample | undefined;

  /** @param width of the inner convolutions; K is as wide, or four times with a bottleneck */
  constructor(engine: Engine, init: Initialiser, channels: number, options: BlockOptions) {
    super(engine);
    expectLayer("ResidualBlock", engine, init, { channels });
    expectOptions("ResidualBlock", options, blockOptions);
    const { block, width, stride } = options;
    const outputs = width * expansions[block];
    const layers: readonly (readonly [outputs: number, options: Conv2dLayerOptions])[] =
      block === "basic"
        ? [
            [width, { kernel: 3, stride }],
            [width, { kernel: 3 }],
          ]
        : [
            [width, { kernel: 1 }],
            [width, { kernel: 3, stride }],
            [outputs, { kernel: 1 }],
          ];
    this.#steps = layers.map(([into, layer], i) => {
      const from = i === 0 ? channels : width;
      return {
        conv: this.child(`conv${i + 1}`, convolution(engine, init, [from, into], layer)),
        norm: this.child(`bn${i + 1}`, new BatchNorm(engine, into)),
      };
    });
    if (stride !== 1 || channels !== outputs) {
      this.#downsample = this.child("downsample", new Downsample(engine, init, [channels, outputs], stride));
    }
  }

  forward(x: Tensor, mode: Mode): Tensor {
    const residual = this.#steps.reduce((maps, step, i) => {
      return normalised(step, i === 0 ? maps : relu(maps), mode);
    }, x);
    return relu(add(residual, this.#downsample?.forward(x, mode) ?? x));
  }
}

/** Residual blocks one after the other, the first with the stride: a "layer" by torchvision. */
class Stage extends Module {
  static override readonly name: string = "Stage";
  readonly #blocks: readonly ResidualBlock[];

  constructor(engine: Engine, blocks: readonly ResidualBlock[]) {
    super(engine);
    this.#blocks = blocks.map((block, i) => this.child(String(i), block));
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return this.#blocks.reduce((maps, block) => block.forward(maps, mode), x);
  }
}

/** A ResNet up to its pooled features: [N, H, W, C] to [N, features]. */
export class ResNet extends Module implements Backbone {
  static override readonly name: string = "ResNet";
  readonly configuration: ResNetConfiguration;
  readonly features: number;
  readonly stageChannels: readonly number[];
  readonly #stem: Step;
  readonly #stages: readonly Stage[];

  constructor(engine: Engine, init: Initialiser, configuration: ResNetConfiguration) {
    super(engine);
    expectLayer("ResNet", engine, init, {});
    expectOptions("ResNet", configuration, configurationFields);
    expectStem("ResNet", configuration.stem);
    this.configuration = configuration;
    const { inputChannels, stem, blocks, block } = configuration;
    const { features, kernel, stride } = stem;
    this.#stem = {
      conv: this.child("conv1", convolution(engine, init, [inputChannels, features], { kernel, stride })),
      norm: this.child("bn1", new BatchNorm(engine, features)),
    };
    const stageChannels = [features];
    this.#stages = blocks.map((count, i) => {
      const width = features * 2 ** i;
      const outputs = width * expansions[block];
      const before = stageChannels[i];
      const made = Array.from({ length: count }, (_, at) => {
        const options = { block, width, stride: i > 0 && at === 0 ? 2 : 1 };
        return new ResidualBlock(engine, init, at === 0 ? before : outputs, options);
      });
      stageChannels.push(outputs);
      return this.child(`layer${i + 1}`, new Stage(engine, made));
    });
    this.stageChannels = stageChannels;
    this.features = stageChannels[blocks.length];
  }

  forward(images: Tensor, mode: Mode): Tensor {
    const maps = this.maps(images, mode);
    return globalAveragePool(maps[maps.length - 1]);
  }

  /** Maps of the stem, before its pool, and of layer1, layer2, ... */
  maps(images: Tensor, mode: Mode): readonly Tensor[] {
    const stem = relu(normalised(this.#stem, images, mode));
    // Padding never wins a maximum. After a ReLU, padding with zeros would give the same.
    const { pool } = this.configuration.stem;
    let maps = pool ? maxPool2d(stem, { window: 3, stride: 2, padding: 1 }) : stem;
    const all = [stem];
    for (const stage of this.#stages) {
      maps = stage.forward(maps, mode);
      all.push(maps);
    }
    return all;
  }
}
