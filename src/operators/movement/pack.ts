// Tensors side by side in one flat piece, so that one launch can work on all of them.

import { ShapeError } from "../../errors/errors.ts";
import { input, output, type Operator } from "../operator.ts";
import { showShape, sizeOf } from "../../tensor/shape.ts";
import { showSpecs } from "../operands.ts";

export interface PackAttributes {
  /** Where each input begins in the result, in elements, ascending; the layout of `engine.gather`. */
  readonly offsets: readonly number[];
  /** Elements of the result. */
  readonly size: number;
}

/** Where the next part begins, or the end. */
const endOf = ({ offsets, size }: PackAttributes, index: number): number => offsets[index + 1] ?? size;

/**
 * Inputs f32 of any shapes; output [size]: input i at offsets[i], zeros in the gaps. In a recorded step the inputs are
 * computed in their places, and nothing is copied.
 */
export const pack: Operator<PackAttributes> = {
  name: "pack",
  placements: ({ offsets }) => offsets,
  infer(inputs, attributes) {
    const { offsets, size } = attributes;
    if (inputs.length === 0 || inputs.some(({ dtype }) => dtype !== "f32")) {
      throw new ShapeError(`pack: takes f32 tensors, got ${showSpecs(inputs)}`);
    }
    if (offsets.length !== inputs.length || offsets[0] !== 0) {
      throw new ShapeError(
        `pack: ${inputs.length} tensors take as many offsets from 0, got ${showShape(offsets)}`,
      );
    }
    inputs.forEach((each, i) => {
      const room = endOf(attributes, i) - offsets[i];
      if (room >= sizeOf(each.shape)) return;
      throw new ShapeError(
        `pack: input ${i} ${showShape(each.shape)} does not fit into its ${room} elements`,
      );
    });
    return [{ shape: [size], dtype: "f32" }];
  },
  reference(inputs, [packed], { offsets }) {
    inputs.forEach(({ data }, i) => packed.data.set(data, offsets[i]));
  },
  candidates(inputs, attributes) {
    const { offsets } = attributes;
    return [
      {
        name: "parts",
        launches: inputs.map(({ shape }, i) => ({
          kernel: "place",
          bind: { x: input(i), y: output(0) },
          sizes: { count: sizeOf(shape), room: endOf(attributes, i) - offsets[i], yStart: offsets[i] },
        })),
      },
    ];
  },
};
