// An AUC-margin loss over labelled entries, class by class.

import { targetOf } from "../../labels/states.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { input, output, temporary, type Operator } from "../operator.ts";
import { expectAttribute, expectRoles } from "../roles.ts";
import { sigmoid } from "./label-loss.ts";
import { headLaunch, headSizes, multiplyHead } from "./query-products.ts";

export interface AucMarginAttributes {
  /** m > 0: how far the mean probability of positives is to be above that of negatives. */
  readonly margin: number;
}

/**
 * Inputs features [B, D], theta [K, D], bias [K], states u8 [B, K] (as in `assembleLoss`). Outputs loss [] and its derivatives with
 * respect to the logits, [B, K]. Over the labelled entries of a class, with h = sigmoid(z), y the targets and the means
 * a = sum of y h / sum of y, b = sum of (1 - y) h / sum of (1 - y):
 *
 *     loss = mean over classes with both sums above 0 of
 *            sum of y (h - a)^2 / sum of y + sum of (1 - y) (h - b)^2 / sum of (1 - y) + max(0, m + b - a)^2
 *
 * This is the AUCM loss (Yuan, Yan, Sonka, Yang, "Large-scale Robust Deep AUC Maximization", ICCV 2021) of the batch, whose minimum
 * over a and b and maximum over alpha >= 0 of 2 alpha (m + b - a) - alpha^2 are taken in closed form. LibAUC learns a, b and alpha
 * along with the weights, by an optimiser of its own. Without a class that has both it is 0.
 */
export const aucMargin: Operator<AucMarginAttributes> = {
  name: "aucMargin",
  infer(inputs, { margin }) {
    const [features, theta] = inputs as readonly (TensorSpec | undefined)[];
    const [batch = 1] = features?.shape ?? [];
    const [classes = 1] = theta?.shape ?? [];
    expectRoles("aucMargin", inputs, [
      { role: "features" },
      { role: "theta" },
      { role: "bias", shape: [classes] },
      { role: "states", dtype: "u8", shape: [batch, classes] },
    ]);
    headSizes("aucMargin", features, theta);
    const fits = margin > 0 && margin < Infinity;
    expectAttribute("aucMargin", "margin", margin, fits, "above 0, and finite");
    return [
      { shape: [], dtype: "f32" },
      { shape: [batch, classes], dtype: "f32" },
    ];
  },
  reference([features, theta, bias, states], [loss, gradients], { margin }) {
    const sizes = headSizes("aucMargin", features, theta);
    const { batch, classes } = sizes;
    const logits = new Float64Array(batch * classes);
    multiplyHead(sizes, features.data, theta.data, bias.data, logits);
    const found = Array.from({ length: classes }, (_, k) => {
      const entries = Array.from({ length: batch }, (__, image) => image * classes + k);
      return ofClass(
        entries.flatMap((at) => {
          const target = targetOf(states.data[at]);
          return target === undefined ? [] : [{ at, target, logit: logits[at] }];
        }),
        margin,
      );
    }).filter((each) => each !== undefined);
    for (const each of found) {
      loss.data[0] += each.loss / found.length;
      for (const { at, slope } of each.slopes) gradients.data[at] = slope / found.length;
    }
  },
  candidates([features, theta], { margin }, { isSoftware }) {
    const sizes = headSizes("aucMargin", features, theta);
    const { batch, classes } = sizes;
    const logits = temporary(0);
    const head = { features: input(0), theta: input(1), bias: input(2), logits };
    return [
      {
        name: "classes",
        temporaries: [{ shape: [batch, classes], dtype: "f32" }],
        launches: [
          headLaunch(sizes, head, isSoftware ? 4 : 1),
          {
            kernel: "aucMargin",
            bind: { logits, states: input(3), loss: output(0), gradients: output(1) },
            sizes: { batch, classes, margin },
          },
        ],
      },
    ];
  },
};

interface Entry {
  readonly at: number;
  readonly target: number;
  readonly logit: number;
}

/** The loss of a class and its slopes; undefined where it has not both kinds. */
function ofClass(
  entries: readonly Entry[],
  margin: number,
):
  | { readonly loss: number; readonly slopes: readonly { readonly at: number; readonly slope: number }[] }
  | undefined {
  const sum = (of: (entry: Entry) => number): number => entries.reduce((total, each) => total + of(each), 0);
  const [positives, negatives] = [sum(({ target }) => target), sum(({ target }) => 1 - target)];
  if (positives === 0 || negatives === 0) return undefined;
  // 1 - h of positives, whose digits are left where h rounds to 1.
  const lack = sum(({ target, logit }) => target * sigmoid(-logit)) / positives;
  const b = sum(({ target, logit }) => (1 - target) * sigmoid(logit)) / negatives;
  // m - a as m - 1 + (1 - a); a NaN is none below 0.
  const gap = margin - 1 + lack + b;
  const open = gap < 0 ? 0 : gap;
  const loss =
    sum(({ target, logit }) => target * (lack - sigmoid(-logit)) ** 2) / positives +
    sum(({ target, logit }) => (1 - target) * (sigmoid(logit) - b) ** 2) / negatives +
    open ** 2;
  const slopes = entries.map(({ at, target, logit }) => {
    const [h, rest] = [sigmoid(logit), sigmoid(-logit)];
    const ofPositive = (target / positives) * (lack - rest - open);
    const ofNegative = ((1 - target) / negatives) * (h - b + open);
    return { at, slope: 2 * (ofPositive + ofNegative) * h * rest };
  });
  return { loss, slopes };
}
