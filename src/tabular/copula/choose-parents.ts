// Which columns have their ranks taken within the codes of another: those whose pairs are farther from the table than two cut normal variables
// can come.

import { leastRows } from "../codes/fit-codes.ts";
import type { CodedTable } from "../coded-table.ts";
import type { CodeCuts } from "./code-cuts.ts";
import { normalQuantile, shareBelow } from "./normal-tails.ts";
import { isAbove } from "./ranks.ts";

/** A parent, and what stands beside each of its codes. */
export interface ChosenParent {
  readonly parent: number;
  /** By code of the parent: [K], together 1 each. */
  readonly shares: readonly Float64Array[];
}

/** Parents of more codes have too few rows with each. */
const mostCodes = 64;
/**
 * Total variation between the shares of a pair in the table and in the model, beyond what chance gives, from which on it is worth a parent.
 * On the census .05 to .12 choose nearly the same ones. From .03 on native country is within race, which it then suits, but education within
 * income: triples fall from .912 to .902, and the AUC of a classifier of income that learned from the rows from .88 to .78.
 */
const leastGap = 0.08;
/** Of the rows with a code, at least so many have it still. */
const leastKept = 0.75;

/**
 * Chooses parents, the pair with the widest gap first. Of two categories the one that has more to do with all others is the parent.
 *
 * @param cuts by column, in a model in which none has a parent
 * @param correlation of the latents of two columns in that model
 * @returns by column; undefined for none
 */
export function chosenParents(
  table: CodedTable,
  cuts: readonly CodeCuts[],
  correlation: (i: number, j: number) => number,
): (ChosenParent | undefined)[] {
  const { columns } = table;
  const canBeParent = columns.map(
    ({ isOrdered, codes }) => !isOrdered && codes.length > 1 && codes.length <= mostCodes,
  );
  const ties = columns.map((_, i) =>
    columns.reduce((sum, __, j) => sum + (i === j ? 0 : correlation(i, j) ** 2), 0),
  );
  const pairs = columns.flatMap((_, i) =>
    columns.slice(0, i).flatMap((__, j) => {
      if ((!canBeParent[i] && !canBeParent[j]) || columns[i].codes.length < 2 || columns[j].codes.length < 2)
        return [];
      const isFirst = canBeParent[i] && (!canBeParent[j] || ties[i] >= ties[j]);
      const [parent, child] = isFirst ? [i, j] : [j, i];
      return [{ parent, child, gap: gapOf(table, cuts, parent, child, correlation(i, j)) }];
    }),
  );
  const chosen: (ChosenParent | undefined)[] = columns.map(() => undefined);
  const parentOf = (column: number): number => chosen[column]?.parent ?? -1;
  const take = (parent: number, child: number): boolean => {
    if (!canBeParent[parent] || chosen[child] !== undefined || isAbove(parentOf, child, parent)) return false;
    const shares = sharesWithin(table, parent, child);
    if (shares !== undefined) chosen[child] = { parent, shares };
    return shares !== undefined;
  };
  for (const { parent, child, gap } of pairs.sort((a, b) => b.gap - a.gap)) {
    if (gap < leastGap) break;
    if (!take(parent, child)) take(child, parent);
  }
  return chosen;
}

/** How many rows have each pair of codes, [K, K']. */
function pairCounts({ columns, cells, rows }: CodedTable, i: number, j: number): Float64Array {
  const width = columns[j].codes.length;
  const counts = new Float64Array(columns[i].codes.length * width);
  for (let row = 0; row < rows; row++) counts[cells[i][row] * width + cells[j][row]]++;
  return counts;
}

/**
 * The shares of a column's codes beside each code of another. Pairs of codes that fewer than ten rows have are not kept one by one: as many
 * rows as a code of the parent has with such, where they are ten or more, are spread over their codes by how frequent these are among such rows
 * of all parents.
 *
 * @returns undefined where a code would become much rarer than it is
 */
export function sharesWithin(table: CodedTable, parent: number, child: number): Float64Array[] | undefined {
  const { columns, rows, least = leastRows } = table;
  const counts = pairCounts(table, parent, child);
  const width = columns[child].codes.length;
  const few = new Float64Array(width);
  counts.forEach((count, at) => (few[at % width] += count < least ? count : 0));
  const made = new Float64Array(width);
  const shares = columns[parent].codes.map((_, code) => {
    const own = counts.subarray(code * width, (code + 1) * width);
    const all = own.reduce((sum, count) => sum + count, 0);
    const kept = own.map((count) => (count < least ? 0 : count));
    const rest = all - kept.reduce((sum, count) => sum + count, 0);
    const room = few.reduce((sum, count, k) => sum + (kept[k] === 0 ? count : 0), 0);
    const spread =
      rest < least ? kept : kept.map((count, k) => (count === 0 ? (rest * few[k]) / room : count));
    const total = spread.reduce((sum, count) => sum + count, 0);
    // Nothing is known of what stands beside this code but what stands beside all.
    const found = total === 0 ? columns[child].shares : spread.map((count) => count / total);
    found.forEach((share, k) => (made[k] += share * all));
    return found;
  });
  const isKept = columns[child].shares.every((share, k) => made[k] >= leastKept * share * rows);
  return isKept ? shares : undefined;
}

/** How far a pair's shares in the table are from those that two cut normal variables have, beyond what so few rows are by chance. */
function gapOf(table: CodedTable, cuts: readonly CodeCuts[], i: number, j: number, rho: number): number {
  const counts = pairCounts(table, i, j);
  const shares = pairShares(cuts[i], cuts[j], table.columns[i].shares, rho);
  let gap = 0;
  for (let at = 0; at < counts.length; at++) {
    // The mean absolute deviation of a share that is right.
    const chance = Math.sqrt((2 * shares[at] * Math.max(0, 1 - shares[at])) / (Math.PI * table.rows));
    gap += (Math.abs(counts[at] / table.rows - shares[at]) - chance) / 2;
  }
  return gap;
}

/** Points within a code at which the other latent is looked at. */
const points = 16;

/** [K, K'], by code: the shares of two columns' codes where their latents correlate by rho. */
function pairShares(one: CodeCuts, other: CodeCuts, shares: Float64Array, rho: number): Float64Array {
  const width = other.codeAt.length;
  const found = new Float64Array(shares.length * width);
  const scale = Math.sqrt(1 - rho * rho);
  let below = 0;
  for (const code of one.codeAt) {
    for (let point = 0; point < points; point++) {
      const mean = rho * normalQuantile(below + ((point + 0.5) / points) * shares[code]);
      let before = 0;
      for (const [position, its] of other.codeAt.entries()) {
        const upTo = shareBelow((other.cuts[position + 1] - mean) / scale);
        found[code * width + its] += ((upTo - before) * shares[code]) / points;
        before = upTo;
      }
    }
    below += shares[code];
  }
  return found;
}
