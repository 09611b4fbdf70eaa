// Scaled dot-product attention (Vaswani et al., 2017).

import { input, output, type Candidate, type Operator } from "../operator.ts";
import { attend } from "./attention-reference.ts";
import { composedAttention, maskOf, scoreSizes } from "./composed.ts";
import { attentionExtents, type AttentionAttributes, type AttentionExtents } from "./attention-extents.ts";

/**
 * Inputs q [..., T, u], k [..., S, u], v [..., S, w] and perhaps a mask that broadcasts to [..., T, S]; outputs
 * y [..., T, w] = softmax(scale q k' + mask) v and the log-sum-exp of each row's scores, [..., T], from which the gradient
 * computes the weights again. A key whose mask is -Infinity, or that comes after the row where the attention is causal, is
 * left out, and so is one whose score is -Infinity; a row that has no other key is 0, and the largest number of f32 stands for
 * its log-sum-exp.
 */
export const attention: Operator<AttentionAttributes> = {
  name: "attention",
  infer(inputs, attributes) {
    const { valueWidth } = attentionExtents("attention", inputs, attributes);
    const rows = inputs[0].shape.slice(0, -1);
    return [
      { shape: [...rows, valueWidth], dtype: "f32" },
      { shape: rows, dtype: "f32" },
    ];
  },
  reference(inputs, [y, logSums], attributes) {
    const [q, k, v, mask] = inputs.map(({ data }) => data);
    attend(
      attentionExtents("attention", inputs, attributes),
      attributes,
      { q, k, v, mask },
      y.data,
      logSums.data,
    );
  },
  candidates(inputs, attributes, adapter) {
    const extents = attentionExtents("attention", inputs, attributes);
    const composed = composedAttention(extents, attributes, adapter);
    const fused = fusedAttention(extents, attributes);
    // lavapipe, 2 cores, 2026: the products with stored scores are faster, for a barrier costs more than loads.
    return adapter.isSoftware ? [fused, composed] : [composed, fused];
  },
};

/** One launch, with the scores of a tile of rows in workgroup memory. */
function fusedAttention(extents: AttentionExtents, attributes: AttentionAttributes): Candidate {
  const { width, valueWidth, mask } = extents;
  return {
    name: "fused",
    launches: [
      {
        kernel: "attentionFused",
        knobs: { MASKED: mask !== undefined },
        bind: {
          ...{ q: input(0), k: input(1), v: input(2), mask: maskOf(extents, 3) },
          ...{ y: output(0), logSums: output(1) },
        },
        sizes: { ...scoreSizes(extents, attributes), width, valueWidth },
      },
    ],
  };
}
