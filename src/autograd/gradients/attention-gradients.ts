// The gradients of attention.

import { run } from "../../functions/run.ts";
import type { attentionOperators } from "../../operators/attention/index.ts";
import { noGradientOf, type GradientsOf } from "./gradient-parts.ts";

export const attentionGradients: GradientsOf<typeof attentionOperators> = {
  attention: ({ inputs: [q, k, v, ...mask], outputs: [y, logSums], attributes, gradient: g }) => {
    let found: ReturnType<typeof run> | undefined;
    const all = () => (found ??= run("attentionGradient", [q, k, v, y, logSums, g, ...mask], attributes));
    return [() => all()[0], () => all()[1], () => all()[2], noGradientOf("attention", "mask")];
  },
  attentionGradient: "nondifferentiable",
};
