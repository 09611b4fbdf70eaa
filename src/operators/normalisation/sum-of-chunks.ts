// The last launch of a sum that was split over chunks: adds up their partial sums, in order.

import type { Launch, Slot } from "../operator.ts";

/** sum[c] = sum over the chunks p of parts[p * every, c]. */
export function sumOfChunks(parts: Slot, sum: Slot, chunks: number, channels: number, every = 1): Launch {
  return {
    kernel: "reduce",
    knobs: { OPERATION: "sum" },
    bind: { x: parts, y: sum },
    sizes: {
      outputs: channels,
      chunks: 1,
      length: chunks,
      chunkStride: chunks,
      elementStride: 1,
      block: 64,
      factor: 1,
      keptExtents: [channels, 1, 1, 1],
      keptStrides: [1, 0, 0, 0],
      reducedExtents: [chunks, 1, 1, 1],
      reducedStrides: [channels * every, 0, 0, 0],
    },
  };
}
