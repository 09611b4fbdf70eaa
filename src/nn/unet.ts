// The U-Net (Ronneberger, Fischer, Brox 2015), with batch norm and padded convolutions: features of each pixel.

import { expectOptions, oneOf, required, wholeFrom, type OptionChecks } from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";
import { conv2d } from "../functions/convolution.ts";
import { add, relu } from "../functions/elementwise.ts";
import { concatChannels, split } from "../functions/movement.ts";
import { maxPool2d } from "../functions/pooling.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Composition } from "./densenet.ts";
import type { Initialiser } from "./initialise.ts";
import { expectLayer, expectMode } from "./layer-arguments.ts";
import { Conv2d } from "./layers/convolution-layers.ts";
import { BatchNorm } from "./layers/normalisation-layers.ts";
import { ConvTranspose2d } from "./layers/transposed-convolution-layer.ts";
import { Module, type Mode } from "./module.ts";

export interface UNetConfiguration {
  readonly kind: "unet";
  readonly inputChannels: number;
  /** Channels of the finest level, which each coarser one doubles; the features of a pixel. */
  readonly width: number;
  /** Sizes at which the image is looked at, each half the one before. */
  readonly levels: number;
}

/** As often as the largest image can be halved, and as widths can be doubled. */
export const mostLevels = 16;

const configurationFields: OptionChecks<UNetConfiguration> = {
  kind: required(oneOf(["unet"])),
  inputChannels: required(wholeFrom(1)),
  width: required(wholeFrom(1)),
  levels: required({
    words: `a whole number from 1 to ${mostLevels}`,
    fits: (value) => wholeFrom(1).fits(value) && (value as number) <= mostLevels,
  }),
};

/**
 * Why so many levels cannot look at images of this size, as what follows on their number: nothing where they can, which is where
 * height and width are multiples of 2^(levels - 1).
 */
export function halvingProblem(levels: number, height: number, width: number): string | undefined {
  const unit = 2 ** (levels - 1);
  if (height % unit === 0 && width % unit === 0) return undefined;
  const size = (round: (units: number) => number): string =>
    [height, width].map((side) => Math.max(1, round(side / unit)) * unit).join(" x ");
  const sizes = [...new Set([size(Math.floor), size(Math.ceil)])].join(" or ");
  return (
    `cannot halve ${height} x ${width} pixels ${levels - 1} times: height and width must be multiples of ${unit}, ` +
    `such as ${sizes}`
  );
}

/** Two 3x3 convolutions, each with its batch norm and ReLU. */
class DoubleConvolution extends Module {
  static override readonly name: string = "DoubleConvolution";
  readonly #convolutions: readonly [Conv2d, Conv2d];
  readonly #norms: readonly [BatchNorm, BatchNorm];

  constructor(engine: Engine, init: Initialiser, inputs: number, outputs: number) {
    super(engine);
    this.#convolutions = [
      this.child("conv1", new Conv2d(engine, init, inputs, outputs, { kernel: 3 })),
      this.child("conv2", new Conv2d(engine, init, outputs, outputs, { kernel: 3 })),
    ];
    this.#norms = [
      this.child("norm1", new BatchNorm(engine, outputs)),
      this.child("norm2", new BatchNorm(engine, outputs)),
    ];
  }

  forward(x: Tensor, mode: Mode): Tensor {
    return this.#finish(this.#convolutions[0].forward(x), mode);
  }

  /** The same of images whose channels stand in two tensors, which are not put side by side. */
  forwardOf(skip: Tensor, enlarged: Tensor, mode: Mode): Tensor {
    const { weight } = this.#convolutions[0];
    const [ofSkip, ofEnlarged] = split(weight, [skip.shape[3], enlarged.shape[3]], 2);
    const padding = 1;
    return this.#finish(
      add(conv2d(skip, ofSkip, { padding }), conv2d(enlarged, ofEnlarged, { padding })),
      mode,
    );
  }

  /** All that follows the first convolution. */
  #finish(x: Tensor, mode: Mode): Tensor {
    const [norm1, norm2] = this.#norms;
    const y = relu(norm1.forward(x, mode));
    return relu(norm2.forward(this.#convolutions[1].forward(y), mode));
  }
}

