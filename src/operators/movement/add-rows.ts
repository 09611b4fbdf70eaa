// Rows of a tensor added up by numbers that are a tensor themselves: the gradient of taking rows.

import { ShapeError } from "../../errors/errors.ts";
import { sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { showSpecs } from "../operands.ts";
import { input, output, temporary, type Candidate, type Launch, type Operator } from "../operator.ts";
import { expectAttribute } from "../roles.ts";
import { expectPadding, type TakeRowsAttributes } from "./take-rows.ts";

export interface AddRowsAttributes extends TakeRowsAttributes {
  /** Rows of the result. */
  readonly rows: number;
}

/** Values of a digit of the sort, and indices in a block of it: the shaders' WIDTH. */
const digitValues = 256;
const digitBits = 8;

/**
 * Inputs x f32 [B, ...] and indices u32 [B]; output f32 [rows, ...]: each row of x is added to the row that its index names,
 * an index past the last row to the last row, as `takeRows` reads them. The row `padding` stays zero. Rows are added in
 * ascending order of b, one after the other, so the bits are the same from run to run and for each candidate.
 */
export const addRows: Operator<AddRowsAttributes> = {
  name: "addRows",
  infer(inputs, { rows, padding }) {
    const [x, indices] = inputs;
    if (
      inputs.length !== 2 ||
      x.dtype !== "f32" ||
      x.shape.length === 0 ||
      indices.dtype !== "u32" ||
      indices.shape.length !== 1 ||
      indices.shape[0] !== x.shape[0]
    ) {
      throw new ShapeError(
        `addRows: takes x f32 [count, ...] and indices u32 [count], got ${showSpecs(inputs)}`,
      );
    }
    expectAttribute("addRows", "rows", rows, Number.isInteger(rows) && rows > 0, "a whole number above 0");
    expectPadding("addRows", padding, rows);
    return [{ shape: [rows, ...x.shape.slice(1)], dtype: "f32" }];
  },
  reference([x, indices], [y], { rows, padding }) {
    const width = sizeOf(x.shape.slice(1));
    indices.data.forEach((index, b) => {
      const row = Math.min(index, rows - 1);
      if (row === padding) return;
      for (let i = 0; i < width; i++) y.data[row * width + i] += x.data[b * width + i];
    });
  },
  candidates([x, indices], { rows, padding }, { isSoftware }) {
    const width = sizeOf(x.shape.slice(1));
    const Element = width % 4 === 0 ? "vec4f" : "f32";
    const rowLength = Element === "vec4f" ? width / 4 : width;
    const taken = indices.shape[0];
    const sizes = { count: rows * rowLength, rows, rowLength, taken, padding: padding ?? 0xffffffff };
    const bind = { x: input(0), indices: input(1), y: output(0) };
    const scan: Candidate = {
      name: "scan",
      launches: [{ kernel: "addRows", knobs: { Element }, bind, sizes }],
    };
    if (rows === 1) return [scan];
    const { order, ...sort } = sorting(rows, taken);
    const sorted: Candidate = {
      name: "sorted",
      temporaries: sort.temporaries,
      launches: [
        ...sort.launches,
        { kernel: "addSortedRows", knobs: { Element }, bind: { ...bind, order }, sizes },
      ],
    };
    const [firsts, nexts] = [temporary(0), temporary(1)];
    const linked: Candidate = {
      name: "linked",
      temporaries: [
        { shape: [rows], dtype: "u32" },
        { shape: [taken], dtype: "u32" },
      ],
      launches: [
        { kernel: "linkRows", bind: { indices: input(1), firsts, nexts }, sizes: { rows, taken } },
        {
          kernel: "addLinkedRows",
          knobs: { Element, VALUES: [16, 8, 4, 2].find((values) => rowLength % values === 0) ?? 1 },
          bind: { x: input(0), firsts, nexts, y: output(0) },
          sizes,
        },
      ],
    };
    if (sizes.count * taken <= mostScanned) return [sorted, linked, scan];
    return isSoftware ? [scan, sorted, linked] : [scan, linked, sorted];
  },
};

/**
 * Elements of the result times indices up to which scanning is at least as fast. On 2 loaded cores of lavapipe with rows of 64
 * (2026): at 4e5 .65 ms against .59 sorted, at 1.6e6 2.2 against 2.7, at 4e6 4.4 against 1.3, at 1.6e7 16 against 5.
 */
const mostScanned = 2e6;

/** The launches that bring the numbers of the indices into the order of their rows: one round for each digit of a row. */
function sorting(rows: number, count: number) {
  const blocks = Math.ceil(count / digitValues);
  const table: TensorSpec = { shape: [blocks, digitValues], dtype: "u32" };
  const list: TensorSpec = { shape: [count], dtype: "u32" };
  const [counts, offsets] = [temporary(0), temporary(1)];
  const rounds = Math.ceil(Math.log2(rows) / digitBits);
  // Each round reads what the one before it wrote, so two lists take turns.
  const orderAfter = (round: number) => temporary(2 + (round % 2));
  const launches = Array.from({ length: rounds }, (_, round): Launch[] => {
    const sizes = { count, rows, shift: round * digitBits };
    const knobs = { FIRST: round === 0 ? 1 : 0 };
    const bind = { indices: input(1), order: round === 0 ? input(1) : orderAfter(round - 1) };
    return [
      { kernel: "rowDigitCounts", knobs, bind: { ...bind, y: counts }, sizes },
      { kernel: "rowDigitOffsets", bind: { counts, y: offsets }, sizes: { count, blocks } },
      { kernel: "rowDigitPlaces", knobs, bind: { ...bind, offsets, y: orderAfter(round) }, sizes },
    ];
  }).flat();
  const lists = rounds === 1 ? [list] : [list, list];
  return { temporaries: [table, table, ...lists], launches, order: orderAfter(rounds - 1) };
}
