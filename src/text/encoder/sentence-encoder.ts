// An encoder with the tokeniser it was made with: from texts to vectors.

import "../../errors/disposal.ts";
import {
  aFlag,
  aFunction,
  aSignal,
  expectArgument,
  expectOptions,
  strings,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { encodeTokens, type EncodingOptions } from "./encode-tokens.ts";
import { expectVocabulary } from "./encoder-task.ts";
import type { AnyEncoder } from "./encoders.ts";
import { unitVectors } from "./neighbours.ts";
import type { TokenEncoder } from "./token-encoder.ts";
import { tokenLists, type Tokeniser } from "./token-lists.ts";

export interface EncodeTextsOptions extends EncodingOptions {
  /** Whether vectors are divided by their lengths, so that inner products are cosines. Default true. */
  readonly normalise?: boolean;
}

const encodeOptions: OptionChecks<EncodeTextsOptions> = {
  batch: wholeFrom(1),
  signal: aSignal,
  progress: aFunction,
  nameOf: aFunction,
  normalise: aFlag,
};

/** Vectors of texts: an encoder, its tokeniser, and how many tokens of a text it reads. */
export class SentenceEncoder<Encoder extends TokenEncoder = AnyEncoder> implements Disposable {
  readonly module: Encoder;
  readonly tokeniser: Tokeniser;
  /** The most tokens of a text; what is longer is cut. */
  readonly mostTokens: number;

  /**
   * @param module belongs to this from now on
   * @param mostTokens of a text; default 512, or as many as the encoder has places for if that is less
   * @throws UsageError when the tokeniser has tokens for which the encoder has no row
   */
  constructor(module: Encoder, tokeniser: Tokeniser, mostTokens = 512) {
    expectVocabulary("SentenceEncoder", module, tokeniser);
    expectArgument("SentenceEncoder", "the most tokens of a text", mostTokens, wholeFrom(1));
    this.module = module;
    this.tokeniser = tokeniser;
    this.mostTokens = Math.min(mostTokens, module.mostTokens);
  }

  /** Numbers of a vector. */
  get width(): number {
    return this.module.width;
  }

  /**
   * @returns f32 [n, width], rows of length 1; zeros for a text without a token
   * @throws NonFiniteError naming the text whose vector is no finite numbers; the signal's reason when it ended the work
   */
  async encode(
    texts: readonly string[],
    options: EncodeTextsOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    expectArgument("encode", "the texts", texts, strings);
    expectOptions("encode", options, encodeOptions);
    const { normalise = true, ...rest } = options;
    const lists = tokenLists(texts.map((text) => this.tokeniser.encode(text, this.mostTokens)));
    const vectors = await encodeTokens(this.module, lists, rest);
    return normalise ? unitVectors(vectors, this.width) : vectors;
  }

  dispose(): void {
    this.module.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
