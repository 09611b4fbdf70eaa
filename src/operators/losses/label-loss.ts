// What one given label teaches: binary cross entropy, or a weighted, smoothed and focused form of it, in float64.

import type { LabelAttributes } from "./assemble-attributes.ts";

/** What a label adds to a loss, and how that changes with the logit. */
export interface LabelLoss {
  readonly loss: number;
  readonly slope: number;
}

/**
 * The loss of a logit z with the target y of a given label, and its slope. With a = sigmoid(z):
 *
 *     y' = (1 - e) y + e / 2,  e = smoothing
 *     loss = w y' (1 - a)^p (-log a) + (1 - y') b^n (-log(1 - b)),  b = max(a - m, 0),  m = shift
 *
 * p and n are `positiveFocus` and `negativeFocus`, w is the weight of positive entries. With p = n and m = 0 it is the focal loss (Lin
 * et al., "Focal Loss for Dense Object Detection", ICCV 2017), else the asymmetric loss (Ridnik et al., "Asymmetric Loss For
 * Multi-Label Classification", ICCV 2021), whose slope goes through the powers as well; with zeros and w = 1 it is cross entropy.
 * It is a straight line in y, so that a soft label counts as so much of a positive and the rest of a negative.
 */
export function labelLoss(z: number, target: number, weight: number, shape?: LabelAttributes): LabelLoss {
  // a - y, without differences of large numbers.
  if (shape === undefined) {
    const slope = (1 - target) * sigmoid(z) - target * sigmoid(-z);
    return { loss: crossEntropy(z, target), slope };
  }
  const { smoothing, positiveFocus, negativeFocus, shift } = shape;
  const y = (1 - smoothing) * target + smoothing / 2;
  const ofPositive = focused(z, positiveFocus);
  const ofNegative = shift > 0 ? shifted(z, negativeFocus, shift) : focused(-z, negativeFocus);
  const negativeSlope = shift > 0 ? ofNegative.slope : -ofNegative.slope;
  return {
    loss: weight * y * ofPositive.loss + (1 - y) * ofNegative.loss,
    slope: weight * y * ofPositive.slope + (1 - y) * negativeSlope,
  };
}

/** (1 - a)^power (-log a): the power by the exponential of a logarithm, which is exact where 1 - a rounds to 1 or 0. */
function focused(z: number, power: number): LabelLoss {
  const [a, rest, loss] = [sigmoid(z), sigmoid(-z), softplus(-z)];
  const factor = Math.exp(-power * softplus(z));
  return { loss: factor * loss, slope: -factor * (power * a * loss + rest) };
}

/** b^power (-log(1 - b)), b = max(a - shift, 0); nothing where a negative is below the shift already. */
function shifted(z: number, power: number, shift: number): LabelLoss {
  const [a, rest] = [sigmoid(z), sigmoid(-z)];
  const b = a - shift;
  if (b <= 0) return { loss: 0, slope: 0 };
  const below = rest + shift;
  const loss = b > below ? -Math.log(below) : Math.log1p(b / below);
  const factor = b ** power;
  return { loss: factor * loss, slope: a * rest * factor * ((power * loss) / b + 1 / below) };
}

export function sigmoid(z: number): number {
  const e = Math.exp(-Math.abs(z));
  return (z >= 0 ? 1 : e) / (1 + e);
}

/** softplus(z) - y z, without differences of large numbers. */
function crossEntropy(z: number, target: number): number {
  return target * softplus(-z) + (1 - target) * softplus(z);
}

/** log(1 + exp(z)) without overflow. */
function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}
