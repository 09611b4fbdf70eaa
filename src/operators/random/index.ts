// Random numbers, from a seed that lives in a tensor.

import { randomNormal, randomUniform } from "./random.ts";

export { philox, randomNumbers, type Distribution } from "./philox.ts";
export type { RandomAttributes } from "./random.ts";

export const randomOperators = { randomUniform, randomNormal } as const;
