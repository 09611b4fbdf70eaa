// Numbers of classes as rows with a single one.

import { ShapeError } from "../../errors/errors.ts";
import { maximumRank, sizeOf } from "../../tensor/shape.ts";
import { showSpecs, typeHint } from "../operands.ts";
import { input, output, type Candidate, type Operator } from "../operator.ts";
import { expectAttribute } from "../roles.ts";

export interface OneHotAttributes {
  /** Columns of the result. */
  readonly classes: number;
}

/**
 * Input indices u32 [...]; output f32 [..., classes]: 1 in the column that the index names, 0 elsewhere. An index past the
 * last column gives a row of zeros: a kernel cannot refuse it.
 */
export const oneHot: Operator<OneHotAttributes> = {
  name: "oneHot",
  infer(inputs, { classes }) {
    const [indices] = inputs;
    if (inputs.length !== 1 || indices.dtype !== "u32" || indices.shape.length >= maximumRank) {
      throw new ShapeError(
        `oneHot: takes indices u32 of up to ${maximumRank - 1} axes, got ${showSpecs(inputs)}${typeHint("u32", inputs)}`,
      );
    }
    expectAttribute(
      "oneHot",
      "classes",
      classes,
      Number.isInteger(classes) && classes > 0,
      "a whole number above 0",
    );
    return [{ shape: [...indices.shape, classes], dtype: "f32" }];
  },
  reference([indices], [y], { classes }) {
    indices.data.forEach((index, b) => {
      if (index < classes) y.data[b * classes + index] = 1;
    });
  },
  candidates([{ shape }], { classes }, { isSoftware }) {
    const bind = { indices: input(0), y: output(0) };
    const count = sizeOf(shape) * classes;
    const elements: Candidate = {
      name: "elements",
      launches: [{ kernel: "oneHot", bind, sizes: { count, rowLength: classes } }],
    };
    if (classes % 4 !== 0) return [elements];
    const rowLength = classes / 4;
    // On CPU Vulkan the row number and the index are dear beside a store; a GPU wants neighbours to write neighbours.
    const VALUES = isSoftware ? ([8, 4, 2].find((values) => rowLength % values === 0) ?? 1) : 1;
    const vectors: Candidate = {
      name: "vectors",
      launches: [
        { kernel: "oneHotVectors", knobs: { VALUES }, bind, sizes: { count: count / 4, rowLength } },
      ],
    };
    return [elements, vectors];
  },
};
