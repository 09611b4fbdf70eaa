// The products of matrices as rows of the registry.

import { linear } from "./linear.ts";
import { matmul } from "./matmul.ts";

export type { LinearAttributes } from "./linear.ts";
export type { MatmulAttributes } from "./product.ts";

export const matmulOperators = { matmul, linear } as const;
