// In what steps a device's timestamps come: browsers round them, so that pages learn less of what else the machine does, and some
// devices count slowly. Found from the stamps themselves, for nothing says it.

/** Fewer moves than this may have a larger step in common by chance. */
const enoughMoves = 8;

function commonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

export class StampStep {
  #last: bigint | undefined;
  #common = 0n;
  #moves = 0;

  /** Takes the stamps of one more replay, in nanoseconds. */
  see(stamps: BigUint64Array): void {
    for (const stamp of stamps) {
      const moved = stamp - (this.#last ?? stamp);
      this.#last = stamp;
      if (moved === 0n) continue;
      this.#moves++;
      if (this.#common !== 1n) this.#common = commonDivisor(moved < 0n ? -moved : moved, this.#common);
    }
  }

  /** The greatest common divisor of the differences, in seconds; undefined before there are enough of them. */
  get seconds(): number | undefined {
    return this.#moves < enoughMoves ? undefined : Number(this.#common) / 1e9;
  }
}
