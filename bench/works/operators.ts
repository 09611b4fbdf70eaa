// Every operator work, those of the comparison with others first.

import { adam } from "@tessera-gpu/tessera/optim";
import { normal, uniform, values } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import { assemble } from "./assemble.ts";
import { attentions } from "./attention.ts";
import { convolutions } from "./convolutions.ts";
import { dense } from "./dense.ts";
import { groupedConvolutions } from "./grouped.ts";
import { images } from "./images.ts";
import { elementwise, normalisations } from "./normalisations.ts";
import { indexWorks } from "./indices.ts";
import type { OperatorWork } from "./operator-work.ts";
import { pools } from "./pools.ts";
import { resizing } from "./resizing.ts";
import { transposedConvolutions } from "./transposed-convolutions.ts";
import { products } from "./products.ts";
import { entropies, softmaxes } from "./softmaxes.ts";
import { groupNorms, rowNorms } from "./row-norms.ts";

function optimisers(): OperatorWork {
  const count = 1 << 20;
  const step = 3;
  const hyper = [1e-3, 0.9, 0.999, 1e-8, 1 / (1 - 0.9 ** step), 1 / (1 - 0.999 ** step), 0.1, 0.001];
  return {
    name: "adam",
    title: "2^20 parameters",
    bytes: 4 * 7 * count, // four read, three written
    bound: roundingBound(1, 4),
    inputs: () =>
      Promise.all([
        normal([count], 16),
        normal([count], 17, 0.1),
        uniform([count], 18, 0.001, 0.01),
        normal([count], 19, 0.1),
        Promise.resolve(values(hyper)),
      ]),
    body([parameter, first, second, gradient, rates]) {
      adam(parameter, first, second, gradient, rates);
      return [];
    },
    updates: [0, 1, 2],
    peer: { work: "adam", options: {} },
  };
}

export const operatorWorks: readonly OperatorWork[] = [
  ...products(),
  ...convolutions(),
  ...transposedConvolutions(),
  ...attentions(),
  ...groupedConvolutions(),
  ...elementwise(),
  ...normalisations(),
  ...rowNorms(),
  ...groupNorms(),
  ...pools(),
  ...softmaxes(),
  ...entropies(),
  ...resizing(),
  ...dense(),
  optimisers(),
  ...images(),
  ...indexWorks(),
  ...assemble(),
];
