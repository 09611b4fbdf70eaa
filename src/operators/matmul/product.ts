// What matmul and linear share: the extents of a product, where its operands' rows and columns lie, and its kernels.

import { ShapeError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import type { Candidate, Slot } from "../operator.ts";
import { showShape, type Shape } from "../../tensor/shape.ts";
import type { HostArray } from "../../tensor/host.ts";
import { hasSubgroupsOfEight, quadsPerInvocation } from "./shapes.ts";
import { addMatrixTimesColumn, addRowTimesMatrix } from "./row-products.ts";

export interface MatmulAttributes {
  /** Whether a is given as its transpose, [.., K, M]. */
  readonly transposeA: boolean;
  /** Whether b is given as its transpose, [.., N, K]. */
  readonly transposeB: boolean;
}

/** c[batch, m, n] = a[batch, m, k] b[batch, k, n]; strides in elements, 0 along a batch that one operand serves. */
export type Product = Readonly<
  Record<
    | "batch"
    | "m"
    | "n"
    | "k"
    | "aBatchStride"
    | "aRowStride"
    | "aColumnStride"
    | "bBatchStride"
    | "bRowStride"
    | "bColumnStride",
    number
  >
>;

/** "[5, 3] (transposed)" */
function showOperand(shape: Shape, transposed: boolean): string {
  return showShape(shape) + (transposed ? " (transposed)" : "");
}

/**
 * The product of two operands of rank 2 or 3; of rank 3 the first extents are equal or one of them is 1.
 * @throws ShapeError naming the operator and both shapes
 */
export function productOf(
  operator: string,
  a: Shape,
  b: Shape,
  { transposeA, transposeB }: MatmulAttributes,
): Product {
  const shown = `${showOperand(a, transposeA)} and ${showOperand(b, transposeB)}`;
  if (![2, 3].includes(a.length) || ![2, 3].includes(b.length)) {
    throw new ShapeError(
      `${operator}: takes matrices or batches of matrices, got ${shown}; reshape them first`,
    );
  }
  const [aBatch, aRows, aColumns] = a.length === 3 ? a : [1, ...a];
  const [bBatch, bRows, bColumns] = b.length === 3 ? b : [1, ...b];
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== inner) {
    throw new ShapeError(`${operator}: ${shown} do not multiply: ${k} columns meet ${inner} rows`);
  }
  if (aBatch !== bBatch && aBatch !== 1 && bBatch !== 1) {
    throw new ShapeError(
      `${operator}: ${shown} are batches of ${aBatch} and ${bBatch}; they must be equal or 1`,
    );
  }
  return {
    batch: Math.max(aBatch, bBatch),
    m,
    n,
    k,
    aBatchStride: aBatch === 1 ? 0 : m * k,
    aRowStride: transposeA ? 1 : k,
    aColumnStride: transposeA ? m : 1,
    bBatchStride: bBatch === 1 ? 0 : k * n,
    bRowStride: transposeB ? 1 : n,
    bColumnStride: transposeB ? k : 1,
  };
}

/** c += a b, in float64. */
export function addProduct(product: Product, a: HostArray, b: HostArray, c: HostArray): void {
  const { batch, m, n, k, aRowStride, aColumnStride, bColumnStride } = product;
  // A row of a as the inner loops want it, whatever its strides.
  const row = new Float64Array(k);
  for (let index = 0; index < batch * m; index++) {
    const image = Math.floor(index / m);
    const from = image * product.aBatchStride + (index % m) * aRowStride;
    for (let i = 0; i < k; i++) row[i] = a[from + i * aColumnStride];
    const matrix = image * product.bBatchStride;
    if (bColumnStride === 1) addRowTimesMatrix(row, 0, b, matrix, c, index * n, k, n);
    else addMatrixTimesColumn(b, matrix, row, 0, c, index * n, n, k);
  }
}

/**
 * Whether tiles are faster than one invocation per output. On lavapipe (2 cores, 2026) that computes a gigaflop in a
 * second, and a tile takes up to a second to compile: they pay from a few milliseconds on. A GPU wants as many tiles
 * as keep it busy.
 */
function isWorthTiles({ batch, m, n, k }: Product, { isSoftware }: AdapterTraits): boolean {
  return isSoftware ? batch * m * n * k >= 2 ** 20 : batch * m * n >= 65536;
}

/** The kernels of a product. Without a bias the shaders' binding still wants a buffer: b serves, and is not read. */
export function productCandidates(
  product: Product,
  slots: { readonly a: Slot; readonly b: Slot; readonly bias?: Slot; readonly c: Slot },
  adapter: AdapterTraits,
): readonly Candidate[] {
  const { n } = product;
  const bind = { bias: slots.b, ...slots };
  const BIAS = slots.bias !== undefined;
  const naive: Candidate = {
    name: "naive",
    launches: [{ kernel: "matmul", knobs: { BIAS }, bind, sizes: product }],
  };
  const workgroup: Candidate = {
    name: "workgroup",
    launches: [{ kernel: "matmulWorkgroup", knobs: { BIAS }, bind, sizes: product }],
  };
  const tiles: Candidate[] = [
    { name: "tile", launches: [{ kernel: "matmulTile", knobs: { BIAS }, bind, sizes: product }] },
  ];
  const { bRowStride, bColumnStride, ...contiguous } = product;
  if (n % 4 === 0 && bRowStride === n && bColumnStride === 1) {
    const knobs = { BIAS, QUADS: quadsPerInvocation(n) };
    tiles.push({
      name: "tileVectors",
      launches: [{ kernel: "matmulTileVectors", knobs, bind, sizes: contiguous }],
    });
  }
  const subgroups: Candidate = {
    name: "subgroups",
    launches: [{ kernel: "matmulSubgroups", knobs: { BIAS }, bind, sizes: product }],
  };
  const others = hasSubgroupsOfEight(adapter) ? [...tiles, subgroups] : tiles;
  if (!isWorthTiles(product, adapter)) return [...others, workgroup, naive];
  return adapter.isSoftware ? [naive, workgroup, ...others] : [naive, ...others, workgroup];
}
