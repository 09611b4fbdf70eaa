// What gradients are multiplied with so that their norm stays within a limit.

import { input, output, temporary, type Operator } from "../operator.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { expectAttribute, expectRoles } from "../roles.ts";
import { byElement } from "../strided-iteration.ts";

export interface ClipFactorAttributes {
  /** The largest norm that is left as it is. */
  readonly most: number;
}

// Enough invocations to fill a large GPU; each part is then read again by a single workgroup. Reasoned, not measured.
const mostParts = 16384;
const shortestPart = 64;

/**
 * Inputs gradient, of any shape, and norm [], which is overwritten with the gradient's Euclidean norm. Output factor [] =
 * min(1, most / (norm + 1e-6)), as torch's clip_grad_norm_ has it. Where the norm is no finite number in the precision of the
 * backend, norm and factor are NaN: an infinite gradient must not end as a factor of 0, which would hide it.
 */
export const clipFactor: Operator<ClipFactorAttributes> = {
  name: "clipFactor",
  updates: [1],
  infer(inputs, { most }) {
    expectRoles("clipFactor", inputs, [{ role: "gradient" }, { role: "norm", shape: [] }]);
    expectAttribute("clipFactor", "most", most, Number.isFinite(most) && most > 0, "a number above 0");
    return [{ shape: [], dtype: "f32" }];
  },
  reference([gradient, norm], [factor], { most }) {
    let sum = 0;
    for (const slope of gradient.data) sum += slope * slope;
    const length = Math.sqrt(sum);
    norm.data[0] = Number.isFinite(length) ? length : NaN;
    factor.data[0] = Number.isFinite(length) ? Math.min(1, most / (length + 1e-6)) : NaN;
  },
  candidates([gradient], { most }) {
    return byElement(sizeOf(gradient.shape), (name, Element, count) => {
      const parts = Math.min(mostParts, Math.ceil(count / shortestPart));
      const numbers = Element === "vec4f" ? 4 * parts : parts;
      return {
        name,
        temporaries: [{ shape: [numbers], dtype: "f32" }],
        launches: [
          {
            kernel: "sumOfSquares",
            knobs: { Element },
            bind: { x: input(0), parts: temporary(0) },
            sizes: { count, parts },
          },
          {
            kernel: "clipFactor",
            bind: { parts: temporary(0), norm: input(1), factor: output(0) },
            sizes: { count: numbers, most },
          },
        ],
      };
    });
  },
};
