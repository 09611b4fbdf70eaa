// What turns features into logits: the contract between a classifier and its head.

import type { Tensor } from "../../tensor/tensor.ts";
import type { Module } from "../../nn/module.ts";

/** Logits as inner products, [B, O] = features theta' + bias, so that a loss may compute them itself. */
export interface HeadFactors {
  /** [B, D'] of each view. */
  readonly features: readonly Tensor[];
  /** [O, D'] */
  readonly theta: Tensor;
  /** [O] */
  readonly bias: Tensor;
}

export interface Head extends Module {
  /** What makes another one like it. */
  readonly settings: HeadSettings;
  /** K, the logits that `forward` gives of an image. */
  readonly classes: number;
  /** O, the logits of an image that a loss sees. */
  readonly outputs: number;
  /** What a loss makes logits of, for features [B, D] of one or more views. What depends on no image is computed once. */
  factors(views: readonly Tensor[]): HeadFactors;
  /** Logits [B, K] of features [B, D]. */
  forward(features: Tensor): Tensor;
}

export const headBiases = ["none", "fc", "class", "both"] as const;
/** Where a head of class queries has a bias: nowhere, in the fc that makes Theta (the paper's text), one per class, or both. */
export type HeadBias = (typeof headBiases)[number];
export const isInFc = (bias: HeadBias): boolean => bias === "fc" || bias === "both";
export const isOfClasses = (bias: HeadBias): boolean => bias === "class" || bias === "both";

export const headKinds = ["queries", "linear", "per-source", "dynamic"] as const;

/** A head that needs to know nothing of the data but the number of classes. */
type PlainHead =
  | { readonly kind: "queries"; readonly bias: HeadBias }
  | { readonly kind: "linear" }
  | { readonly kind: "dynamic" };

/**
 * A head as somebody asks for it: class queries, as the paper has them; a linear layer with a bias per class, as the authors'
 * released code has; a linear layer for each source (Med3D); or a small network made anew for each image and class (DoDNet).
 */
export type HeadChoice = PlainHead | { readonly kind: "per-source" };

/** All that makes a head: with linear layers per source, the numbers of the classes that each source knows, too. */
export type HeadSettings =
  PlainHead | { readonly kind: "per-source"; readonly known: readonly (readonly number[])[] };
