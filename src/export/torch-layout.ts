// Filters as PyTorch and ONNX lay them out.

import type { HeldTensor } from "../tensor/held.ts";

/**
 * A filter [R, S, C, K] as [K, C, R, S]; that of a transposed convolution [R, S, outputs, inputs] as [inputs, outputs, R, S].
 * In float32, whatever it was.
 */
export function channelsFirst({ shape, data }: HeldTensor): HeldTensor {
  const [height, width, inner, outer] = shape;
  const turned = new Float32Array(data.length);
  let at = 0;
  for (let k = 0; k < outer; k++) {
    for (let c = 0; c < inner; c++) {
      for (let tap = 0; tap < height * width; tap++) turned[at++] = data[(tap * inner + c) * outer + k];
    }
  }
  return { shape: [outer, inner, height, width], data: turned };
}
