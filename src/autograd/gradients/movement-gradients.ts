// The gradients of what moves data.

import { runOne } from "../../functions/run.ts";
import { concat, pad, reshape, slice, transpose } from "../../functions/movement.ts";
import { engineOf } from "../../runtime/engine-of.ts";
import type { movementOperators } from "../../operators/movement/index.ts";
import type { FloatType } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { sumTo, type GradientsOf } from "./gradient-parts.ts";

/** x [N, ...] with zeros in one row. */
function withoutRow(x: Tensor, row: number): Tensor {
  const [rows, ...rest] = x.shape;
  const part = (begin: number, count: number): Tensor[] =>
    count === 0 ? [] : [slice(x, [begin, ...rest.map(() => 0)], [count, ...rest])];
  const zeros = engineOf([x]).zeros([1, ...rest]);
  return concat([...part(0, row), zeros, ...part(row + 1, rows - row - 1)], 0);
}

export const movementGradients: GradientsOf<typeof movementOperators> = {
  reshape: ({ inputs: [x], gradient: g }) => [() => reshape(g, x.shape)],
  transpose: ({ attributes: { permutation }, gradient: g }) => [
    () =>
      transpose(
        g,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
  ],
  slice: ({ inputs: [x], attributes: { begin, size }, gradient: g }) => [
    () =>
      pad(
        g,
        begin,
        x.shape.map((extent, axis) => extent - begin[axis] - size[axis]),
      ),
  ],
  cast: ({ inputs: [x], gradient: g }) => [() => runOne("cast", [g], { to: x.dtype as FloatType })],
  pad: ({ inputs: [x], attributes: { before }, gradient: g }) => [() => slice(g, before, x.shape)],
  concat: ({ inputs, attributes: { axis }, gradient: g }) => {
    let end = 0;
    return inputs.map(({ shape }) => {
      const begin = shape.map((_, i) => (i === axis ? end : 0));
      end += shape[axis];
      return () => slice(g, begin, shape);
    });
  },
  // The parts of the gradient side by side, zeros where none arrived.
  split: {
    ofOutputs: ({ inputs: [x], outputs, attributes: { axis }, gradients }) => [
      () => {
        const engine = engineOf([x]);
        return concat(
          gradients.map((gradient, i) => gradient ?? engine.zeros(outputs[i].shape)),
          axis,
        );
      },
    ],
  },
  pack: ({ inputs, attributes: { offsets }, gradient: g }) =>
    inputs.map((x, i) => () => reshape(slice(g, [offsets[i]], [x.size]), x.shape)),
  broadcastTo: ({ inputs: [x], gradient: g }) => [() => sumTo(g, x.shape)],
  takeRows: ({ inputs: [x, indices], attributes: { padding }, gradient: g }) => [
    () => runOne("addRows", [g, indices], { rows: x.shape[0], padding }),
  ],
  addRows: ({ inputs: [, indices], attributes: { padding }, gradient: g }) => [
    () => runOne("takeRows", [padding === null ? g : withoutRow(g, padding), indices], { padding: null }),
  ],
};
