// Rows of a tensor, picked by numbers that are a tensor themselves: a batch out of a set of images.

import { ShapeError } from "../../errors/errors.ts";
import { input, output, type Candidate, type Operator } from "../operator.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { showSpecs, typeHint } from "../operands.ts";
import { expectAttribute } from "../roles.ts";

export interface TakeRowsAttributes {
  /** The row that takes no part in the gradient, or null. */
  readonly padding: number | null;
}

/** @throws ShapeError unless the padding is a row, or null */
export function expectPadding(operator: string, padding: number | null, rows: number): void {
  const fits = padding === null || (Number.isInteger(padding) && padding >= 0 && padding < rows);
  expectAttribute(operator, "padding", padding ?? 0, fits, `the number of a row, 0 to ${rows - 1}`);
}

/**
 * Inputs x [N, ...] of any element type, indices u32 [B]; output [B, ...], the rows of x along its first axis that the
 * indices name, in their order. An index past the last row takes the last row, on every backend: a kernel cannot refuse
 * it, so whoever makes the indices checks them. The row `padding` is read as the others are; its gradient is zero.
 */
export const takeRows: Operator<TakeRowsAttributes> = {
  name: "takeRows",
  infer(inputs, { padding }) {
    const [x, indices] = inputs;
    if (
      inputs.length !== 2 ||
      x.shape.length === 0 ||
      indices.dtype !== "u32" ||
      indices.shape.length !== 1
    ) {
      throw new ShapeError(
        `takeRows: takes x with one axis or more and indices u32 [count], got ${showSpecs(inputs)}` +
          typeHint("u32", inputs.slice(1)),
      );
    }
    expectPadding("takeRows", padding, x.shape[0]);
    return [{ shape: [indices.shape[0], ...x.shape.slice(1)], dtype: x.dtype }];
  },
  reference([x, indices], [y]) {
    const rows = x.shape[0];
    const width = sizeOf(x.shape) / rows;
    indices.data.forEach((index, i) => {
      const from = Math.min(index, rows - 1) * width;
      y.data.set(x.data.subarray(from, from + width), i * width);
    });
  },
  candidates([x, indices], _, { isSoftware }) {
    const rows = x.shape[0];
    const width = sizeOf(x.shape.slice(1));
    const count = indices.shape[0] * width;
    const bind = { x: input(0), indices: input(1), y: output(0) };
    /** In words or fours of them, of `unit` elements each. */
    const inUnits = (name: string, Element: "f32" | "vec4f", unit: number): Candidate => {
      const units = { count: count / unit, rows, rowLength: width / unit };
      // On CPU Vulkan the index is dear beside a copy; a GPU wants neighbours to copy neighbours.
      const most = isSoftware ? [16, 8, 4, 2] : [];
      const VALUES = most.find((values) => units.rowLength % values === 0) ?? 1;
      return { name, launches: [{ kernel: "takeRows", knobs: { Element, VALUES }, bind, sizes: units }] };
    };
    const inWords = (unit: number): Candidate[] => [
      inUnits("words", "f32", unit),
      ...(width % (4 * unit) === 0 ? [inUnits("fours", "vec4f", 4 * unit)] : []),
    ];
    if (x.dtype !== "u8") return inWords(1);
    const inBytes: Candidate = {
      name: "bytes",
      launches: [{ kernel: "takeRowsOfBytes", bind, sizes: { count, rows, rowLength: width } }],
    };
    return width % 4 === 0 ? [inBytes, ...inWords(4)] : [inBytes];
  },
};
