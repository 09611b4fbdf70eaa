// The reductions as rows of the registry.

import { cumulativeSum } from "./cumulative-sum.ts";
import { max, mean, sum } from "./reduce.ts";

export type { CumulativeSumAttributes } from "./cumulative-sum.ts";
export type { ReductionAttributes } from "./reduce.ts";

export const reductionOperators = { sum, mean, max, cumulativeSum } as const;