/**
 * Images [N, H, W, C] to the features of each pixel, [N, H, W, width]. Each level looks at the image at half the size of the one
 * above, so that height and width must be multiples of 2^(levels - 1); on the way up, a transposed convolution 2x2 enlarges what the
 * level below found, and what was found on the way down stands beside it.
 *
 * Its tensors are `downL.convI.weight`, `downL.normI.*`, `upL.enlarge.*`, `upL.convI.weight` and `upL.normI.*`, level 1 being that of
 * the image. Filters of `upL.conv1` take the channels of the way down first, then the enlarged ones.
 */
export class UNet extends Module {
  static override readonly name: string = "UNet";
  readonly configuration: UNetConfiguration;
  /** May change between calls. */
  composition: Composition = "fused";
  /** D, the features of a pixel. */
  readonly features: number;
  readonly #down: readonly DoubleConvolution[];
  readonly #up: readonly { readonly enlarge: ConvTranspose2d; readonly convolve: DoubleConvolution }[];

  constructor(engine: Engine, init: Initialiser, configuration: UNetConfiguration) {
    super(engine);
    expectLayer("UNet", engine, init, {});
    expectOptions("UNet", configuration, configurationFields);
    this.configuration = configuration;
    const { inputChannels, width, levels } = configuration;
    this.features = width;
    const channels = Array.from({ length: levels }, (_, level) => width * 2 ** level);
    this.#down = channels.map((outputs, level) => {
      const inputs = level === 0 ? inputChannels : channels[level - 1];
      return this.child(`down${level + 1}`, new DoubleConvolution(engine, init, inputs, outputs));
    });
    this.#up = channels
      .slice(0, -1)
      .map((outputs, level) => {
        const inputs = channels[level + 1];
        const options = { kernel: 2, stride: 2, bias: true };
        return {
          enlarge: this.child(
            `up${level + 1}.enlarge`,
            new ConvTranspose2d(engine, init, inputs, outputs, options),
          ),
          convolve: this.child(`up${level + 1}`, new DoubleConvolution(engine, init, 2 * outputs, outputs)),
        };
      })
      .reverse();
  }

  /**
   * @param images normalised, [N, H, W, C]
   * @returns [N, H, W, width]
   * @throws ShapeError when they have other channels, or sides that the levels cannot halve
   */
  forward(images: Tensor, mode: Mode): Tensor {
    expectMode("UNet", mode);
    expectTensor("UNet", 0, 1, images);
    this.#expectImages(images);
    const skips: Tensor[] = [];
    let x = images;
    for (const [level, convolve] of this.#down.entries()) {
      if (level > 0) x = maxPool2d(x, { window: 2, stride: 2 });
      x = convolve.forward(x, mode);
      skips.push(x);
    }
    skips.pop();
    for (const { enlarge, convolve } of this.#up) {
      const skip = skips.pop();
      if (skip === undefined) throw new Error("a U-Net has a skip for each level");
      const enlarged = enlarge.forward(x);
      x =
        this.composition === "fused"
          ? convolve.forwardOf(skip, enlarged, mode)
          : convolve.forward(concatChannels([skip, enlarged]), mode);
    }
    return x;
  }

  #expectImages({ shape }: Tensor): void {
    const { inputChannels, levels } = this.configuration;
    const [, height, width, channels] = shape;
    if (shape.length !== 4 || channels !== inputChannels) {
      throw new ShapeError(`UNet: takes images [N, H, W, ${inputChannels}], got ${showShape(shape)}`);
    }
    const problem = halvingProblem(levels, height, width);
    if (problem !== undefined) throw new ShapeError(`UNet: ${levels} levels ${problem}`);
  }
}
