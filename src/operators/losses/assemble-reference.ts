// The definition of Label-Assemble's losses and their gradients, in float64.

import type { HostArray, HostTensor } from "../../tensor/host.ts";
import { headSizes, multiplyHead } from "./query-products.ts";
import type { AssembleImagesAttributes } from "./assemble-attributes.ts";
import { labelLoss, sigmoid } from "./label-loss.ts";
import { targetOf } from "../../labels/states.ts";

/** See `assembleLoss` for inputs, outputs and formulae. */
export function assembleReference(
  inputs: readonly HostTensor[],
  [total, losses, gradients]: readonly HostTensor[],
  attributes: AssembleImagesAttributes,
): void {
  const [weakFeatures, strongFeatures, theta, bias, states, weights] = inputs;
  const rest = inputs.slice(6);
  const positiveWeights = attributes.labels?.weighted === true ? rest.pop() : undefined;
  const sizes = headSizes("assembleLoss", weakFeatures, theta);
  const entries = sizes.batch * sizes.classes;
  const [weakLogits, strongLogits] = [new Float64Array(entries), new Float64Array(entries)];
  multiplyHead(sizes, weakFeatures.data, theta.data, bias.data, weakLogits);
  multiplyHead(sizes, strongFeatures.data, theta.data, bias.data, strongLogits);
  const found = entryLosses(
    {
      weakLogits,
      strongLogits,
      targets: Array.from(states.data, targetOf),
      rows: sizes.batch,
      lambdas: weights.data,
      parents: rest.at(0)?.data,
      positiveWeights: positiveWeights?.data,
    },
    attributes,
  );
  total.data[0] = found.losses[0];
  losses.data.set(found.losses);
  gradients.data.set(found.weakGradients);
  gradients.data.set(found.strongGradients, entries);
}

/** The entries, (image or pixel, class) pairs, that the losses are sums over, row by row. */
export interface Entries {
  readonly weakLogits: Float64Array;
  readonly strongLogits: Float64Array;
  /** The probability that a label asks for; undefined where it is absent. */
  readonly targets: readonly (number | undefined)[];
  /** What `normalise: "batch"` divides by. */
  readonly rows: number;
  /** Of pseudo and of consistency. */
  readonly lambdas: HostArray;
  /** The class right above each class, where classes stand below others. */
  readonly parents?: HostArray | undefined;
  /** A factor of each class's terms in bce. */
  readonly classWeights?: HostArray | undefined;
  /** A factor of what the positive entries of each class teach. */
  readonly positiveWeights?: HostArray | undefined;
}

