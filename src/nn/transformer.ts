// A block of a transformer's encoder.

import {
  anything,
  aFlag,
  aNumber,
  expectOptions,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { add, gelu, relu } from "../functions/elementwise.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Initialiser } from "./initialise.ts";
import { expectLayer, expectMode } from "./layer-arguments.ts";
import { expectTokens, MultiHeadAttention } from "./layers/attention-layers.ts";
import { aRate, Dropout } from "./layers/dropout-layer.ts";
import { Linear } from "./layers/linear-layer.ts";
import { LayerNorm } from "./layers/normalisation-layers.ts";
import { Module, type Mode } from "./module.ts";

export interface TransformerBlockConfiguration {
  /** Numbers of a token. */
  readonly width: number;
  /** Heads of the attention; the width is a multiple of it. */
  readonly heads: number;
  /** Numbers of a token between the two fully connected layers. */
  readonly hidden: number;
  /** Whether each half normalises what it reads, and not what it adds to. Default false. */
  readonly normFirst?: boolean;
  /** Default "relu". */
  readonly activation?: "gelu" | "relu";
  /** Of both layer norms. Default 1e-5. */
  readonly epsilon?: number;
  /**
   * The rate at which `Dropout` drops values, in training, of what each half adds, as BERT's hidden_dropout_prob. Nothing else is
   * dropped: neither probabilities of the attention nor what stands between the two fully connected layers. Default 0.
   */
  readonly dropout?: number;
}

const activations = { gelu, relu };

const configurationFields: OptionChecks<TransformerBlockConfiguration> = {
  width: required(wholeFrom(1)),
  heads: required(wholeFrom(1)),
  hidden: required(wholeFrom(1)),
  normFirst: aFlag,
  activation: oneOf(Object.keys(activations)),
  epsilon: aNumber,
  dropout: aRate,
};

/** The options of a call of `TransformerBlock`. */
export interface TransformerBlockOptions {
  /** Added to the scores [B, heads, T, T], to which it broadcasts: [B, 1, 1, T] for padded sequences, or [T, T]. */
  readonly mask?: Tensor;
  /** Whether a token sees none that come after it. Default false. */
  readonly causal?: boolean;
}

const blockOptions: OptionChecks<TransformerBlockOptions> = { mask: anything, causal: aFlag };

/**
 * Self-attention and two fully connected layers, each added to what it reads: [B, T, width] to the same. It is torch's
 * nn.TransformerEncoderLayer with batch_first and, unless it is asked for, without dropout, and has its defaults and the names of its tensors
 * (self_attn, linear1, linear2, norm1, norm2), so that its weights fit.
 */
export class TransformerBlock extends Module {
  static override readonly name: string = "TransformerBlock";
  readonly attention: MultiHeadAttention;
  readonly first: Linear;
  readonly second: Linear;
  readonly attentionNorm: LayerNorm;
  readonly layersNorm: LayerNorm;
  readonly #dropAttention: Dropout | undefined;
  readonly #dropLayers: Dropout | undefined;
  readonly #normFirst: boolean;
  readonly #activation: (x: Tensor) => Tensor;

  constructor(engine: Engine, init: Initialiser, configuration: TransformerBlockConfiguration) {
    super(engine);
    expectOptions("TransformerBlock", configuration, configurationFields);
    const {
      width,
      heads,
      hidden,
      normFirst = false,
      activation = "relu",
      epsilon = 1e-5,
      dropout: rate = 0,
    } = configuration;
    expectLayer("TransformerBlock", engine, init, { width, heads, hidden });
    this.#normFirst = normFirst;
    this.#activation = activations[activation];
    this.attention = this.child("self_attn", new MultiHeadAttention(engine, init, width, heads));
    this.first = this.child("linear1", new Linear(engine, init, width, hidden));
    this.second = this.child("linear2", new Linear(engine, init, hidden, width));
    this.attentionNorm = this.child("norm1", new LayerNorm(engine, width, { epsilon }));
    this.layersNorm = this.child("norm2", new LayerNorm(engine, width, { epsilon }));
    if (rate !== 0) {
      this.#dropAttention = this.child("dropout1", new Dropout(engine, init, { rate }));
      this.#dropLayers = this.child("dropout2", new Dropout(engine, init, { rate }));
    }
  }

  /**
   * @param x [B, T, width]
   * @returns [B, T, width]
   * @throws ShapeError when the shapes do not fit
   */
  forward(x: Tensor, mode: Mode, options: TransformerBlockOptions = {}): Tensor {
    expectTokens("TransformerBlock", x);
    expectMode("TransformerBlock", mode);
    expectOptions("TransformerBlock", options, blockOptions);
    const drop = (layer: Dropout | undefined, y: Tensor): Tensor => layer?.forward(y, mode) ?? y;
    const attend = (tokens: Tensor): Tensor =>
      drop(this.#dropAttention, this.attention.forward(tokens, mode, options));
    const feed = (tokens: Tensor): Tensor =>
      drop(this.#dropLayers, this.second.forward(this.#activation(this.first.forward(tokens))));
    if (this.#normFirst) {
      const y = add(x, attend(this.attentionNorm.forward(x)));
      return add(y, feed(this.layersNorm.forward(y)));
    }
    const y = this.attentionNorm.forward(add(x, attend(x)));
    return this.layersNorm.forward(add(y, feed(y)));
  }
}
