// The switches of Label-Assemble's losses: shared by their definition and their kernels.

import type { Choice } from "../../kernels/kernel.ts";
import type { SharpenAttributes } from "./sharpen.ts";

/** Entries, (image, class) pairs, that the pseudo-label and consistency losses are taken over. */
export const unsupervisedChoices = ["absent", "all", "labelled"] as const satisfies readonly Choice<
  "assembleLoss",
  "unsupervised"
>[];
/** What each loss is divided by. */
export const normaliseChoices = ["entries", "batch"] as const;

export interface AssembleLossAttributes extends SharpenAttributes {
  /** True: the pseudo-label is a constant. False: its slope 1 - 1/t joins the gradient of the weak view. */
  readonly stopGradient: boolean;
  /** U: the entries of the unsupervised losses. `absent` is the paper, `labelled` the authors' released code. */
  readonly unsupervisedOn: (typeof unsupervisedChoices)[number];
  /**
   * `entries`: bce is divided by max(1, |M|), pseudo and consistency by max(1, |U|). With `unsupervisedOn: labelled`
   * U is M, so there is one divisor, the number of labelled entries, as in the authors' released code.
   * `batch`: all three are divided by the number of images B, as in that code's earlier versions.
   */
  readonly normalise: (typeof normaliseChoices)[number];
  /** Share of the strong view in bce, in [0, 1]: 0 takes the weak view alone, as the paper does, .5 the mean over both. */
  readonly strongShare: number;
}
