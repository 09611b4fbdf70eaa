// What is made of bytes has no gradient.

import type { imageOperators } from "../../operators/images/index.ts";
import type { GradientsOf } from "./gradient-parts.ts";

export const imageGradients: GradientsOf<typeof imageOperators> = {
  normaliseImages: "nondifferentiable",
  augmentImages: "nondifferentiable",
  augmentLabels: "nondifferentiable",
};
