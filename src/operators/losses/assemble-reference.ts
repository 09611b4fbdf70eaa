// The definition of Label-Assemble's losses and their gradients, in float64.

import type { HostTensor } from "../../tensor/host.ts";
import { headSizes, multiplyHead } from "./query-products.ts";
import type { AssembleLossAttributes } from "./assemble-attributes.ts";
import { targetOf } from "../../labels/states.ts";

/** See `assembleLoss` for inputs, outputs and formulae. */
export function assembleReference(
  [weakFeatures, strongFeatures, theta, bias, states, weights]: readonly HostTensor[],
  [total, losses, gradients]: readonly HostTensor[],
  { threshold, temperature, stopGradient, unsupervisedOn, normalise, strongShare }: AssembleLossAttributes,
): void {
  const sizes = headSizes("assembleLoss", weakFeatures, theta);
  const entries = sizes.batch * sizes.classes;
  const [weakLogits, strongLogits] = [new Float64Array(entries), new Float64Array(entries)];
  multiplyHead(sizes, weakFeatures.data, theta.data, bias.data, weakLogits);
  multiplyHead(sizes, strongFeatures.data, theta.data, bias.data, strongLogits);

  const targets = Array.from(states.data, targetOf);
  const isUnsupervised = (labelled: boolean): boolean =>
    unsupervisedOn === "all" || (unsupervisedOn === "labelled") === labelled;
  const labelledCount = targets.filter((target) => target !== undefined).length;
  const unsupervisedCount =
    (isUnsupervised(true) ? labelledCount : 0) + (isUnsupervised(false) ? entries - labelledCount : 0);
  const perBatch = normalise === "batch";
  const labelledDivisor = perBatch ? sizes.batch : Math.max(labelledCount, 1);
  const unsupervisedDivisor = perBatch ? sizes.batch : Math.max(unsupervisedCount, 1);

  const [pseudoWeight, consistencyWeight] = weights.data;
  const pull = (2 * pseudoWeight * (stopGradient ? 1 : 1 / temperature)) / unsupervisedDivisor;
  const agree = (2 * consistencyWeight) / unsupervisedDivisor;
  const agreeBack = stopGradient ? 0 : agree * (1 - 1 / temperature);
  const weakShare = 1 - strongShare;
  let [bce, pseudo, consistency] = [0, 0, 0];
  for (let i = 0; i < entries; i++) {
    const z = weakLogits[i];
    const weak = sigmoid(z);
    const rest = sigmoid(-z);
    const strong = sigmoid(strongLogits[i]);
    const strongRest = sigmoid(-strongLogits[i]);
    const target = targets[i];
    let slope = 0;
    let strongSlope = 0;
    if (target !== undefined) {
      // a - y, without differences of large numbers.
      bce += weakShare * crossEntropy(z, target);
      slope = (weakShare * ((1 - target) * weak - target * rest)) / labelledDivisor;
      // Without a share the strong view has no influence, not even that of a logit that is no number.
      if (strongShare > 0) {
        bce += strongShare * crossEntropy(strongLogits[i], target);
        strongSlope = (strongShare * ((1 - target) * strong - target * strongRest)) / labelledDivisor;
      }
    }
    if (isUnsupervised(target !== undefined)) {
      // Distances to the pseudo-label a_w + (1 - a_w)/t or a_w - a_w/t, without forming it.
      const weakResidual = (weak > threshold ? -rest : weak) / temperature;
      const strongResidual = strong - (weak - weakResidual);
      pseudo += weakResidual * weakResidual;
      consistency += strongResidual * strongResidual;
      slope += (pull * weakResidual - agreeBack * strongResidual) * weak * rest;
      strongSlope += agree * strongResidual * strong * strongRest;
    }
    gradients.data[i] = slope;
    gradients.data[entries + i] = strongSlope;
  }
  bce /= labelledDivisor;
  pseudo /= unsupervisedDivisor;
  consistency /= unsupervisedDivisor;
  total.data[0] = bce + pseudoWeight * pseudo + consistencyWeight * consistency;
  losses.data.set([total.data[0], bce, pseudo, consistency]);
}

function sigmoid(z: number): number {
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
