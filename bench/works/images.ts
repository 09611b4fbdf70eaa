// Works on images and random numbers.

import { augmentImages, dropout, randomNormal } from "@tessera-gpu/tessera";
import { bytes, normal, seed } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

export function images(): OperatorWork[] {
  const shape = [32, 64, 64, 1];
  return [
    {
      name: "augment-images",
      title: "[32, 64, 64, 1]",
      bytes: (1 + 4) * 32 * 64 * 64,
      bound: roundingBound(64, 64), // positions of up to 64 pixels, and sine and cosine, decide the weights
      inputs: async () => [await bytes(shape, 20), seed],
      body: ([pictures, words]) => [
        augmentImages(pictures, words, {
          mean: [0.5],
          deviation: [0.25],
          shift: 4,
          rotation: 10,
          scale: 0.1,
          flip: 0.5,
          brightness: 0.1,
          contrast: 0.1,
          noise: 5,
        }),
      ],
      absent: "gpu.js: nobody has written this in it yet",
    },
    {
      name: "random-normal",
      title: "2^20 numbers",
      bytes: 4 * (1 << 20),
      bound: roundingBound(1, 64), // cosine and logarithm
      inputs: () => Promise.resolve([seed]),
      body: ([words]) => [randomNormal(words, [1 << 20])],
      absent: "gpu.js: has no 32-bit integer product, which Philox is made of",
    },
    {
      name: "dropout",
      title: "2^20 numbers",
      bytes: 4 * 2 * (1 << 20),
      bound: roundingBound(1),
      inputs: async () => [await normal([1 << 20], 21), seed],
      body: ([x, words]) => [dropout(x, words)],
      absent: "gpu.js: has no 32-bit integer product, and others draw other numbers",
    },
  ];
}
