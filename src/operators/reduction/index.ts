// The reductions as rows of the registry.

import { max, mean, sum } from "./reduce.ts";

export type { ReductionAttributes } from "./reduce.ts";

export const reductionOperators = { sum, mean, max } as const;
