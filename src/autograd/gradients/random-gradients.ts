// Random numbers have no gradient.

import type { randomOperators } from "../../operators/random/index.ts";
import type { GradientsOf } from "./gradient-parts.ts";

export const randomGradients: GradientsOf<typeof randomOperators> = {
  randomUniform: "nondifferentiable",
  randomNormal: "nondifferentiable",
};
