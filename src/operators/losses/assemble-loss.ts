// Label-Assemble's losses on two views, fused from features to the gradients of the logits.

import {
  input,
  output,
  temporary,
  type Candidate,
  type Launch,
  type Operator,
  type Slot,
} from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { expectRoles } from "../roles.ts";
import { eightLanes } from "../strided-iteration.ts";
import {
  expectAssembleAttributes,
  expectLabelAttributes,
  labelShape,
  modes,
  switches,
  type AssembleImagesAttributes,
} from "./assemble-attributes.ts";
import { assembleReference } from "./assemble-reference.ts";
import { headLaunch, headSizes, type HeadSizes } from "./query-products.ts";

/**
 * Inputs weakFeatures [B, D], strongFeatures [B, D], theta [K, D], bias [K], states u8 [B, K] (0 negative,
 * 1 positive, 100 to 200 soft: a probability of (state - 100) / 100, all else absent),
 * weights [2] = (lambda_pseudo, lambda_consistency), read when it runs.
 * Outputs total [], the one that has a gradient; losses [4] = (total, bce, pseudo, consistency), the last three
 * without their lambdas; gradients [2, B, K], the derivatives of the total with respect to the weak and to the strong
 * logits. The total is an output of its own, beside its copy in the losses, so that the tape refuses the gradient of
 * any other loss: those are for reports.
 * With z the logits, a = sigmoid(z), M the labelled and U the unsupervised entries, y the targets (see `targetOf`);
 * a soft label is a label:
 *
 *     bce         = sum over M of (1 - s) (softplus(z_w) - y z_w) + s (softplus(z_s) - y z_s),  s = strongShare
 *     pseudo      = sum over U of (a_w - sharpen(a_w))^2
 *     consistency = sum over U of (a_s - sharpen(a_w))^2
 *     total       = bce + lambda_pseudo pseudo + lambda_consistency consistency
 *
 * each divided as `normalise` says. Without entries a loss is 0. Every class weighs the same.
 *
 * Where `labels` says so, given labels teach another loss of z than softplus(z) - y z, see `labelLoss`; positiveWeights [K], the
 * last input where it is `weighted`, multiplies the share of its positives. What it is divided by stays the same.
 *
 * Classes may stand below other classes: a seventh input parents u32 [K] has the class right above each, and K or more where
 * there is none. A positive entry with an absent child and no positive one, in the same image, is the head of a group, of
 * which one at least is there:
 *
 *     bce += (1 - s) g(z_w) + s g(z_s),  g(z) = -log(1 - product over the children of (1 - a))
 *
 * where a is sigmoid(z) of an absent child, and the target of a labelled one. Each head is one more labelled entry to divide
 * by.
 */
export const assembleLoss: Operator<AssembleImagesAttributes> = {
  name: "assembleLoss",
  infer(inputs, attributes) {
    const [weak, , theta] = inputs as readonly (TensorSpec | undefined)[];
    const [batch = 1] = weak?.shape ?? [];
    const [classes = 1] = theta?.shape ?? [];
    expectRoles("assembleLoss", inputs, [
      { role: "weakFeatures" },
      { role: "strongFeatures", shape: weak?.shape ?? [] },
      { role: "theta" },
      { role: "bias", shape: [classes] },
      { role: "states", dtype: "u8", shape: [batch, classes] },
      { role: "weights", shape: [2] },
      ...(hasParents(inputs, attributes)
        ? [{ role: "parents", dtype: "u32", shape: [classes] } as const]
        : []),
      ...(isWeighted(attributes) ? [{ role: "positiveWeights", shape: [classes] }] : []),
    ]);
    headSizes("assembleLoss", weak, theta);
    expectAssembleAttributes("assembleLoss", attributes);
    if (attributes.labels !== undefined) expectLabelAttributes("assembleLoss", attributes.labels);
    return [
      { shape: [], dtype: "f32" },
      { shape: [4], dtype: "f32" },
      { shape: [2, batch, classes], dtype: "f32" },
    ];
  },
  reference: assembleReference,
  candidates(inputs, attributes, { isSoftware }) {
    const [weak, , theta] = inputs;
    const sizes = headSizes("assembleLoss", weak, theta);
    const isTree = hasParents(inputs, attributes);
    const rows = rowsCandidate(sizes, attributes, isSoftware ? 4 : 1, isTree);
    // The fused kernels have no bindings left for weights, and the cross entropy alone.
    if (attributes.labels !== undefined) return [rows];
    const fused = isTree ? fusedTreeCandidate(sizes, attributes) : fusedCandidate(sizes, attributes);
    const products = 2 * sizes.batch * sizes.classes * sizes.features;
    return products <= fusedUpTo ? [rows, fused] : [fused, rows];
  },
};

const isWeighted = ({ labels }: AssembleImagesAttributes): boolean => labels?.weighted === true;

/** Whether classes stand below others: positive weights, where there are any, come after their parents. */
export const hasParents = (inputs: readonly unknown[], attributes: AssembleImagesAttributes): boolean =>
  inputs.length > (isWeighted(attributes) ? 7 : 6);

