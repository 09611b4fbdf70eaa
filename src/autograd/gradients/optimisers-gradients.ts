// What overwrites parameters has no gradient.

import type { optimiserOperators } from "../../operators/optimisers/index.ts";
import type { GradientsOf } from "./gradient-parts.ts";

export const optimiserGradients: GradientsOf<typeof optimiserOperators> = {
  adam: "nondifferentiable",
  sgd: "nondifferentiable",
  clipFactor: "nondifferentiable",
};
