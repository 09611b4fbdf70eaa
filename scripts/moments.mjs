// Random numbers that a seed gives again, for proofs that strike at random moments and choose at random.

/**
 * Multiplicative congruential (Park and Miller's minimal standard).
 * @param {number} seed a whole number from 0
 * @returns {() => number} from 0 to 1, another one each time
 */
export function momentsOf(seed) {
  let state = seed + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}
