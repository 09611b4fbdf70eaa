// numpy.random.RandomState(seed).permutation(n), by which the descriptions' published baseline chose the titles it looks for.

/** Numbers u32 of MT19937 (Matsumoto and Nishimura 1998), seeded by Knuth's recurrence as numpy does with one number. */
function mersenneTwister(seed) {
  const [size, middle] = [624, 397];
  const state = new Uint32Array(size);
  state[0] = seed;
  for (let i = 1; i < size; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = size;
  const twist = () => {
    for (let i = 0; i < size; i++) {
      const both = (state[i] & 0x80000000) | (state[(i + 1) % size] & 0x7fffffff);
      state[i] = state[(i + middle) % size] ^ (both >>> 1) ^ (both & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  };
  return () => {
    if (at === size) twist();
    let value = state[at++];
    value ^= value >>> 11;
    value ^= (value << 7) & 0x9d2c5680;
    value ^= (value << 15) & 0xefc60000;
    return (value ^ (value >>> 18)) >>> 0;
  };
}

/**
 * @param {number} seed
 * @param {number} n
 * @returns {number[]} 0 to n - 1 in that order
 */
export function numpyPermutation(seed, n) {
  const next = mersenneTwister(seed);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    // The least mask of ones that covers i; what is above i is drawn again.
    const mask = 2 ** (32 - Math.clz32(i)) - 1;
    let j;
    do j = (next() & mask) >>> 0;
    while (j > i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
