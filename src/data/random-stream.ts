// Counter-based random numbers for data: draw i of a named stream depends on the names alone, never on other draws.
import { described } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";

/** A stream of random numbers; two streams with the same seed and coordinates give the same numbers. */
export interface Random {
  /** 32 random bits as an unsigned integer. */
  readonly bits: () => number;
  /** Uniform in [0, 1), in steps of 2^-32. */
  readonly uniform: () => number;
  /** Uniform in [low, high). */
  readonly between: (low: number, high: number) => number;
  /** Standard normal (Box-Muller). */
  readonly normal: () => number;
  /** Uniform integer in [0, bound), without modulo bias; bound at most 2^32. */
  readonly below: (bound: number) => number;
}

/**
 * Opens the stream of a seed and any coordinates, e.g. `randomStream(seed, "phantom", "A", 17, "nodule")`.
 *
 * @param seed a whole number in [0, 2^53)
 * @throws UsageError for another seed
 */
export function randomStream(seed: number, ...coordinates: readonly (number | string)[]): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new UsageError(
      `randomStream: a random seed is a whole number from 0 to 2^53 - 1, not ${described(seed)}`,
    );
  }
  const odd = coordinates.findIndex((each) => typeof each !== "string" && typeof each !== "number");
  if (odd >= 0) {
    throw new UsageError(
      `randomStream: coordinates are numbers and strings, not ${described(coordinates[odd])}`,
    );
  }
  // Two keys from differently started chains: 64 bits, so that distinct coordinates practically never share a stream.
  let first = absorb(0x243f6a88, seed);
  let second = absorb(0x85a308d3, seed);
  for (const coordinate of coordinates) {
    first = absorb(first, coordinate);
    second = absorb(second, coordinate);
  }
  let counter = 0;
  let spare: number | undefined; // Box-Muller makes two normals at a time

  const bits = (): number => scramble((scramble((counter++ ^ first) | 0) + second) | 0) >>> 0;
  const uniform = (): number => bits() * 2 ** -32;
  return {
    bits,
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    normal: () => {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform())); // 1 - u is in (0, 1]: never log 0
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    below: (bound) => {
      const limit = 2 ** 32 - (2 ** 32 % bound); // values at or over it would favour small remainders
      let value = bits();
      while (value >= limit) value = bits();
      return value % bound;
    },
  };
}

/** A bijection of 32-bit words that spreads every input bit (multiply and shift constants: C. Wellons' lowbias32). */
function scramble(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x7feb352d);
  word = Math.imul(word ^ (word >>> 15), 0x846ca68b);
  return word ^ (word >>> 16);
}

/** Mixes one coordinate into a key. A string is absorbed by its characters and its length. */
function absorb(key: number, coordinate: number | string): number {
  if (typeof coordinate === "string") {
    for (let i = 0; i < coordinate.length; i++) key = scramble((key * 31 + coordinate.charCodeAt(i)) | 0);
    return scramble((key ^ Math.imul(coordinate.length + 1, 0x9e3779b1)) | 0);
  }
  const low = coordinate | 0; // the low 32 bits
  const high = Math.floor(coordinate / 2 ** 32) | 0;
  return scramble((scramble((key ^ low) | 0) + high + 0x9e3779b9) | 0);
}
