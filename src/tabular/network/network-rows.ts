// What a step of the network reads of rows: their codes, which columns each prediction may see, and the codes it should have found.

import type { Random } from "../../data/random-stream.ts";
import type { TabularNetwork } from "./tabular-network.ts";

export interface NetworkRows {
  /** u32 [B, C]: rows of the network's embeddings. */
  readonly places: Uint32Array;
  /** f32 [C, B, knownWidth], by target: 1 where a column comes before the target in the row's order, then a 1 at their number. */
  readonly known: Float32Array;
  /** For each of the network's outputs u32 [G, B], the codes of its columns. */
  readonly classes: readonly Uint32Array[];
}

type Layout = Pick<TabularNetwork, "counts" | "firsts" | "knownWidth" | "targets" | "outputs">;

/**
 * The columns of each row in a random order, or in that of the table, each predicted from those before it.
 *
 * @param cells by column, the codes of all rows of a table
 * @param rows those that are taken
 * @param random decides the orders, row after row
 * @param inTableOrder the share of rows whose columns are in the order of the table
 */
export function inOrders(
  { counts, firsts, knownWidth, targets, outputs }: Layout,
  cells: readonly Int32Array[],
  rows: ArrayLike<number>,
  random: Random,
  inTableOrder: number,
): NetworkRows {
  const columns = counts.length;
  const batch = rows.length;
  const places = new Uint32Array(batch * columns);
  const known = new Float32Array(columns * batch * knownWidth);
  const tableOrder = Uint32Array.from({ length: columns }, (_, i) => i);
  const shuffled = tableOrder.slice();
  for (let row = 0; row < batch; row++) {
    for (let i = 0; i < columns; i++) places[row * columns + i] = firsts[i] + cells[i][rows[row]];
    // Fisher and Yates. What was shuffled for the row before is as good a beginning as any.
    for (let i = columns - 1; i > 0; i--) {
      const other = random.below(i + 1);
      [shuffled[i], shuffled[other]] = [shuffled[other], shuffled[i]];
    }
    const ranks = random.uniform() < inTableOrder ? tableOrder : shuffled;
    targets.forEach((target, t) => {
      const at = (t * batch + row) * knownWidth;
      for (let i = 0; i < columns; i++) if (ranks[i] < ranks[target]) known[at + i] = 1;
      known[at + columns + ranks[target]] = 1;
    });
  }
  const classes = outputs.map(({ columns: those }) => {
    const wanted = new Uint32Array(those.length * batch);
    those.forEach((column, i) => {
      for (let row = 0; row < batch; row++) wanted[i * batch + row] = cells[column][rows[row]];
    });
    return wanted;
  });
  return { places, known, classes };
}
