// What a view decides by jumps, whether it is mirrored and which rectangle is erased, in whole numbers: the kernel
// (shaders/augmentImages.wgsl) and the reference come to the same decisions bit by bit.

/** A probability in units of 2^-24, the grain of the draws: a draw decides by comparison with it. */
export function chanceOf(probability: number): number {
  return Math.round(probability * 2 ** 24);
}

/** A share of an area in units of 2^-16. */
export function shareOf(share: number): number {
  return Math.round(share * 2 ** 16);
}

/**
 * Square roots of aspects between two, evenly spaced by logarithm, in units of 2^-16: `root` belongs to the smallest, and
 * step number b_7 ... b_0 (in bits) to its product with the factors of the bits that are 1.
 */
export function aspectRoots([low, high]: readonly [number, number]): { root: number; factors: number[] } {
  const step = Math.sqrt(high / low) ** (1 / 255);
  return {
    root: Math.round(Math.sqrt(low) * 2 ** 16),
    factors: [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => Math.round(step ** (2 ** bit) * 2 ** 16)),
  };
}

export interface Rectangle {
  readonly top: number;
  readonly left: number;
  /** The row under it and the column to its right. */
  readonly bottom: number;
  readonly right: number;
}

export interface ErasingLimits {
  readonly erase: number;
  readonly eraseArea: readonly [number, number];
  readonly eraseAspect: readonly [number, number];
}

/** a b / 2^16, rounded down; exact, since the product stays below 2^53. */
const scaled = (a: number, b: number): number => Math.floor((a * b) / 2 ** 16);
const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/**
 * The rectangle that an image's draws erase, undefined where they erase none.
 *
 * @param words four u32: whether and, in its last 8 bits, the aspect; area; top; left
 */
export function erasedRectangle(
  words: ArrayLike<number>,
  height: number,
  width: number,
  { erase, eraseArea, eraseAspect }: ErasingLimits,
): Rectangle | undefined {
  const [chance, area, down, across] = Array.from(words);
  if (chance >>> 8 >= chanceOf(erase)) return undefined;
  // The side of a square of the drawn area, in eighths of a pixel; then its stretch by the root of the aspect.
  const [least, most] = eraseArea.map(shareOf);
  const share = least + scaled(most - least, area >>> 16);
  const side = Math.floor(Math.sqrt(Math.floor((share * height * width) / 2 ** 10)));
  const { root: smallest, factors } = aspectRoots(eraseAspect);
  const root = factors.reduce(
    (product, factor, bit) => (((chance >>> bit) & 1) === 1 ? scaled(product, factor) : product),
    smallest,
  );
  const high = clamp((scaled(side, root) + 4) >>> 3, 1, height);
  const wide = clamp((Math.floor((side * 2 ** 16) / root) + 4) >>> 3, 1, width);
  const top = scaled(down >>> 16, height - high + 1);
  const left = scaled(across >>> 16, width - wide + 1);
  return { top, left, bottom: top + high, right: left + wide };
}
