// The plain encoder of texts: a weighted mean of word vectors, which knows no order.

import { expectOptions, required, wholeFrom, type OptionChecks } from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { takeRows } from "../../functions/movement.ts";
import type { Initialiser } from "../../nn/initialise.ts";
import { expectLayer, expectMode } from "../../nn/layer-arguments.ts";
import type { Mode } from "../../nn/module.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expectTexts, TokenEncoder, tokenWeights, weightedSum, type TokenOptions } from "./token-encoder.ts";

export interface BagConfiguration {
  readonly kind: "bag";
  /** Rows of the table of words. */
  readonly vocabulary: number;
  /** Numbers of a vector. */
  readonly width: number;
  /** The token that fills texts up, whose row takes no gradient. Default 0. */
  readonly padding?: number;
}

const bagFields: OptionChecks<Omit<BagConfiguration, "kind">> = {
  vocabulary: required(wholeFrom(1)),
  width: required(wholeFrom(1)),
  padding: wholeFrom(0),
};

/** @throws UsageError for a token that is none of the vocabulary */
export function expectPadding(encoder: string, padding: number, vocabulary: number): void {
  if (padding < vocabulary) return;
  throw new UsageError(
    `${encoder}: padding must be a token of the vocabulary, 0 to ${vocabulary - 1}, got ${padding}`,
  );
}

/**
 * A weighted bag of words: f = sum over t of exp(w[t]) E[t] / sum over t of exp(w[t]), with a vector and a weight learned for
 * each token. Tensors: "words.weight" [vocabulary, width], which starts as normal numbers of deviation .1, and
 * "importance.weight" [vocabulary], which starts at 0.
 */
export class BagEncoder extends TokenEncoder {
  static override readonly name: string = "BagEncoder";
  readonly configuration: BagConfiguration;
  readonly width: number;
  readonly vocabulary: number;
  readonly padding: number;
  readonly mostTokens: number = Infinity;
  readonly words: Tensor;
  readonly importance: Tensor;

  /** @throws UsageError for numbers that are none, or a padding that is none of the vocabulary */
  constructor(engine: Engine, init: Initialiser, configuration: Omit<BagConfiguration, "kind">) {
    super(engine);
    const { kind: _, ...fields } = { kind: "bag", ...configuration };
    expectOptions("BagEncoder", fields, bagFields);
    const { vocabulary, width, padding = 0 } = fields;
    expectLayer("BagEncoder", engine, init, { vocabulary, width });
    expectPadding("BagEncoder", padding, vocabulary);
    this.configuration = { kind: "bag", vocabulary, width, padding };
    this.width = width;
    this.vocabulary = vocabulary;
    this.padding = padding;
    this.words = this.parameter("words.weight", init.normal([vocabulary, width], 0.1, padding));
    this.importance = this.parameter("importance.weight", engine.zeros([vocabulary]));
  }

  forward(tokens: Tensor, mode: Mode, options: TokenOptions = {}): Tensor {
    expectMode("BagEncoder", mode);
    const mask = expectTexts(this, tokens, options);
    const { padding } = this;
    const x = takeRows(this.words, tokens, { padding });
    return weightedSum(x, tokenWeights(this.importance, tokens, mask, padding));
  }
}
