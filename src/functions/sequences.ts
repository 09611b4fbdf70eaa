// Functions of sequences, for users: attention.

import { aFlag, anything, aNumber, expectOptions, type OptionChecks } from "../errors/arguments.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { isBroadcast, leadingStrides } from "../operators/attention/attention-extents.ts";
import { Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./movement.ts";
import { run } from "./run.ts";

/** The options of `attention`. */
export interface AttentionOptions {
  /** Added to the scores: broadcasts to [..., T, S], as [B, 1, 1, S] or [T, S] do; -Infinity leaves a key out. */
  readonly mask?: Tensor;
  /** What the scores are multiplied with before the mask is added. Default 1 / sqrt(u). */
  readonly scale?: number;
  /** Whether row t sees keys 0 to t alone. Default false. */
  readonly causal?: boolean;
}

const attentionOptions: OptionChecks<AttentionOptions> = { mask: anything, scale: aNumber, causal: aFlag };

/**
 * Scaled dot-product attention, softmax(scale q k' + mask) v (Vaswani et al., Attention is all you need, 2017, Eq. 1).
 * A row whose keys are all left out is 0.
 *
 * @param q f32 [..., T, u]
 * @param k f32 [..., S, u], with the leading axes of q
 * @param v f32 [..., S, w], with the leading axes of q
 * @param options a mask, the scale, and whether rows see only keys up to their own
 * @returns f32 [..., T, w]; gradients reach q, k and v, and are refused for the mask: where that is learned, compose
 *   `matmul` and `softmax`
 * @throws ShapeError when the shapes do not fit
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  expectOptions("attention", options, attentionOptions);
  const { mask, causal = false } = options;
  [q, k, v].forEach((each, i) => {
    expectTensor("attention", i, 3, each);
  });
  const scale = options.scale ?? 1 / Math.sqrt(q.shape.at(-1) ?? 1);
  const inputs = mask === undefined ? [q, k, v] : [q, k, v, spread(mask, q, k)];
  const [y, logSums] = run("attention", inputs, { scale, causal });
  logSums.dispose(); // the tape keeps it where there is one
  return y;
}

/** The mask, or its copy along the leading axes where the kernels have too few strides to repeat it. */
function spread(mask: Tensor, q: Tensor, k: Tensor): Tensor {
  const leads = q.shape.slice(0, -2);
  const fits =
    mask instanceof Tensor && isBroadcast(mask.shape, [...leads, q.shape.at(-2) ?? 1, k.shape.at(-2) ?? 1]);
  if (!fits || leadingStrides(leads, mask.shape) !== undefined) return mask;
  return broadcastTo(mask, [...leads, ...mask.shape.slice(-2)]);
}
