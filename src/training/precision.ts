// How maps lie in memory while a network is trained, as settings say it, and what that asks of the loss. loop-fields.ts has what a manifest may say of it.

import type { Precision } from "../nn/densenet.ts";

/**
 * Gradients of maps are small: of DenseNets 77 to 94 % are below the smallest normal number of half precision, 6e-5, and up to 17 %
 * would be 0. Of this many times the loss 0.4 to 11 % are below it and under 1 % are 0; the largest are 7 to 43, a thousandth of what there
 * is room for (MNIST, and DenseNet-121 at 64 x 64, at the first steps and later ones, 2026-11).
 */
export const defaultLossScale = 4096;

/** `full`, or `mixed` with what the loss is multiplied by while gradients are found. */
export type PrecisionChoice = "full" | { readonly by: "mixed"; readonly lossScale: number };

/** What a choice comes to; none is `full`. */
export function precisionOf(choice: PrecisionChoice | undefined): {
  readonly precision: Precision;
  readonly lossScale: number;
} {
  if (choice === undefined || choice === "full") return { precision: "full", lossScale: 1 };
  return { precision: "mixed", lossScale: choice.lossScale };
}
