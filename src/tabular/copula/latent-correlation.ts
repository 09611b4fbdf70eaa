// Correlations of the latent normal variables, from those of the scores that are seen: scores are step functions of the latents,
// so what is seen is weaker than what lies behind it.

import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";
import { normalDensity } from "./normal-tails.ts";
import type { CodeCuts } from "./code-cuts.ts";

/** Terms of the series. At a correlation of .98 the next one has a weight of 4e-5. */
const terms = 500;
/** Beyond this the series is cut too short, and the matrix all but singular. */
const strongest = 0.9995;
/** Of the correlation matrix. */
const leastEigenvalue = 1e-4;

/**
 * A column's step function s(g) = d_k as a series of normalised Hermite polynomials, divided by its standard deviation:
 *
 *     c_p = 1 / sqrt(p) * sum over k of d_k (h_{p-1}(a_k) phi(a_k) - h_{p-1}(a_{k+1}) phi(a_{k+1})),    h_p = He_p / sqrt(p!)
 *
 * from the integral of He_p phi, which is -He_{p-1} phi. The constant term is the mean, which is 0.
 *
 * @param scores [K], by code
 * @returns [terms], for p = 1, 2, ...; zeros for a column of one code
 */
export function hermiteSeries(
  { codeAt, cuts }: CodeCuts,
  scores: Float64Array,
  shares: Float64Array,
): Float64Array {
  const series = new Float64Array(terms);
  const variance = shares.reduce((sum, share, code) => sum + share * scores[code] ** 2, 0);
  if (variance === 0) return series;
  const scale = 1 / Math.sqrt(variance);
  for (let position = 1; position < codeAt.length; position++) {
    const cut = cuts[position];
    const step = (scores[codeAt[position]] - scores[codeAt[position - 1]]) * normalDensity(cut) * scale;
    let before = 0;
    let polynomial = 1;
    for (let p = 1; p <= terms; p++) {
      series[p - 1] += (step * polynomial) / Math.sqrt(p);
      const next = (cut * polynomial - Math.sqrt(p - 1) * before) / Math.sqrt(p);
      before = polynomial;
      polynomial = next;
    }
  }
  return series;
}

/**
 * The correlation of two columns' scores where their latents have correlation rho: the sum over p of rho^p c_p(i) c_p(j).
 *
 * Source: Mehler (1866), the bivariate normal density in Hermite polynomials; used in this way by Cario and Nelson, "Modeling and
 * generating random vectors with arbitrary marginal distributions and correlation matrix" (1997).
 */
export function scoreCorrelation(rho: number, one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let p = terms - 1; p >= 0; p--) sum = (sum + one[p] * other[p]) * rho; // Horner's rule
  return sum;
}

/**
 * The rho at which two columns' scores have a correlation: found by halving, since scores ascend with the latent and so their
 * correlation with rho. Out of reach: the strongest on that side.
 */
export function latentCorrelation(seen: number, one: Float64Array, other: Float64Array): number {
  let low = -strongest;
  let high = strongest;
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (scoreCorrelation(middle, one, other) < seen) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The same matrix where it is positive definite enough, else with small and negative eigenvalues raised and its diagonal made 1
 * again.
 *
 * @param matrix symmetric, with ones on the diagonal
 * @returns the very same matrix where nothing is to be done
 */
export function positiveDefinite(matrix: Matrix): Matrix {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  if (realEigenvalues.every((value) => value >= leastEigenvalue)) return matrix;
  const raised = Matrix.diag(realEigenvalues.map((value) => Math.max(value, leastEigenvalue)));
  const product = eigenvectorMatrix.mmul(raised).mmul(eigenvectorMatrix.transpose());
  const scales = product.diagonal().map((value) => 1 / Math.sqrt(value));
  return correlationMatrix(scales.length, (i, j) => product.get(i, j) * scales[i] * scales[j]);
}

/** Symmetric to the last bit, with ones on the diagonal. @param entry asked for j < i only */
export function correlationMatrix(size: number, entry: (i: number, j: number) => number): Matrix {
  const matrix = Matrix.eye(size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const value = entry(i, j);
      matrix.set(i, j, value);
      matrix.set(j, i, value);
    }
  }
  return matrix;
}

/** Whether random variables can correlate in this way, and none follows from the others. @param matrix symmetric */
export const canBeCorrelations = (matrix: Matrix): boolean =>
  new CholeskyDecomposition(matrix).isPositiveDefinite();
