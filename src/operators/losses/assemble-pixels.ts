// Label-Assemble's losses over the pixels of two views, fused from features to the gradients of the logits.

import type { TensorSpec } from "../../tensor/shape.ts";
import type { HostTensor } from "../../tensor/host.ts";
import { input, output, temporary, type Candidate, type Operator } from "../operator.ts";
import { expectRoles } from "../roles.ts";
import {
  modes,
  switches,
  expectAssembleAttributes,
  type AssembleLossAttributes,
} from "./assemble-attributes.ts";
import { entryLosses } from "./assemble-reference.ts";
import {
  labelRoles,
  pixelSizes,
  pixelTargets,
  rowsOfPixels,
  spreadRows,
  supervisedTable,
  tableLaunch,
  type PixelSizes,
} from "./pixel-labels.ts";
import { multiplyHead } from "./query-products.ts";

export interface AssemblePixelsAttributes extends AssembleLossAttributes {
  /** Whether the classes have weights. */
  readonly weighted: boolean;
}

/**
 * Inputs weakFeatures [N, H, W, D], theta [K, D], bias [K], labels u8 [N, H, W], known u32 [N, words], exclusions
 * u32 [K, words] (see `pixelTargets`), weights [2] = (lambda_pseudo, lambda_consistency), read when it runs; then
 * strongFeatures [N, H, W, D], unless the weak view stands in both places; then classWeights [K], where it is `weighted`.
 * Outputs total [], losses [4] = (total, bce, pseudo, consistency), and the derivatives of the total with respect to the
 * logits of each view, [N, H, W, K]; of one view in both places once, the sum of both.
 *
 * The formulae are those of `assembleLoss` without soft labels and without a tree. Its rows are the pixels that are not
 * ignored, so `normalise: "batch"` divides by their number. A class's weight multiplies its terms in bce, whose divisor is
 * then multiplied by the mean weight of the labelled entries.
 */
export const assemblePixels: Operator<AssemblePixelsAttributes> = {
  name: "assemblePixels",
  infer(inputs, attributes) {
    const [weak, theta] = inputs as readonly (TensorSpec | undefined)[];
    const features = { shape: weak?.shape ?? [] };
    const [classes = 1] = theta?.shape ?? [];
    const hasStrong = inputs.length > (attributes.weighted ? 8 : 7);
    expectRoles("assemblePixels", inputs, [
      { role: "weakFeatures" },
      { role: "theta" },
      { role: "bias", shape: [classes] },
      ...labelRoles(weak, theta),
      { role: "weights", shape: [2] },
      ...(hasStrong ? [{ role: "strongFeatures", ...features }] : []),
      ...(attributes.weighted ? [{ role: "classWeights", shape: [classes] }] : []),
    ]);
    pixelSizes("assemblePixels", weak, theta);
    expectAssembleAttributes("assemblePixels", attributes);
    const gradients = { shape: [...features.shape.slice(0, 3), classes], dtype: "f32" } as const;
    return [
      { shape: [], dtype: "f32" },
      { shape: [4], dtype: "f32" },
      ...(hasStrong ? [gradients, gradients] : [gradients]),
    ];
  },
  reference(inputs, [total, losses, ...gradients], attributes) {
    const [weak, theta, bias, labels, known, exclusions, weights] = inputs;
    const { strong, classWeights } = optionalInputs(inputs, attributes);
    const sizes = pixelSizes("assemblePixels", weak, theta);
    const { pixels, targets } = pixelTargets(sizes, labels, known, exclusions);
    const head = { batch: pixels.length, classes: sizes.classes, features: sizes.features };
    const logitsOf = (features: HostTensor): Float64Array => {
      const logits = new Float64Array(targets.length);
      multiplyHead(head, rowsOfPixels(features, pixels, sizes.features), theta.data, bias.data, logits);
      return logits;
    };
    const weakLogits = logitsOf(weak);
    const found = entryLosses(
      {
        weakLogits,
        strongLogits: strong === undefined ? weakLogits : logitsOf(strong),
        targets,
        rows: Math.max(pixels.length, 1),
        lambdas: weights.data,
        classWeights: classWeights?.data,
      },
      attributes,
    );
    total.data[0] = found.losses[0];
    losses.data.set(found.losses);
    const { weakGradients, strongGradients } = found;
    if (strong === undefined) {
      spreadRows(
        weakGradients.map((slope, i) => slope + strongGradients[i]),
        pixels,
        gradients[0],
      );
    } else {
      spreadRows(weakGradients, pixels, gradients[0]);
      spreadRows(strongGradients, pixels, gradients[1]);
    }
  },
  candidates(inputs, attributes) {
    const [weak, theta] = inputs;
    const hasStrong = inputs.length > (attributes.weighted ? 8 : 7);
    return [fusedCandidate(pixelSizes("assemblePixels", weak, theta), attributes, hasStrong)];
  },
};

