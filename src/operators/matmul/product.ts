// What matmul and linear share: the extents of a product, where its operands' rows and columns lie, and its kernels.

import { ShapeError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import type { Candidate, Launch, Slot } from "../operator.ts";
import { broadcastStrides, collapse, showShape, sizeOf, type Shape } from "../../tensor/shape.ts";
import type { HostArray } from "../../tensor/host.ts";
import { fourLanes } from "../strided-iteration.ts";
import { hasSubgroupsOfEight, quadsPerInvocation } from "./shapes.ts";
import { addMatrixTimesColumn, addRowTimesMatrix } from "./row-products.ts";

export interface MatmulAttributes {
  /** Whether a is given as its transpose, [.., K, M]. */
  readonly transposeA: boolean;
  /** Whether b is given as its transpose, [.., N, K]. */
  readonly transposeB: boolean;
}

/**
 * c[batch, m, n] = a[batch, m, k] b[batch, k, n]; strides in elements. `batches` are the leading axes, merged as far as both
 * operands go through them with one stride, and `..BatchStrides` the strides along them, 0 along one that a matrix serves:
 * four numbers each, innermost first, as the shaders take them.
 */
export interface Product {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batches: readonly number[];
  readonly aBatchStrides: readonly number[];
  readonly aRowStride: number;
  readonly aColumnStride: number;
  readonly bBatchStrides: readonly number[];
  readonly bRowStride: number;
  readonly bColumnStride: number;
}

/** "[5, 3] (transposed)" */
function showOperand(shape: Shape, transposed: boolean): string {
  return showShape(shape) + (transposed ? " (transposed)" : "");
}

/** @throws ShapeError for an operand that is no matrix: whether a vector is a row or a column is for the caller to say */
function expectMatrix(operator: string, role: string, shape: Shape): void {
  if (shape.length >= 2) return;
  const [extent] = shape;
  const how =
    shape.length === 0
      ? "reshape it to [1, 1], or multiply by it"
      : `reshape it to [1, ${extent}] for a row or [${extent}, 1] for a column`;
  throw new ShapeError(
    `${operator}: takes matrices [.., rows, columns], got ${role} ${showShape(shape)}; ${how}`,
  );
}

/** The leading axes of the result of a product. */
function leadingAxes(operator: string, shown: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const [of, and] = [a, b].map((shape) => shape[axis - rank + shape.length] ?? 1);
    if (of !== and && of !== 1 && and !== 1) {
      throw new ShapeError(
        `${operator}: ${shown} are batches ${showShape(a)} and ${showShape(b)}, which do not broadcast; aligned at the ` +
          "last axis, extents must be equal or 1",
      );
    }
    return Math.max(of, and);
  });
}

/**
 * The product of two operands [..., rows, columns], whose leading axes broadcast, and the shape of its result. Where one b
 * serves all of them and the rows of a go on from batch to batch, batches are rows.
 * @throws ShapeError naming the operator and both shapes
 */
export function productOf(
  operator: string,
  a: Shape,
  b: Shape,
  { transposeA, transposeB }: MatmulAttributes,
): { readonly product: Product; readonly shape: Shape } {
  expectMatrix(operator, "a", a);
  expectMatrix(operator, "b", b);
  const shown = `${showOperand(a, transposeA)} and ${showOperand(b, transposeB)}`;
  const [aRows, aColumns] = a.slice(-2);
  const [bRows, bColumns] = b.slice(-2);
  const [rows, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== inner) {
    throw new ShapeError(`${operator}: ${shown} do not multiply: ${k} columns meet ${inner} rows`);
  }
  const [aLead, bLead] = [a.slice(0, -2), b.slice(0, -2)];
  const lead = leadingAxes(operator, shown, aLead, bLead);
  const along = (own: Shape, size: number): number[] =>
    broadcastStrides(own, lead).map((stride) => stride * size);
  const { extents, strides } = collapse(lead, [along(aLead, rows * k), along(bLead, k * n)]);
  const [aStrides, bStrides] = strides;
  const aRowStride = transposeA ? 1 : k;
  let m = rows;
  if (bStrides.at(-1) === 0 && aStrides.at(-1) === m * aRowStride) {
    m *= extents.pop() ?? 1;
    for (const list of strides) list.pop();
  }
  const product = {
    batch: sizeOf(extents),
    m,
    n,
    k,
    batches: fourLanes(extents, 1),
    aBatchStrides: fourLanes(aStrides),
    aRowStride,
    aColumnStride: transposeA ? rows : 1,
    bBatchStrides: fourLanes(bStrides),
    bRowStride: transposeB ? 1 : n,
    bColumnStride: transposeB ? k : 1,
  };
  return { product, shape: [...lead, rows, n] };
}

