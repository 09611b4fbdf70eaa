// One level of a U-Net: down, a level below, up by a transposed convolution, and the skip. scripts/torch-vectors.py has its twin.

import { relu } from "../../src/functions/elementwise.ts";
import { concatChannels } from "../../src/functions/movement.ts";
import { maxPool2d } from "../../src/functions/pooling.ts";
import * as nn from "../../src/nn/index.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

export class UnetBlock extends nn.Module {
  readonly #conv1;
  readonly #norm1;
  readonly #conv2;
  readonly #norm2;
  readonly #up;
  readonly #out;

  constructor(engine: Engine, init: nn.Initialiser) {
    super(engine);
    this.#conv1 = this.child("conv1", new nn.Conv2d(engine, init, 3, 4, { kernel: 3 }));
    this.#norm1 = this.child("norm1", new nn.BatchNorm(engine, 4));
    this.#conv2 = this.child("conv2", new nn.Conv2d(engine, init, 4, 8, { kernel: 3 }));
    this.#norm2 = this.child("norm2", new nn.BatchNorm(engine, 8));
    this.#up = this.child("up", new nn.ConvTranspose2d(engine, init, 8, 4, { kernel: 2, bias: true }));
    this.#out = this.child("out", new nn.Conv2d(engine, init, 8, 2, { kernel: 1, bias: true }));
  }

  /** [N, H, W, 3] to [N, H, W, 2], H and W even. */
  forward(x: Tensor, mode: nn.Mode): Tensor {
    const skip = relu(this.#norm1.forward(this.#conv1.forward(x), mode));
    const below = relu(this.#norm2.forward(this.#conv2.forward(maxPool2d(skip, { window: 2 })), mode));
    return this.#out.forward(concatChannels([skip, this.#up.forward(below)]));
  }
}
