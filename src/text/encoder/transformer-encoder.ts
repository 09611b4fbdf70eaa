// The encoder of texts that reads them in order: words and places, blocks of attention, and the mean over the tokens.

import {
  aNumber,
  aFlag,
  expectOptions,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { add } from "../../functions/elementwise.ts";
import { reshape, slice, takeRows } from "../../functions/movement.ts";
import type { Initialiser } from "../../nn/initialise.ts";
import { expectLayer, expectMode } from "../../nn/layer-arguments.ts";
import { aRate, Dropout } from "../../nn/layers/dropout-layer.ts";
import { LayerNorm } from "../../nn/layers/normalisation-layers.ts";
import type { Mode } from "../../nn/module.ts";
import { TransformerBlock } from "../../nn/transformer.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expectPadding } from "./bag-encoder.ts";
import {
  expectTexts,
  leftOut,
  maskedMean,
  TokenEncoder,
  tokenWeights,
  weightedSum,
  type TokenOptions,
} from "./token-encoder.ts";

export interface TransformerConfiguration {
  readonly kind: "transformer";
  /** Rows of the table of words. */
  readonly vocabulary: number;
  /** Numbers of a vector, and of a token on the way. */
  readonly width: number;
  readonly layers: number;
  /** Heads of each attention; the width is a multiple of it. */
  readonly heads: number;
  /** Numbers of a token between the two fully connected layers of a block. */
  readonly hidden: number;
  /** The most tokens of a text. */
  readonly mostTokens: number;
  /** The token that fills texts up, whose row takes no gradient. Default 0. */
  readonly padding?: number;
  /** Rows of the table of places in front of that of the first token: 2 in RoBERTa and XLM-R. Default 0. */
  readonly firstPlace?: number;
  /** Rows of the table of segments, of which each token has the first: 2 in BERT, 1 in RoBERTa. Default 0, no table. */
  readonly segments?: number;
  /** Whether a block normalises what it reads, with one more norm behind the last. Default false, as BERT. */
  readonly normFirst?: boolean;
  /** Default "gelu". */
  readonly activation?: "gelu" | "relu";
  /** Of all layer norms. Default 1e-12, as BERT. */
  readonly epsilon?: number;
  /** The rate of dropout behind the embeddings and of what each half of a block adds. Default .1. */
  readonly dropout?: number;
  /** Whether the mean over the tokens has weights that are learned for each word, exp(w), as those of `BagEncoder`. Default false. */
  readonly weighted?: boolean;
}

const transformerFields: OptionChecks<Omit<TransformerConfiguration, "kind">> = {
  vocabulary: required(wholeFrom(1)),
  width: required(wholeFrom(1)),
  layers: required(wholeFrom(1)),
  heads: required(wholeFrom(1)),
  hidden: required(wholeFrom(1)),
  mostTokens: required(wholeFrom(1)),
  padding: wholeFrom(0),
  firstPlace: wholeFrom(0),
  segments: wholeFrom(0),
  normFirst: aFlag,
  activation: oneOf(["gelu", "relu"]),
  epsilon: aNumber,
  dropout: aRate,
  weighted: aFlag,
};

/**
 * A transformer's encoder as BERT, RoBERTa and XLM-R are (Devlin et al. 2019, Liu et al. 2019, Conneau et al. 2020):
 *
 *     X = LayerNorm(words[tokens] + places + segment 0), then `TransformerBlock`s, then the mean over the tokens
 *
 * Tensors: "words.weight" [vocabulary, width], "places.weight" [firstPlace + mostTokens, width], "segments.weight"
 * [segments, width], "norm.weight" and "norm.bias", "blocks.0" and so on with the names of `TransformerBlock`, and
 * "importance.weight" [vocabulary] where the mean is weighted. Words and segments start as normal numbers of deviation .02, as
 * BERT's; places at a tenth of that, since what all texts have in common makes their means alike.
 */
export class TransformerEncoder extends TokenEncoder {
  static override readonly name: string = "TransformerEncoder";
  readonly configuration: TransformerConfiguration;
  readonly width: number;
  readonly vocabulary: number;
  readonly padding: number;
  readonly mostTokens: number;
  readonly words: Tensor;
  readonly places: Tensor;
  readonly segments: Tensor | undefined;
  readonly norm: LayerNorm;
  readonly blocks: readonly TransformerBlock[];
  readonly lastNorm: LayerNorm | undefined;
  readonly importance: Tensor | undefined;
  readonly #dropout: Dropout | undefined;
  readonly #firstPlace: number;

  /** @throws UsageError for numbers that are none, heads that do not divide the width, or a padding that is none of the vocabulary */
  constructor(engine: Engine, init: Initialiser, configuration: Omit<TransformerConfiguration, "kind">) {
    super(engine);
    const { kind: _, ...fields } = { kind: "transformer", ...configuration };
    expectOptions("TransformerEncoder", fields, transformerFields);
    const { vocabulary, width, layers, heads, hidden, mostTokens } = fields;
    const { padding = 0, firstPlace = 0, segments = 0, normFirst = false } = fields;
    const { activation = "gelu", epsilon = 1e-12, dropout = 0.1, weighted = false } = fields;
    expectLayer("TransformerEncoder", engine, init, { vocabulary, width, layers });
    expectPadding("TransformerEncoder", padding, vocabulary);
    this.configuration = {
      ...{ kind: "transformer", vocabulary, width, layers, heads, hidden, mostTokens, padding },
      ...{ firstPlace, segments, normFirst, activation, epsilon, dropout, weighted },
    };
    this.width = width;
    this.vocabulary = vocabulary;
    this.padding = padding;
    this.mostTokens = mostTokens;
    this.#firstPlace = firstPlace;
    const table = (name: string, rows: number, deviation: number, zeroRow?: number): Tensor =>
      this.parameter(`${name}.weight`, init.normal([rows, width], deviation, zeroRow));
    this.words = table("words", vocabulary, 0.02, padding);
    this.places = table("places", firstPlace + mostTokens, 0.002);
    if (segments > 0) this.segments = table("segments", segments, 0.02);
    this.norm = this.child("norm", new LayerNorm(engine, width, { epsilon }));
    const block = { width, heads, hidden, normFirst, activation, epsilon, dropout };
    this.blocks = Array.from({ length: layers }, (_, i) =>
      this.child(`blocks.${i}`, new TransformerBlock(engine, init, block)),
    );
    if (normFirst) this.lastNorm = this.child("lastNorm", new LayerNorm(engine, width, { epsilon }));
    if (weighted) this.importance = this.parameter("importance.weight", engine.zeros([vocabulary]));
    if (dropout > 0) this.#dropout = this.child("dropout", new Dropout(engine, init, { rate: dropout }));
  }

  forward(tokens: Tensor, mode: Mode, options: TokenOptions = {}): Tensor {
    expectMode("TransformerEncoder", mode);
    const mask = expectTexts(this, tokens, options);
    const [batch, length] = tokens.shape;
    const { width, padding } = this;
    const place = slice(this.places, [this.#firstPlace, 0], [length, width]);
    const own = this.segments === undefined ? place : add(place, slice(this.segments, [0, 0], [1, width]));
    let x = this.norm.forward(add(takeRows(this.words, tokens, { padding }), own));
    x = this.#dropout?.forward(x, mode) ?? x;
    const scores = { mask: reshape(leftOut(mask), [batch, 1, 1, length]) };
    for (const block of this.blocks) x = block.forward(x, mode, scores);
    x = this.lastNorm?.forward(x) ?? x;
    if (this.importance === undefined) return maskedMean(x, mask);
    return weightedSum(x, tokenWeights(this.importance, tokens, mask, padding));
  }
}
