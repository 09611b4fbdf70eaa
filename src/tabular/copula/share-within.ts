// How frequent rows are that fulfil conditions, by a copula: the share of a normal distribution that lies within intervals.

import { CholeskyDecomposition, type Matrix } from "ml-matrix";
import { randomStream } from "../../data/random-stream.ts";
import { LatentDraw, type CodeCuts } from "./code-cuts.ts";

const draws = 1000;

/**
 * Draws each latent within its codes given those before it; the mean of the products of the shares that were left is the share of
 * all, with little noise however small it is. The same numbers each time.
 *
 * Source: the simulator of Geweke, Hajivassiliou and Keane (1991).
 *
 * @param given by column, [K], 1 where a code is meant
 */
export function shareWithin(
  cuts: readonly CodeCuts[],
  correlations: Matrix,
  given: ReadonlyMap<number, Uint8Array>,
): number {
  const columns = [...given];
  if (columns.length === 0) return 1;
  const places = columns.map(([column]) => column);
  const factor = new CholeskyDecomposition(
    correlations.selection(places, places),
  ).lowerTriangularMatrix.to2DArray();
  const random = randomStream(0, "share within");
  const draw = new LatentDraw();
  let total = 0;
  for (let at = 0; at < draws; at++) {
    const parts: number[] = [];
    let logShare = 0;
    for (const [place, [column, allowed]] of columns.entries()) {
      const mean = parts.reduce((sum, part, before) => sum + part * factor[place][before], 0);
      const scale = factor[place][place];
      logShare += draw.logShare(cuts[column], mean, scale, allowed);
      if (!draw.draw(cuts[column], mean, scale, random, allowed)) return 0;
      parts.push((draw.latent - mean) / scale);
    }
    total += Math.exp(logShare);
  }
  return total / draws;
}
