// The standard normal distribution function and the error function in float64, for the references.

/**
 * erf(z) and erfc(z) of z >= 0, to about 1e-15 each: the series of erf without alternating signs below 2.2, Lentz's continued
 * fraction of erfc beyond (Abramowitz and Stegun 7.1.6 and 7.1.14).
 */
function errorFunctions(z: number): { readonly erf: number; readonly erfc: number } {
  if (z < 2.2) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 80; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      sum += term;
    }
    const erf = (2 * sum * Math.exp(-z * z)) / Math.sqrt(Math.PI);
    return { erf, erfc: 1 - erf };
  }
  let fraction = 0;
  for (let n = 80; n >= 1; n--) fraction = n / 2 / (z + fraction);
  const erfc = Math.exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction));
  return { erf: 1 - erfc, erfc };
}

/** Phi(x) = erfc(-x / sqrt 2) / 2. */
export function normalCdf(x: number): number {
  const upper = errorFunctions(Math.abs(x) / Math.SQRT2).erfc / 2;
  return x >= 0 ? 1 - upper : upper;
}

/** 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export function erf(x: number): number {
  return Math.sign(x) * errorFunctions(Math.abs(x)).erf;
}
