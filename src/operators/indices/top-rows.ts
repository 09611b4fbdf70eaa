// The best rows for each query by inner product, without storing all products.

import { ShapeError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import { alongAxes, paddingToFours, withChannelPadding } from "../channel-padding.ts";
import { showSpecs } from "../operands.ts";
import { input, output, temporary, type Candidate, type Operator } from "../operator.ts";
import { hasSubgroupsOfEight } from "../matmul/shapes.ts";
import { expectAttribute } from "../roles.ts";

export interface TopRowsAttributes {
  /** Rows for each query. */
  readonly k: number;
}

/** The most rows for each query: a list of them is kept while all others are looked at. */
const mostRows = 128;

/** Queries and rows of a tile of topRowsBlocks, and queries of one of topRowsSubgroups. */
const [tileQueries, tileRows] = [32, 64];
const subgroupQueries = 16;

/**
 * Rows of a block: as few blocks as keep the device busy, for each makes a list of k of its own, and none shorter than four
 * lists. Two cores are busy with four workgroups; a GPU's 512 are reasoned, not measured on one.
 */
function blockOf(
  ofTile: number,
  queryCount: number,
  rowCount: number,
  k: number,
  { isSoftware }: AdapterTraits,
): number {
  const wanted = Math.ceil((isSoftware ? 4 : 512) / Math.ceil(queryCount / ofTile));
  const shortest = Math.max(4 * k, tileRows);
  return tileRows * Math.ceil(Math.max(rowCount / wanted, Math.min(shortest, rowCount)) / tileRows);
}

/**
 * Inputs queries f32 [Q, d] and rows f32 [n, d]; outputs f32 [Q, k] and u32 [Q, k]: for each query the k largest inner
 * products with a row, largest first, and the numbers of these rows; of equal products the smaller number comes first. A
 * product that is NaN is larger than all numbers, as for `argMax`.
 *
 * Every candidate adds up a product in the order of the columns, one fused multiply-add after the other, so all find the same
 * rows, also where products are nearly equal, and the order of the lists' joining makes no difference. The reference computes
 * in float64 and may tell apart, or put in another order, products that are equal or nearly so in f32.
 */
export const topRows: Operator<TopRowsAttributes> = {
  name: "topRows",
  infer(inputs, { k }) {
    const [queries, rows] = inputs;
    if (
      inputs.length !== 2 ||
      inputs.some(({ dtype, shape }) => dtype !== "f32" || shape.length !== 2) ||
      queries.shape[1] !== rows.shape[1]
    ) {
      throw new ShapeError(
        `topRows: takes queries f32 [count, width] and rows f32 [count, width] of one width, got ${showSpecs(inputs)}`,
      );
    }
    const [n] = rows.shape;
    const fits = Number.isInteger(k) && k >= 1 && k <= Math.min(n, mostRows);
    const most = n < mostRows ? `${n}, the number of rows` : `${mostRows}`;
    expectAttribute("topRows", "k", k, fits, `a whole number from 1 to ${most}`);
    const shape = [queries.shape[0], k];
    return [
      { shape, dtype: "f32" },
      { shape, dtype: "u32" },
    ];
  },
  reference([queries, rows], [values, indices], { k }) {
    const [n, width] = rows.shape;
    for (let q = 0; q < queries.shape[0]; q++) {
      const best = new Float64Array(k);
      const places = new Uint32Array(k);
      let kept = 0;
      for (let row = 0; row < n; row++) {
        let product = 0;
        for (let c = 0; c < width; c++) product += queries.data[q * width + c] * rows.data[row * width + c];
        if (kept === k && !isBetter(product, best[k - 1])) continue;
        let at = Math.min(kept, k - 1);
        for (; at > 0 && isBetter(product, best[at - 1]); at--) {
          best[at] = best[at - 1];
          places[at] = places[at - 1];
        }
        best[at] = product;
        places[at] = row;
        kept = Math.min(kept + 1, k);
      }
      values.data.set(best, q * k);
      indices.data.set(places, q * k);
    }
  },
  candidates(inputs, { k }, adapter) {
    const [[queryCount, width], [rowCount]] = inputs.map(({ shape }) => shape);
    const padding = paddingToFours(width);
    const sizes = { queryCount, rowCount, width: (width + padding.zeros) / 4, k };
    const padded = alongAxes(inputs, [1, 1]);
    const shape = [queryCount, k];
    const results = alongAxes([{ shape, dtype: "f32" }, { shape, dtype: "u32" }], [undefined, undefined]); // prettier-ignore
    const inBlocks = (name: string, kernel: Kernel, block: number): Candidate =>
      withChannelPadding({ name, ...launchesOf(kernel, { ...sizes, block }) }, padding, padded, results);
    const whole = inBlocks("whole", "topRowsBlocks", rowCount);
    const block = blockOf(tileQueries, queryCount, rowCount, k, adapter);
    const blocks = block < rowCount ? [inBlocks("blocks", "topRowsBlocks", block)] : [];
    if (!hasSubgroupsOfEight(adapter)) return [whole, ...blocks];
    const subgroups = inBlocks(
      "subgroups",
      "topRowsSubgroups",
      Math.min(blockOf(subgroupQueries, queryCount, rowCount, k, adapter), rowCount),
    );
    return adapter.isSoftware ? [whole, ...blocks, subgroups] : [whole, subgroups, ...blocks];
  },
};

type Kernel = "topRowsBlocks" | "topRowsSubgroups";

/** The lists of all blocks, and where there are several, their best. */
function launchesOf(
  kernel: Kernel,
  sizes: Readonly<Record<"queryCount" | "rowCount" | "width" | "k" | "block", number>>,
): Omit<Candidate, "name"> {
  const { queryCount, rowCount, k, block } = sizes;
  const blocks = Math.ceil(rowCount / block);
  const bind = { queries: input(0), rows: input(1) };
  const [values, indices] = [output(0), output(1)];
  if (blocks === 1) return { launches: [{ kernel, bind: { ...bind, values, indices }, sizes }] };
  const shape = [queryCount, blocks, k];
  const [blockValues, blockIndices] = [temporary(0), temporary(1)];
  return {
    temporaries: [
      { shape, dtype: "f32" },
      { shape, dtype: "u32" },
    ],
    launches: [
      { kernel, bind: { ...bind, values: blockValues, indices: blockIndices }, sizes },
      {
        kernel: "topRowsMerge",
        bind: { blockValues, blockIndices, values, indices },
        sizes: { queryCount, blocks, k },
      },
    ],
  };
}

/** Whether a product goes before one of an earlier row: a NaN before all numbers, a number before a smaller one. */
const isBetter = (product: number, earlier: number): boolean =>
  product > earlier || (Number.isNaN(product) && !Number.isNaN(earlier));
