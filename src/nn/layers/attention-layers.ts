// Attention as a layer: projections into heads, and back.

import { aFlag, anything, expectArgument, expectOptions, type OptionChecks } from "../../errors/arguments.ts";
import { ShapeError } from "../../errors/errors.ts";
import { linear } from "../../functions/products.ts";
import { reshape, slice, split, transpose } from "../../functions/movement.ts";
import { attention } from "../../functions/sequences.ts";
import type { Engine } from "../../runtime/engine.ts";
import { expectTensor } from "../../runtime/expect-tensor.ts";
import { showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Initialiser } from "../initialise.ts";
import { expectLayer, expectMode } from "../layer-arguments.ts";
import { Module, type Mode } from "../module.ts";
import { Linear } from "./linear-layer.ts";

export interface MultiHeadAttentionOptions {
  /** Whether the projections have a bias. Default true. */
  readonly bias?: boolean;
}

const layerOptions: OptionChecks<MultiHeadAttentionOptions> = { bias: aFlag };

/** The options of a call of `MultiHeadAttention`. */
export interface AttendOptions {
  /** Added to the scores [B, heads, T, S], to which it broadcasts: [B, 1, 1, S] for padded sequences, or [T, S]. */
  readonly mask?: Tensor;
  /** Whether row t sees keys 0 to t alone. Default false. */
  readonly causal?: boolean;
  /** [B, S, width]: where keys and values come from. Default x, which attends to itself. */
  readonly context?: Tensor;
}

const attendOptions: OptionChecks<AttendOptions> = { mask: anything, causal: aFlag, context: anything };

/** @throws UsageError unless it is a tensor, ShapeError unless that is [batch, tokens, width] */
export function expectTokens(layer: string, x: Tensor): void {
  expectTensor(layer, 0, 1, x);
  if (x.shape.length === 3) return;
  throw new ShapeError(`${layer}: takes [batch, tokens, width], got ${showShape(x.shape)}`);
}

/**
 * Attention of several heads (Vaswani et al., 2017): [B, T, width] to the same. Its tensors are those of torch's
 * nn.MultiheadAttention with batch_first, by the same names, so that its weights fit: in_proj_weight [3 width, width] with
 * the projections to queries, keys and values one below the other, in_proj_bias [3 width], out_proj.weight [width, width]
 * and out_proj.bias [width]. Weights start as torch's, biases at 0.
 */
export class MultiHeadAttention extends Module {
  static override readonly name: string = "MultiHeadAttention";
  readonly heads: number;
  readonly inputWeight: Tensor;
  readonly inputBias: Tensor | undefined;
  readonly output: Linear;

  /** @throws UsageError unless the width is a multiple of the number of heads */
  constructor(
    engine: Engine,
    init: Initialiser,
    width: number,
    heads: number,
    options: MultiHeadAttentionOptions = {},
  ) {
    super(engine);
    expectLayer("MultiHeadAttention", engine, init, { width, heads });
    expectOptions("MultiHeadAttention", options, layerOptions);
    expectArgument("MultiHeadAttention", "width", width, {
      words: `a multiple of the ${heads} heads`,
      fits: (value) => (value as number) % heads === 0,
    });
    this.heads = heads;
    // Xavier's bound for all three together, as torch has it.
    this.inputWeight = this.parameter(
      "in_proj_weight",
      init.uniform([3 * width, width], Math.sqrt(6 / (4 * width))),
    );
    if (options.bias !== false) this.inputBias = this.parameter("in_proj_bias", engine.zeros([3 * width]));
    this.output = this.child("out_proj", new Linear(engine, init, width, width, options));
  }

  /**
   * @param x [B, T, width]
   * @returns [B, T, width]
   * @throws ShapeError when the shapes do not fit
   */
  forward(x: Tensor, mode: Mode, options: AttendOptions = {}): Tensor {
    expectMode("MultiHeadAttention", mode);
    expectOptions("MultiHeadAttention", options, attendOptions);
    const { context, ...rest } = options;
    const width = this.inputWeight.shape[1];
    const [q, k, v] =
      context === undefined
        ? this.#project(x, 0, 3)
        : [...this.#project(x, 0, 1), ...this.#project(context, 1, 2)];
    const y = transpose(attention(q, k, v, rest), [0, 2, 1, 3]);
    return this.output.forward(reshape(y, [y.shape[0], y.shape[1], width]));
  }

  /** Some of the projections in one product, each [B, heads, T, width / heads]. */
  #project(x: Tensor, first: number, count: number): Tensor[] {
    expectTokens("MultiHeadAttention", x);
    const width = this.inputWeight.shape[1];
    const part = (tensor: Tensor): Tensor =>
      count === 3
        ? tensor
        : slice(
            tensor,
            [first * width, 0].slice(0, tensor.shape.length),
            [count * width, width].slice(0, tensor.shape.length),
          );
    const bias = this.inputBias && part(this.inputBias);
    const projected = linear(x, part(this.inputWeight), bias, { transposeWeight: true });
    const [batch, tokens] = x.shape;
    const unit = width / this.heads;
    // One copy that gathers each projection, and each head in it.
    const apart = transpose(reshape(projected, [batch, tokens, count, this.heads, unit]), [2, 0, 3, 1, 4]);
    const shape = [batch, this.heads, tokens, unit];
    return split(apart, count).map((each) => reshape(each, shape));
  }
}