/** The losses, as `assembleLoss` gives them, and the gradients of the logits. */
export function entryLosses(
  { weakLogits, strongLogits, targets, rows, lambdas, parents, classWeights, positiveWeights }: Entries,
  {
    threshold,
    temperature,
    stopGradient,
    unsupervisedOn,
    normalise,
    strongShare,
    labels,
  }: AssembleImagesAttributes,
): {
  readonly losses: readonly [total: number, bce: number, pseudo: number, consistency: number];
  readonly weakGradients: Float64Array;
  readonly strongGradients: Float64Array;
} {
  const entries = targets.length;
  const [weakGradients, strongGradients] = [new Float64Array(entries), new Float64Array(entries)];
  const isUnsupervised = (labelled: boolean): boolean =>
    unsupervisedOn === "all" || (unsupervisedOn === "labelled") === labelled;
  const labelledCount = targets.filter((target) => target !== undefined).length;
  const unsupervisedCount =
    (isUnsupervised(true) ? labelledCount : 0) + (isUnsupervised(false) ? entries - labelledCount : 0);
  const isTaught = labels?.taught !== false;
  const groups = parents === undefined || !isTaught ? [] : groupsOf(targets, parents);
  const weightOf = (entry: number): number => classWeights?.[entry % classWeights.length] ?? 1;
  const perBatch = normalise === "batch";
  const weighted = targets.reduce<number>(
    (sum, target, i) => sum + (target === undefined ? 0 : weightOf(i)),
    0,
  );
  // The mean weight of the labelled entries: dividing by it makes equal weights change nothing.
  const meanWeight = weighted === 0 ? 1 : weighted / labelledCount;
  const labelledDivisor = (perBatch ? rows : Math.max(labelledCount + groups.length, 1)) * meanWeight;
  const unsupervisedDivisor = perBatch ? rows : Math.max(unsupervisedCount, 1);

  const [pseudoWeight, consistencyWeight] = lambdas;
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
    if (target !== undefined && isTaught) {
      const weight = weightOf(i);
      const positiveWeight = positiveWeights?.[i % positiveWeights.length] ?? 1;
      const ofWeak = labelLoss(z, target, positiveWeight, labels);
      bce += weight * weakShare * ofWeak.loss;
      slope = (weight * weakShare * ofWeak.slope) / labelledDivisor;
      // Without a share the strong view has no influence, not even that of a logit that is no number.
      if (strongShare > 0) {
        const ofStrong = labelLoss(strongLogits[i], target, positiveWeight, labels);
        bce += weight * strongShare * ofStrong.loss;
        strongSlope = (weight * strongShare * ofStrong.slope) / labelledDivisor;
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
    weakGradients[i] = slope;
    strongGradients[i] = strongSlope;
  }
  for (const { children, known } of groups) {
    const views = [
      { logits: weakLogits, share: weakShare, slopesOf: weakGradients },
      { logits: strongLogits, share: strongShare, slopesOf: strongGradients },
    ];
    for (const { logits, share, slopesOf } of views.slice(0, strongShare > 0 ? 2 : 1)) {
      const { loss, slopes } = groupLoss(
        children.map((child) => logits[child]),
        known,
      );
      bce += share * loss;
      children.forEach((child, i) => (slopesOf[child] += (share * slopes[i]) / labelledDivisor));
    }
  }
  bce /= labelledDivisor;
  pseudo /= unsupervisedDivisor;
  consistency /= unsupervisedDivisor;
  const total = bce + pseudoWeight * pseudo + consistencyWeight * consistency;
  return { losses: [total, bce, pseudo, consistency], weakGradients, strongGradients };
}

/** Classes of one image, right below a class that it shows, of which one at least is there. */
interface Group {
  /** The entries without a label. */
  readonly children: readonly number[];
  /** The probability that one of those with a soft label is there. */
  readonly known: number;
}

/** Of every entry that is positive, has an absent child, and has no positive one. */
function groupsOf(targets: readonly (number | undefined)[], parents: HostArray): readonly Group[] {
  const classes = parents.length;
  return targets.flatMap((target, head): Group[] => {
    if (target !== 1) return [];
    const first = head - (head % classes);
    const below = [...parents.keys()].filter((k) => parents[k] === head % classes).map((k) => first + k);
    const children = below.filter((entry) => targets[entry] === undefined);
    const known = 1 - below.reduce((none, entry) => none * (1 - (targets[entry] ?? 0)), 1);
    return children.length === 0 || known === 1 ? [] : [{ children, known }];
  });
}

/**
 * -log(1 - q) and its slopes, q = (1 - known) product of (1 - sigmoid(z)), the probability that none of a group is there.
 * With S = sum of softplus(z), 1 - q is known + (1 - known)(1 - exp(-S)), from which exp(shift) is taken out: where all logits
 * are far below 0, S is about exp of the largest.
 */
function groupLoss(
  logits: readonly number[],
  known: number,
): { readonly loss: number; readonly slopes: readonly number[] } {
  const shift =
    known > 0
      ? 0
      : Math.min(
          logits.reduce((top, z) => Math.max(top, z)),
          0,
        );
  const shifted = logits.reduce((sum, z) => {
    const e = Math.exp(-Math.abs(z));
    return sum + Math.max(z, 0) + Math.exp(-Math.abs(z) - shift) * (e === 0 ? 1 : Math.log1p(e) / e);
  }, 0);
  const s = shifted * Math.exp(shift);
  const some = s === 0 ? shifted : (-Math.expm1(-s) / s) * shifted;
  const rest = known + (1 - known) * (s === Infinity ? 1 : some);
  const none = (1 - known) * Math.exp(-s);
  const loss = none < 0.5 ? -Math.log1p(-none) : -(shift + Math.log(rest));
  const slopes = logits.map(
    (z) => (-Math.exp(Math.min(z, 0) - shift) / (1 + Math.exp(-Math.abs(z)))) * (none / rest),
  );
  return { loss, slopes };
}
