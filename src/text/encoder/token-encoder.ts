// What every encoder of texts is: a module from the numbers of words to one vector for each text.

import { anything, described, expectOptions, type OptionChecks } from "../../errors/arguments.ts";
import { ShapeError, UsageError } from "../../errors/errors.ts";
import { affine, divide, maximum, multiply } from "../../functions/elementwise.ts";
import { reshape, takeRows } from "../../functions/movement.ts";
import { softmax } from "../../functions/probabilities.ts";
import { matmul } from "../../functions/products.ts";
import { sum } from "../../functions/reduction.ts";
import { Module, type Mode } from "../../nn/module.ts";
import { expectTensor } from "../../runtime/expect-tensor.ts";
import { equalShapes, showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** The options of a call of an encoder. */
export interface TokenOptions {
  /** f32 [B, T], 1 for a token and 0 for what fills the text up, tokens in front. Default: all are tokens. */
  readonly mask?: Tensor;
}

const tokenOptions: OptionChecks<TokenOptions> = { mask: anything };

/** A module from tokens u32 [B, T] to vectors f32 [B, width]. */
export abstract class TokenEncoder extends Module {
  /** What it was made with: a run that is gone on with must have the same. */
  abstract readonly configuration: object;
  /** Numbers of a vector. */
  abstract readonly width: number;
  /** Rows of the table of words: tokens are numbers below it. */
  abstract readonly vocabulary: number;
  /** The most tokens of a text. */
  abstract readonly mostTokens: number;
  /** The token that fills texts up. */
  abstract readonly padding: number;

  /**
   * The vectors as they come, not yet of length 1.
   *
   * @param tokens u32 [B, T]
   * @param mode as of any module: dropout drops in training alone
   * @returns f32 [B, width]; of a text without a token zeros
   * @throws ShapeError when the shapes do not fit
   */
  abstract override forward(tokens: Tensor, mode: Mode, options?: TokenOptions): Tensor;
}

/** @throws UsageError for what is no encoder of tokens, or a disposed one */
export function expectEncoder(what: string, encoder: unknown): void {
  if (!(encoder instanceof TokenEncoder)) {
    throw new UsageError(
      `${what}: takes an encoder such as BagEncoder or TransformerEncoder, got ${described(encoder)}`,
    );
  }
}

/**
 * Looks at what an encoder is called with.
 * @returns the mask, all ones where none is given
 */
export function expectTexts(encoder: TokenEncoder, tokens: Tensor, options: TokenOptions): Tensor {
  const { name } = encoder.constructor;
  expectTensor(name, 0, 1, tokens);
  expectOptions(name, options, tokenOptions);
  const { shape, dtype } = tokens;
  if (shape.length !== 2 || dtype !== "u32") {
    throw new ShapeError(`${name}: takes tokens u32 [batch, tokens], got ${dtype} ${showShape(shape)}`);
  }
  if (shape[1] > encoder.mostTokens) {
    throw new ShapeError(
      `${name}: has positions for ${encoder.mostTokens} tokens, and these texts have ${shape[1]}; cut them`,
    );
  }
  const { mask } = options;
  if (mask === undefined) return encoder.engine.full(shape, 1);
  expectTensor(`${name}: mask`, 0, 1, mask);
  if (!equalShapes(mask.shape, shape) || mask.dtype !== "f32") {
    throw new ShapeError(
      `${name}: mask must be f32 ${showShape(shape)} as the tokens, got ${mask.dtype} ${showShape(mask.shape)}`,
    );
  }
  return mask;
}

/** What is added to scores: 0 for tokens, and -1e9 for what fills up. A finite number keeps a text without tokens finite. */
export const leftOut = (mask: Tensor): Tensor => affine(mask, 1e9, -1e9);

/**
 * Sums of tokens with weights of their own.
 * @param x f32 [B, T, width]
 * @param weights f32 [B, T]
 * @returns f32 [B, width]
 */
export function weightedSum(x: Tensor, weights: Tensor): Tensor {
  const [batch, tokens, width] = x.shape;
  return reshape(matmul(reshape(weights, [batch, 1, tokens]), x), [batch, width]);
}

/**
 * Weights of tokens within their text, m exp(w[token]) / sum of m exp(w[token]); zeros for a text without a token.
 * @param importance f32 [vocabulary], w
 * @param tokens u32 [B, T]
 * @param mask f32 [B, T], m
 * @returns f32 [B, T]
 */
export function tokenWeights(importance: Tensor, tokens: Tensor, mask: Tensor, padding: number): Tensor {
  const rows = takeRows(reshape(importance, [...importance.shape, 1]), tokens, { padding });
  return multiply(softmax(reshape(rows, tokens.shape), { mask: leftOut(mask) }), mask);
}

/**
 * The mean over the tokens of each text, sum of m x / max(1, sum of m).
 * @param x f32 [B, T, width]
 * @param mask f32 [B, T]
 * @returns f32 [B, width]
 */
export function maskedMean(x: Tensor, mask: Tensor): Tensor {
  return weightedSum(x, divide(mask, maximum(sum(mask, { axes: -1, keepDimensions: true }), 1)));
}
