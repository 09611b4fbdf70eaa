// The standard normal distribution function in float64, for the references of gelu and normalCdf.

/**
 * Phi(x) = erfc(-x / sqrt 2) / 2, to about 1e-15: the alternating-free series of erf below 3 standard deviations,
 * Lentz's continued fraction of erfc beyond (Abramowitz and Stegun 7.1.6 and 7.1.14).
 */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  let upper: number;
  if (z < 2.2) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 80; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      sum += term;
    }
    upper = 0.5 - (sum * Math.exp(-z * z)) / Math.sqrt(Math.PI);
  } else {
    let fraction = 0;
    for (let n = 80; n >= 1; n--) fraction = n / 2 / (z + fraction);
    upper = (0.5 * Math.exp(-z * z)) / (Math.sqrt(Math.PI) * (z + fraction));
  }
  return x >= 0 ? 1 - upper : upper;
}
