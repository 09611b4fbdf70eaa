// How frequent rows are that fulfil conditions, by a copula: the share of a normal distribution that lies within intervals.

import { CholeskyDecomposition, type Matrix } from "ml-matrix";
import { randomStream } from "../../data/random-stream.ts";
import { LatentDraw } from "./code-cuts.ts";
import { familiesOf, weightsIn, type ColumnRanks } from "./ranks.ts";

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
  ranks: readonly ColumnRanks[],
  correlations: Matrix,
  given: ReadonlyMap<number, Uint8Array>,
): number {
  const families = familiesOf(ranks.map(({ parent }) => parent)).filter((family) =>
    family.some((column) => given.has(column)),
  );
  const columns = families.flat();
  if (columns.length === 0) return 1;
  const weights = new Map(
    families.flatMap((family) => [...weightsIn(family, ranks, (column) => given.get(column))]),
  );
  const factor = new CholeskyDecomposition(
    correlations.selection(columns, columns),
  ).lowerTriangularMatrix.to2DArray();
  const random = randomStream(0, "share within");
  const draw = new LatentDraw();
  const codes = new Int32Array(ranks.length);
  let total = 0;
  for (let at = 0; at < draws; at++) {
    const parts: number[] = [];
    let logShare = 0;
    for (const [place, column] of columns.entries()) {
      const mean = parts.reduce((sum, part, before) => sum + part * factor[place][before], 0);
      const scale = factor[place][place];
      const { parent, cuts: all } = ranks[column];
      const cuts = all[parent < 0 ? 0 : codes[parent]];
      const own = weights.get(column);
      if (own !== undefined) logShare += draw.logShare(cuts, mean, scale, own);
      if (!draw.draw(cuts, mean, scale, random, own)) return 0;
      codes[column] = draw.code;
      // A weight that looks ahead is taken back: what follows counts it.
      if (own !== undefined) logShare -= Math.log(own[draw.code]);
      parts.push((draw.latent - mean) / scale);
    }
    total += Math.exp(logShare);
  }
  return total / draws;
}
