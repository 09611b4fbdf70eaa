// Random numbers and dropout, from a seed that lives in a tensor.

import { dropout, nextSeed } from "./dropout.ts";
import { randomNormal, randomUniform } from "./random.ts";

export { philox, randomNumbers, type Distribution } from "./philox.ts";
export type { DropoutAttributes } from "./dropout.ts";
export type { RandomAttributes } from "./random.ts";

export const randomOperators = { randomUniform, randomNormal, dropout, nextSeed } as const;
