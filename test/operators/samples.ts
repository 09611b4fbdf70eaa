// The sample table: every operator has samples, or this file does not compile.

import type { AttributesOf, OperatorName } from "../../src/operators/registry.ts";
import type { Sample } from "./sample.ts";
import { attentionSamples } from "./samples/attention.ts";
import { convolutionSamples } from "./samples/convolution.ts";
import { groupedSamples } from "./samples/grouped.ts";
import { denseSamples } from "./samples/dense.ts";
import { elementwiseSamples } from "./samples/elementwise.ts";
import { groupNormSamples } from "./samples/group-norms.ts";
import { imageSamples } from "./samples/images.ts";
import { indexSamples } from "./samples/indices.ts";
import { pixelLossSamples } from "./samples/pixel-losses.ts";
import { lossSamples } from "./samples/losses.ts";
import { matmulSamples } from "./samples/matmul.ts";
import { movementSamples } from "./samples/movement.ts";
import { normalisationSamples } from "./samples/normalisation.ts";
import { optimiserSamples } from "./samples/optimisers.ts";
import { poolingSamples } from "./samples/pooling.ts";
import { randomSamples } from "./samples/random.ts";
import { reductionSamples } from "./samples/reduction.ts";
import { softmaxSamples } from "./samples/softmax.ts";
import { rowNormSamples } from "./samples/row-norms.ts";
import { resizingSamples } from "./samples/resizing.ts";
import { unarySamples } from "./samples/unary.ts";

export const samples: { readonly [Name in OperatorName]: readonly Sample<AttributesOf<Name>>[] } = {
  ...unarySamples,
  ...elementwiseSamples,
  ...reductionSamples,
  ...movementSamples,
  ...indexSamples,
  ...matmulSamples,
  ...convolutionSamples,
  ...groupedSamples,
  ...poolingSamples,
  ...resizingSamples,
  ...normalisationSamples,
  ...rowNormSamples,
  ...groupNormSamples,
  ...denseSamples,
  ...softmaxSamples,
  ...attentionSamples,
  ...lossSamples,
  ...pixelLossSamples,
  ...randomSamples,
  ...imageSamples,
  ...optimiserSamples,
};
