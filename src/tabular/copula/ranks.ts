// Ranks within the codes of another column: where two columns have more to do with each other than two normal variables can, the latent of
// one says how far a row is among the rows that have the same code of the other, its parent. What the two have to do with each other is then
// kept whole, code by code, and the latents only say what is left.

import { cutsOf, type CodeCuts } from "./code-cuts.ts";

export interface ColumnRanks {
  /** The column within whose codes ranks are taken; -1 for none. */
  readonly parent: number;
  /** By code of the parent, or one: [K], the shares of the codes among its rows. */
  readonly shares: readonly Float64Array[];
  /** By code of the parent, or one: where the codes lie on the latent. */
  readonly cuts: readonly CodeCuts[];
}

/** Ranks among all rows. */
export const rootRanks = (shares: Float64Array, cuts: CodeCuts): ColumnRanks => ({
  parent: -1,
  shares: [shares],
  cuts: [cuts],
});

/** The share of a code that has none beside a code of the parent: it comes where it is asked for, and never else. */
const never = 1e-9;

/**
 * Ranks within the codes of a parent.
 *
 * @param shares by code of the parent: [K], together 1 each, 0 where two codes are not seen together
 * @param codeAt [K]: the codes from left to right
 */
export function ranksWithin(
  parent: number,
  shares: readonly Float64Array[],
  codeAt: Int32Array,
): ColumnRanks {
  const positive = shares.map((each) => each.map((share) => Math.max(share, never)));
  const cuts = positive.map((each) => {
    const sum = each.reduce((total, share) => total + share, 0);
    return cutsOf(
      each.map((share) => share / sum),
      codeAt,
    );
  });
  return { parent, shares: positive, cuts };
}

/** What `ranksWithin` takes: shares with 0 for codes that are not seen together. */
export const seenShares = ({ shares }: ColumnRanks): number[][] =>
  shares.map((each) => Array.from(each, (share) => (share > never ? share : 0)));

/**
 * Whether a column is the parent of another, or the parent of that, and so on.
 * @param parentOf the parent of a column, -1 for none
 */
export function isAbove(parentOf: (column: number) => number, column: number, other: number): boolean {
  const parent = parentOf(other);
  return parent >= 0 && (parent === column || isAbove(parentOf, column, parent));
}

/** Columns that hang together, each list with parents first; those of a list are drawn at once. */
export function familiesOf(parents: readonly number[]): number[][] {
  const rootOf = (column: number): number => (parents[column] < 0 ? column : rootOf(parents[column]));
  const depthOf = (column: number): number => (parents[column] < 0 ? 0 : 1 + depthOf(parents[column]));
  const families = new Map<number, number[]>();
  for (const column of parents.keys()) {
    const root = rootOf(column);
    families.set(root, [...(families.get(root) ?? []), column]);
  }
  return [...families.values()].map((family) => family.sort((a, b) => depthOf(a) - depthOf(b) || a - b));
}

/**
 * How much a code is worth in a drawing from parents to children: 0 where it will not do, else the share of its rows whose descendants have
 * codes that will do, as far as the ranks say.
 *
 * @param family as familiesOf
 * @param fits [K], 1 where a code of a column will do; undefined: all
 * @returns by column; none where nothing is asked of it and of its descendants
 */
export function weightsIn(
  family: readonly number[],
  ranks: readonly ColumnRanks[],
  fits: (column: number) => Uint8Array | undefined,
): Map<number, Float64Array> {
  const weights = new Map<number, Float64Array>();
  for (const column of family.toReversed()) {
    const fit = fits(column);
    const below = family.filter((each) => ranks[each].parent === column && weights.has(each));
    if (fit === undefined && below.length === 0) continue;
    const count = ranks[column].shares[0].length;
    const own = fit === undefined ? new Float64Array(count).fill(1) : Float64Array.from(fit);
    for (const child of below) {
      const its = weights.get(child);
      for (const [code, shares] of ranks[child].shares.entries()) {
        if (own[code] > 0) own[code] *= shares.reduce((sum, share, k) => sum + share * (its?.[k] ?? 1), 0);
      }
    }
    weights.set(column, own);
  }
  return weights;
}
