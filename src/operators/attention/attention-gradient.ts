// The gradients of attention.

import type { Operator } from "../operator.ts";
import { expectRoles } from "../roles.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { attendBackward } from "./attention-reference.ts";
import { composedGradient } from "./composed.ts";
import { attentionExtents, type AttentionAttributes, type AttentionExtents } from "./attention-extents.ts";

const name = "attentionGradient";

function extentsOf(inputs: readonly TensorSpec[], attributes: AttentionAttributes): AttentionExtents {
  const [q, , v] = inputs as readonly (TensorSpec | undefined)[];
  const masks = inputs.slice(6);
  const rows = q?.shape.slice(0, -1) ?? [];
  const shape = [...rows, v?.shape.at(-1) ?? 0];
  expectRoles(name, inputs, [
    ...["q", "k", "v"].map((role) => ({ role })),
    ...[
      { role: "y", shape },
      { role: "logSums", shape: rows },
      { role: "dy", shape },
    ],
    ...masks.slice(0, 1).map(() => ({ role: "mask" })),
  ]);
  return attentionExtents(name, [inputs[0], inputs[1], inputs[2], ...masks], attributes);
}

/**
 * Inputs q, k, v, then y and the log-sum-exps as attention gave them, dy, and the mask where there was one; outputs dq, dk
 * and dv. With p = exp(scale q k' + mask - logSums) and g = dy v' - rowsum(dy y), row by row:
 * dq = scale (p g) k, dk = scale (p g)' q, dv = p' dy (Dao et al., FlashAttention, 2022).
 */
export const attentionGradient: Operator<AttentionAttributes> = {
  name,
  infer(inputs, attributes) {
    extentsOf(inputs, attributes);
    return inputs.slice(0, 3).map(({ shape }) => ({ shape, dtype: "f32" }));
  },
  reference(inputs, outputs, attributes) {
    const [q, k, v, y, logSums, dy, mask] = inputs.map(({ data }) => data);
    attendBackward(
      extentsOf(inputs, attributes),
      attributes,
      { q, k, v, mask, y, logSums, dy },
      outputs.map(({ data }) => data),
    );
  },
  candidates(inputs, attributes, adapter) {
    const extents = extentsOf(inputs, attributes);
    return [composedGradient(extents, attributes, adapter)];
  },
};