function optionalInputs(
  inputs: readonly HostTensor[],
  { weighted }: AssemblePixelsAttributes,
): { readonly strong: HostTensor | undefined; readonly classWeights: HostTensor | undefined } {
  const rest = inputs.slice(7);
  return { classWeights: weighted ? rest.pop() : undefined, strong: rest.at(0) };
}

/** Invocations that a pass over the pixels is split into, at most. */
const mostParts = 16384;

/** Five launches: the table of labelled classes, what the losses are divided by, and the pixels; sums in two levels. */
function fusedCandidate(
  sizes: PixelSizes,
  attributes: AssemblePixelsAttributes,
  hasStrong: boolean,
): Candidate {
  const { area, pixels, classes, features, words } = sizes;
  const { weighted } = attributes;
  const counting = Math.min(Math.ceil(pixels / 16), mostParts);
  const parts = Math.min(pixels, mostParts);
  const [table, counts, head, sums, nothing] = [0, 1, 2, 3, 4].map(temporary);
  const { unsupervised, ...others } = switches(attributes);
  const { inverseTemperature } = others;
  const classWeights = weighted ? input(inputOfClassWeights(hasStrong)) : input(2);
  return {
    name: "fused",
    temporaries: [
      supervisedTable(sizes),
      { shape: [3, counting], dtype: "f32" },
      { shape: [8 + classes * (features + 2)], dtype: "f32" },
      { shape: [3, parts], dtype: "f32" },
      ...(hasStrong ? [] : [{ shape: [1], dtype: "f32" } as const]),
    ],
    launches: [
      tableLaunch(sizes, input(4), input(5), table),
      {
        kernel: "pixelCounts",
        knobs: { WEIGHTED: weighted },
        bind: { labels: input(3), table, classWeights, sums: counts },
        sizes: { area, pixels, classes, words, parts: counting },
      },
      {
        kernel: "pixelHead",
        knobs: { WEIGHTED: weighted },
        bind: { sums: counts, weights: input(6), theta: input(1), bias: input(2), classWeights, head },
        sizes: {
          ...{ classes, features, parts: counting, unsupervised, inverseTemperature },
          ...modes(attributes),
        },
      },
      {
        kernel: "assemblePixels",
        knobs: { ONE_VIEW: !hasStrong },
        bind: {
          weakFeatures: input(0),
          strongFeatures: input(hasStrong ? 7 : 0),
          labels: input(3),
          table,
          head,
          weakGradients: output(2),
          strongGradients: hasStrong ? output(3) : nothing,
          sums,
        },
        sizes: { area, pixels, classes, features, words, parts, unsupervised, ...others },
      },
      {
        kernel: "pixelLosses",
        bind: { sums, head, total: output(0), losses: output(1) },
        sizes: { parts },
      },
    ],
  };
}

const inputOfClassWeights = (hasStrong: boolean): number => (hasStrong ? 8 : 7);
