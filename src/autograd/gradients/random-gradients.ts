// Random numbers have no gradient; dropout has that of the numbers it keeps.

import { runOne } from "../../functions/run.ts";
import type { randomOperators } from "../../operators/random/index.ts";
import { noGradientOf, type GradientsOf } from "./gradient-parts.ts";

export const randomGradients: GradientsOf<typeof randomOperators> = {
  randomUniform: "nondifferentiable",
  randomNormal: "nondifferentiable",
  // The same seed draws the same words.
  dropout: ({ inputs: [, seed], attributes, gradient: g }) => [
    () => runOne("dropout", [g, seed], attributes),
    noGradientOf("dropout", "seeds"),
  ],
  nextSeed: "nondifferentiable",
};
