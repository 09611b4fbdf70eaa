// Philox4x32-10, the counter-based generator behind every random number that is drawn, on the host and in kernels.

import type { Choice } from "../../kernels/built-in-kernels.ts";

/** Multiplies two words; the high word of the 64-bit product (Math.imul gives the low one). */
function highProduct(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const left = aHigh * bLow;
  const right = aLow * bHigh;
  const middle = ((aLow * bLow) >>> 16) + (left & 0xffff) + (right & 0xffff);
  return (aHigh * bHigh + (left >>> 16) + (right >>> 16) + (middle >>> 16)) >>> 0;
}

/**
 * Ten rounds of Philox4x32 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011).
 *
 * @param words four u32: the counter on entry, four random words on return
 * @param key0 first word of the key
 * @param key1 second word of the key
 */
export function philox(words: Uint32Array, key0: number, key1: number): void {
  let [c0, c1, c2, c3] = words;
  let [k0, k1] = [key0 >>> 0, key1 >>> 0];
  for (let round = 0; round < 10; round++) {
    const evenHigh = highProduct(0xd2511f53, c0);
    const evenLow = Math.imul(0xd2511f53, c0);
    const oddHigh = highProduct(0xcd9e8d57, c2);
    const oddLow = Math.imul(0xcd9e8d57, c2);
    c0 = (oddHigh ^ c1 ^ k0) >>> 0;
    c1 = oddLow >>> 0;
    c2 = (evenHigh ^ c3 ^ k1) >>> 0;
    c3 = evenLow >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/** As shaders/random.wgsl names them. */
export type Distribution = Choice<"random", "DISTRIBUTION">;

/**
 * Numbers drawn on the host: those that the kernel random.wgsl draws, up to rounding (uniform ones exactly).
 *
 * The numbers 4 i .. 4 i + 3 come from Philox4x32-10 with counter (i, stream, seed[2], seed[3]) and key (seed[0],
 * seed[1]). Uniform ones are the top 24 bits, in [0, 1); normal ones are made from pairs by Box and Muller's formula.
 *
 * @param count how many
 * @param seed four u32
 * @param stream u32 that tells apart the draws sharing a seed
 */
export function randomNumbers(
  distribution: Distribution,
  count: number,
  seed: ArrayLike<number>,
  stream: number,
): Float64Array {
  const numbers = new Float64Array(count);
  const words = new Uint32Array(4);
  const four = new Float64Array(4);
  for (let first = 0; first < count; first += 4) {
    words[0] = first / 4;
    words[1] = stream;
    words[2] = seed[2];
    words[3] = seed[3];
    philox(words, seed[0], seed[1]);
    for (let i = 0; i < 4; i++) four[i] = (words[i] >>> 8) / 2 ** 24;
    if (distribution === "normal") {
      toNormal(four, 0);
      toNormal(four, 2);
    }
    for (let i = 0; i < 4 && first + i < count; i++) numbers[first + i] = four[i];
  }
  return numbers;
}

/** Two uniform numbers become two normal ones; the first is moved from [0, 1) to (0, 1], under a logarithm. */
export function toNormal(numbers: Float64Array, at: number): void {
  const radius = Math.sqrt(-2 * Math.log(numbers[at] + 2 ** -24));
  const angle = 2 * Math.PI * numbers[at + 1];
  numbers[at] = radius * Math.cos(angle);
  numbers[at + 1] = radius * Math.sin(angle);
}
