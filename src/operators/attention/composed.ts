// Attention as products of matrices with the weights between them stored, and its gradients in the same way: the form
// that works on every adapter.

import type { AdapterTraits } from "../../device/traits.ts";
import { compose, preferred, type Step } from "../compose.ts";
import { productCandidates, productOf } from "../matmul/product.ts";
import { input, output, temporary, type Candidate, type Launch, type Slot } from "../operator.ts";
import type { UniformValues } from "../../kernels/source.ts";
import type { Shape } from "../../tensor/shape.ts";
import { noMask, type AttentionAttributes, type AttentionExtents } from "./attention-extents.ts";

/** The uniforms that the kernels with scores share. */
export function scoreSizes(extents: AttentionExtents, { scale, causal }: AttentionAttributes): UniformValues {
  const { batch, rows, columns, mask = noMask } = extents;
  return { batch, rows, columns, scale, causal: causal ? 1 : 0, ...mask };
}

/** Knobs and uniforms of a kernel that goes through the stored scores, four keys at a time where that fits. */
function scoresInElements(
  extents: AttentionExtents,
  attributes: AttentionAttributes,
  valueWidth?: number,
): Pick<Launch, "knobs" | "sizes"> {
  const { columns, mask } = extents;
  const { maskOuterStride, maskInnerStride, maskRowStride, maskColumnStride } = mask ?? noMask;
  const strides = { maskOuterStride, maskInnerStride, maskRowStride };
  const inVectors =
    !attributes.causal &&
    (mask === undefined || maskColumnStride === 1) &&
    [columns, valueWidth ?? 0, ...Object.values(strides)].every((extent) => extent % 4 === 0);
  const lanes = inVectors ? 4 : 1;
  const inElements = Object.entries({ columns, ...strides, ...(valueWidth !== undefined && { valueWidth }) });
  return {
    knobs: { Element: inVectors ? "vec4f" : "f32", MASKED: mask !== undefined },
    sizes: {
      ...scoreSizes(extents, attributes),
      ...Object.fromEntries(inElements.map(([name, extent]) => [name, extent / lanes])),
      laneShare: lanes / 4,
    },
  };
}

interface Operand {
  readonly slot: Slot;
  readonly shape: Shape;
  readonly transposed?: boolean;
}

function times(a: Operand, b: Operand, c: Slot, adapter: AdapterTraits): Step {
  const { transposed: transposeA = false } = a;
  const { transposed: transposeB = false } = b;
  const slots = { a: input(0), b: input(1), c: output(0) };
  const { product } = productOf("attention", a.shape, b.shape, { transposeA, transposeB });
  return {
    candidate: preferred(productCandidates(product, slots, adapter)),
    inputs: [a.slot, b.slot],
    outputs: [c],
  };
}

/** Where there is no mask, its binding is not read: k serves, which is as large as a vector where keys are taken in fours. */
export const maskOf = ({ mask }: AttentionExtents, at: number): Slot =>
  mask === undefined ? input(1) : input(at);

export function composedAttention(
  extents: AttentionExtents,
  attributes: AttentionAttributes,
  adapter: AdapterTraits,
): Candidate {
  const { batch, rows, columns, width, valueWidth } = extents;
  const scores: Operand = { slot: temporary(0), shape: [batch, rows, columns] };
  const weights: Candidate = {
    name: "weights",
    launches: [
      {
        kernel: "attentionWeights",
        ...scoresInElements(extents, attributes),
        bind: { mask: input(0), scores: output(0), logSums: output(1) },
      },
    ],
  };
  const q = { slot: input(0), shape: [batch, rows, width] };
  const k = { slot: input(1), shape: [batch, columns, width], transposed: true };
  const v = { slot: input(2), shape: [batch, columns, valueWidth] };
  return compose(
    "composed",
    [{ shape: scores.shape, dtype: "f32" }],
    [
      times(q, k, scores.slot, adapter),
      { candidate: weights, inputs: [maskOf(extents, 3)], outputs: [scores.slot, output(1)] },
      times(scores, v, output(0), adapter),
    ],
  );
}

export function composedGradient(
  extents: AttentionExtents,
  attributes: AttentionAttributes,
  adapter: AdapterTraits,
): Candidate {
  const { batch, rows, columns, width, valueWidth } = extents;
  const scores: Operand = { slot: temporary(0), shape: [batch, rows, columns] };
  const slopes: Operand = { slot: temporary(1), shape: [batch, rows, columns] };
  const both: Candidate = {
    name: "slopes",
    launches: [
      {
        kernel: "attentionSlopes",
        ...scoresInElements(extents, attributes, valueWidth),
        bind: {
          ...{ y: input(0), logSums: input(1), dy: input(2), mask: input(3) },
          ...{ scores: output(0), slopes: output(1) },
        },
      },
    ],
  };
  const q = { slot: input(0), shape: [batch, rows, width] };
  const k = { slot: input(1), shape: [batch, columns, width] };
  const v = { slot: input(2), shape: [batch, columns, valueWidth] };
  const dy = { slot: input(5), shape: [batch, rows, valueWidth] };
  const transposed = (operand: Operand): Operand => ({ ...operand, transposed: true });
  const stored = { shape: scores.shape, dtype: "f32" } as const;
  return compose(
    "composed",
    [stored, stored],
    [
      times(q, transposed(k), scores.slot, adapter),
      times(dy, transposed(v), slopes.slot, adapter),
      {
        candidate: both,
        inputs: [input(3), input(4), dy.slot, maskOf(extents, 6)],
        outputs: [scores.slot, slopes.slot],
      },
      times(slopes, k, output(0), adapter),
      times(transposed(slopes), q, output(1), adapter),
      times(transposed(scores), dy, output(2), adapter),
    ],
  );
}