/** Where a matrix of a batch begins. */
function startOf(batch: number, batches: readonly number[], strides: readonly number[]): number {
  let start = 0;
  let rest = batch;
  batches.forEach((extent, axis) => {
    start += (rest % extent) * strides[axis];
    rest = Math.floor(rest / extent);
  });
  return start;
}

/** c += a b, in float64. */
export function addProduct(product: Product, a: HostArray, b: HostArray, c: HostArray): void {
  const { batch, m, n, k, batches, aRowStride, aColumnStride, bColumnStride } = product;
  // A row of a as the inner loops want it, whatever its strides.
  const row = new Float64Array(k);
  for (let each = 0; each < batch; each++) {
    const first = startOf(each, batches, product.aBatchStrides);
    const matrix = startOf(each, batches, product.bBatchStrides);
    for (let at = 0; at < m; at++) {
      const from = first + at * aRowStride;
      for (let i = 0; i < k; i++) row[i] = a[from + i * aColumnStride];
      const to = (each * m + at) * n;
      if (bColumnStride === 1) addRowTimesMatrix(row, 0, b, matrix, c, to, k, n);
      else addMatrixTimesColumn(b, matrix, row, 0, c, to, n, k);
    }
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

/**
 * Whether tiles of 32 rows pay, which are a quarter to a third faster than those of 16 on lavapipe, and whose pipelines take a second
 * longer to compile: a launch gains a millisecond from here on.
 */
const isWorthOuterProducts = ({ batch, m, n, k }: Product): boolean =>
  m >= 32 && batch * m * n * k >= 2 ** 26;

/** A kernel that loads and stores four neighbours at a time: a candidate where all rows are whole vectors. */
function inVectors(
  name: string,
  kernel: "matmulSubgroupVectors" | "matmulOuterProducts" | "matmulWorkgroupVectors",
  product: Product,
  knobs: Launch["knobs"],
  bind: Launch["bind"],
): Candidate[] {
  const { bRowStride, bColumnStride, ...sizes } = product;
  const { m, n, k, aColumnStride } = product;
  const areFours = [n, k, aColumnStride === 1 ? k : m].every((extent) => extent % 4 === 0);
  const [transposedA, transposedB] = [aColumnStride !== 1, bColumnStride !== 1];
  if (!areFours || k === 0 || bRowStride !== (transposedB ? 1 : n)) return [];
  return [
    {
      name,
      launches: [
        {
          kernel,
          knobs: { ...knobs, A_TRANSPOSED: transposedA, B_TRANSPOSED: transposedB },
          bind,
          sizes,
        },
      ],
    },
  ];
}

/** The kernels of a product. Without a bias the shaders' binding still wants a buffer: b serves, and is not read. */
export function productCandidates(
  product: Product,
  slots: { readonly a: Slot; readonly b: Slot; readonly bias?: Slot; readonly c: Slot },
  adapter: AdapterTraits,
): readonly Candidate[] {
  const { n } = product;
  const sizes = { ...product };
  const bind = { bias: slots.b, ...slots };
  const AXES = Math.max(1, product.batches.findLastIndex((extent) => extent > 1) + 1);
  const common = { BIAS: slots.bias !== undefined, AXES };
  const naive: Candidate = {
    name: "naive",
    launches: [{ kernel: "matmul", knobs: common, bind, sizes }],
  };
  const workgroups: Candidate[] = [
    { name: "workgroup", launches: [{ kernel: "matmulWorkgroup", knobs: common, bind, sizes }] },
    ...inVectors("workgroupVectors", "matmulWorkgroupVectors", product, common, bind),
  ];
  const tiles: Candidate[] = [
    { name: "tile", launches: [{ kernel: "matmulTile", knobs: common, bind, sizes }] },
  ];
  const { bRowStride, bColumnStride, ...contiguous } = product;
  if (n % 4 === 0 && bRowStride === n && bColumnStride === 1) {
    const knobs = { ...common, QUADS: quadsPerInvocation(n) };
    tiles.push({
      name: "tileVectors",
      launches: [{ kernel: "matmulTileVectors", knobs, bind, sizes: contiguous }],
    });
  }
  const subgroups: Candidate = {
    name: "subgroups",
    launches: [{ kernel: "matmulSubgroups", knobs: common, bind, sizes }],
  };
  const sixteenRows = inVectors("subgroupVectors", "matmulSubgroupVectors", product, common, bind);
  const more = inVectors("outerProducts", "matmulOuterProducts", product, common, bind);
  const inSubgroups = isWorthOuterProducts(product) ? [...sixteenRows, ...more] : [...more, ...sixteenRows];
  const others = hasSubgroupsOfEight(adapter) ? [...tiles, subgroups, ...inSubgroups] : tiles;
  if (!isWorthTiles(product, adapter)) return [...others, ...workgroups, naive];
  return adapter.isSoftware ? [naive, ...workgroups, ...others] : [naive, ...others, ...workgroups];
}
