// What the dense operators ask of channel counts: their kernels read channels four at a time.

import { ShapeError } from "../../errors/errors.ts";

/** Whether the kernels can take these channel counts. */
export const areVec4Channels = (...counts: readonly number[]): boolean =>
  counts.every((count) => count % 4 === 0);

/** @throws ShapeError naming the operator and a count that is no multiple of four */
export function expectFours(operator: string, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) {
    if (areVec4Channels(count)) continue;
    throw new ShapeError(
      `${operator}: ${name} must be a multiple of four, got ${count}; compose it from batchNorm, relu, conv2d, ` +
        `concat and pooling instead, which take any number of channels`,
    );
  }
}
