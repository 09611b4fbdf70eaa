// What turns features into logits: the contract between a classifier and its head.

import type { Tensor } from "../tensor/index.ts";
import type { Module } from "./module.ts";

/** A head's logits are F theta' + classBias, so that a loss may compute them itself. */
export interface Head extends Module {
  /** K. */
  readonly classes: number;
  /** [K]; zeros that are not trained where the head has no such bias. */
  readonly classBias: Tensor;
  /** The classification parameters, [K, D]. They depend on no image: once per step is enough. */
  theta(): Tensor;
  /** Logits [B, K] of features [B, D]. */
  forward(features: Tensor): Tensor;
}

export const headBiases = ["none", "fc", "class"] as const;
/** Where a head of class queries has a bias: nowhere, in the fc that makes Theta (the paper's text), or one per class. */
export type HeadBias = (typeof headBiases)[number];

export const headKinds = ["queries", "linear"] as const;
/** Class queries, as the paper has them, or a linear layer with a bias per class, as the authors' released code has. */
export type HeadSettings =
  { readonly kind: "queries"; readonly bias: HeadBias } | { readonly kind: "linear" };