/**
 * Multiply-adds up to which one workgroup beats five launches over many: the two take the same time, about 1 ms, at
 * this number on lavapipe with 2 cores (November 2026). Not measured on a GPU.
 */
const fusedUpTo = 2 ** 18;

/** Invocations that a sum over the entries is split into, at most. */
const mostParts = 4096;

/** The total as an output of its own: the fused kernel has no binding left for it, WebGPU promises eight. */
const copyTotal: Launch = {
  kernel: "stridedCopy",
  knobs: { RANK: 1 },
  bind: { x: output(1), y: output(0) },
  sizes: {
    count: 1,
    xStart: 0,
    yStart: 0,
    extents: eightLanes([1], 1),
    xStrides: eightLanes([1]),
    yStrides: eightLanes([1]),
  },
};

/** Everything in one launch of one workgroup: best while launches would cost more than the arithmetic. */
function fusedCandidate(sizes: HeadSizes, attributes: AssembleImagesAttributes): Candidate {
  return { name: "fused", launches: [fusedLaunch("assembleLoss", sizes, attributes, input(5)), copyTotal] };
}

/** The same where classes stand below others: the kernel has no binding left for the parents, which go with the weights. */
function fusedTreeCandidate(sizes: HeadSizes, attributes: AssembleImagesAttributes): Candidate {
  const { classes } = sizes;
  const joined = temporary(0);
  return {
    name: "fused",
    temporaries: [{ shape: [2 + classes], dtype: "f32" }],
    launches: [
      {
        kernel: "assembleTreeWeights",
        bind: { weights: input(5), parents: input(6), joined },
        sizes: { classes },
      },
      fusedLaunch("assembleTreeLoss", sizes, attributes, joined),
      copyTotal,
    ],
  };
}

function fusedLaunch(
  kernel: "assembleLoss" | "assembleTreeLoss",
  sizes: HeadSizes,
  attributes: AssembleImagesAttributes,
  weights: Slot,
): Launch {
  return {
    kernel,
    bind: {
      weakFeatures: input(0),
      strongFeatures: input(1),
      theta: input(2),
      bias: input(3),
      states: input(4),
      weights,
      losses: output(1),
      gradients: output(2),
    },
    sizes: { ...sizes, ...switches(attributes), ...modes(attributes) },
  };
}

/**
 * Five launches over many workgroups: both heads, partial sums, their totals, the gradients. Where classes stand below others,
 * two more join in what the groups add to the partial sums and to the gradients.
 */
function rowsCandidate(
  sizes: HeadSizes,
  attributes: AssembleImagesAttributes,
  block: 1 | 4,
  isTree: boolean,
): Candidate {
  const { batch, classes } = sizes;
  const count = batch * classes;
  const parts = Math.min(Math.ceil(count / 4), mostParts);
  const head = { theta: input(2), bias: input(3) };
  const [weak, strong, sums, factors] = [0, 1, 2, 3].map(temporary);
  const entries = { weakLogits: weak, strongLogits: strong, states: input(4) };
  const { labels } = attributes;
  const isTaught = labels?.taught !== false;
  const knobs = { TAUGHT: isTaught, SHAPED: labels !== undefined, WEIGHTED: isWeighted(attributes) };
  // A shader that weighs nothing looks at no weights: the bias is as good as any.
  const weighed = { ...entries, positiveWeights: input(isWeighted(attributes) ? (isTree ? 7 : 6) : 3) };
  const shape = { classes, ...labelShape(labels) };
  const groups = { ...entries, parents: input(6) };
  const groupSizes = { entries: count, classes, strongShare: attributes.strongShare };
  const ofTree = (launch: Launch): Launch[] => (isTree && isTaught ? [launch] : []);
  return {
    name: "rows",
    temporaries: [
      { shape: [batch, classes], dtype: "f32" },
      { shape: [batch, classes], dtype: "f32" },
      { shape: [5, parts], dtype: "f32" },
      { shape: [4], dtype: "f32" },
    ],
    launches: [
      headLaunch(sizes, { features: input(0), ...head, logits: weak }, block),
      headLaunch(sizes, { features: input(1), ...head, logits: strong }, block),
      {
        kernel: "assembleSums",
        knobs,
        bind: { ...weighed, sums },
        sizes: { entries: count, parts, ...switches(attributes), ...shape },
      },
      ...ofTree({ kernel: "assembleGroupSums", bind: { ...groups, sums }, sizes: { ...groupSizes, parts } }),
      {
        kernel: "assembleTotals",
        bind: { sums, weights: input(5), losses: output(1), factors },
        sizes: { batch, parts, ...modes(attributes), inverseTemperature: 1 / attributes.temperature },
      },
      {
        kernel: "assembleGradient",
        knobs,
        bind: { ...weighed, factors, gradients: output(2) },
        sizes: { entries: count, ...switches(attributes), ...shape },
      },
      ...ofTree({
        kernel: "assembleGroupGradient",
        bind: { ...groups, factors, gradients: output(2) },
        sizes: groupSizes,
      }),
      copyTotal,
    ],
  };
}
