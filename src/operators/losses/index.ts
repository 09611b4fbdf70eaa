// Losses: softmax cross entropy, and Label-Assemble's head, pseudo-labels and fused losses over images and pixels.

import { assembleLoss } from "./assemble-loss.ts";
import { assemblePixels } from "./assemble-pixels.ts";
import { aucMargin } from "./auc-margin.ts";
import { binaryCrossEntropyWithLogits } from "./binary-cross-entropy.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { huberLoss } from "./huber-loss.ts";
import { maskedDice } from "./masked-dice.ts";
import { marginalCrossEntropy } from "./marginal-cross-entropy.ts";
import { queryInnerProduct } from "./query-inner-product.ts";
import { sharpen } from "./sharpen.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

export {
  normaliseChoices,
  unsupervisedChoices,
  type AssembleImagesAttributes,
  type AssembleLossAttributes,
  type LabelAttributes,
} from "./assemble-attributes.ts";
export { firstSoft, lastSoft, targetOf } from "../../labels/states.ts";
export type { AucMarginAttributes } from "./auc-margin.ts";
export type { AssemblePixelsAttributes } from "./assemble-pixels.ts";
export type { BinaryCrossEntropyAttributes } from "./binary-cross-entropy.ts";
export type { CrossEntropyAttributes } from "./cross-entropy.ts";
export type { HuberLossAttributes } from "./huber-loss.ts";
export type { MaskedDiceAttributes } from "./masked-dice.ts";
export type { SharpenAttributes } from "./sharpen.ts";

export const lossOperators = {
  softmaxCrossEntropy,
  crossEntropy,
  binaryCrossEntropyWithLogits,
  huberLoss,
  marginalCrossEntropy,
  queryInnerProduct,
  sharpen,
  assembleLoss,
  aucMargin,
  assemblePixels,
  maskedDice,
} as const;
