// The gradient table: one short rule per operator, written with other operators; the rules of a room of operators stand in
// the file of its name. It is total: an operator without a row does not compile. "piecewise constant" is a gradient of zero;
// "nondifferentiable" makes the tape refuse.

import type { GradientOf, OutputsRule } from "../operators/gradient-rule.ts";
import type { AttributesOf, OperatorName } from "../operators/registry.ts";
import { attentionGradients } from "./gradients/attention-gradients.ts";
import { convolutionGradients } from "./gradients/convolution-gradients.ts";
import { denseGradients } from "./gradients/dense-gradients.ts";
import { elementwiseGradients } from "./gradients/elementwise-gradients.ts";
import { imageGradients } from "./gradients/images-gradients.ts";
import { indexGradients } from "./gradients/indices-gradients.ts";
import { lossGradients } from "./gradients/losses-gradients.ts";
import { matmulGradients } from "./gradients/matmul-gradients.ts";
import { movementGradients } from "./gradients/movement-gradients.ts";
import { normalisationGradients } from "./gradients/normalisation-gradients.ts";
import { optimiserGradients } from "./gradients/optimisers-gradients.ts";
import { poolingGradients } from "./gradients/pooling-gradients.ts";
import { randomGradients } from "./gradients/random-gradients.ts";
import { reductionGradients } from "./gradients/reduction-gradients.ts";
import { softmaxGradients } from "./gradients/softmax-gradients.ts";
import { resizingGradients } from "./gradients/resizing-gradients.ts";

type GradientTable = {
  readonly [Name in OperatorName]: GradientOf<AttributesOf<Name>> | OutputsRule<AttributesOf<Name>>;
};

export const gradients: GradientTable = {
  ...elementwiseGradients,
  ...reductionGradients,
  ...movementGradients,
  ...indexGradients,
  ...matmulGradients,
  ...convolutionGradients,
  ...poolingGradients,
  ...resizingGradients,
  ...normalisationGradients,
  ...denseGradients,
  ...softmaxGradients,
  ...attentionGradients,
  ...lossGradients,
  ...randomGradients,
  ...imageGradients,
  ...optimiserGradients,
};
